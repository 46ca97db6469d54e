/** @file One chart: uPlot in a frame that keeps its size, in the colours of the theme, with a summary in words. */
import uPlot from "../../vendor/uplot.js";
import { html, useEffect, useRef, useState } from "../kit/lib.js";
import { useStore } from "../kit/store.js";
import { colour } from "../kit/theme.js";
import { T } from "../texts.js";

/**
 * @typedef {{
 *   id: string, label: string, token: string, dash: number[], width: number, x: number[], y: (number | null)[],
 * }} Curve
 * @typedef {{
 *   title: string, unit: string, curves: Curve[], axis: "epoch" | "time", epochs: number, log: boolean,
 *   format: (y: number) => string, summary: string,
 * }} Props
 */

const FONT = '12px system-ui, "Segoe UI", sans-serif';
const HEIGHT = 250;
const FEW = 25;

/** @param {Props} props */
export function Chart(props) {
  const { title, unit, curves, axis, epochs, log, summary } = props;
  const frame = useRef(/** @type {HTMLDivElement | null} */ (null));
  const chart = useRef(/** @type {uPlot | null} */ (null));
  const [under, setUnder] = useState("");
  const theme = useStore((s) => s.theme);
  const look = [axis, log, ...curves.map(({ id, token }) => id + token)].join("|");
  const latest = useRef(props);
  latest.current = props;

  useEffect(() => {
    const inside = frame.current;
    if (!inside) return undefined;
    const made = new uPlot(options(latest, inside.clientWidth, setUnder), joined(curves), inside);
    chart.current = made;
    const observer = new ResizeObserver(() => {
      if (inside.clientWidth && inside.clientWidth !== made.width) made.setSize({ width: inside.clientWidth, height: HEIGHT });
    });
    observer.observe(inside);
    return () => {
      observer.disconnect();
      made.destroy();
      chart.current = null;
    };
  }, [look]);
  useEffect(() => chart.current?.setData(joined(curves)), [curves, epochs]);
  useEffect(() => chart.current?.redraw(false, true), [theme]);

  return html`<figure class="chart">
    <figcaption><h3>${title}</h3><small>${unit}</small><output aria-hidden="true">${under}</output></figcaption>
    <div class="frame" ref=${frame} role="img" aria-label=${summary}></div>
  </figure>`;
}

/** Few values are shown as points, too; a single one would be no line at all. @param {Curve[]} curves  @param {string} id */
const pointed = (curves, id) => id !== "steps" && (curves.find((one) => one.id === id)?.x.length ?? 0) <= FEW;

/** @param {Curve[]} curves  @returns {uPlot.AlignedData} */
function joined(curves) {
  if (curves.length === 1) return [curves[0].x, curves[0].y];
  const tables = curves.map(({ x, y }) => /** @type {uPlot.AlignedData} */ ([x, y]));
  return uPlot.join(tables);
}

/**
 * @param {{ current: Props }} latest
 * @param {number} width
 * @param {(text: string) => void} tell
 * @returns {uPlot.Options}
 */
function options(latest, width, tell) {
  const { curves, axis, log, title } = latest.current;
  const lines = { stroke: () => colour("--grid"), width: 1 };
  const ink = () => colour("--muted");
  const shared = { stroke: ink, font: FONT, labelFont: FONT, ticks: { show: false }, grid: lines };
  const accuracy = title === T.charts.accuracy;
  return {
    width,
    height: HEIGHT,
    padding: [8, 22, 0, 0],
    legend: { show: false },
    cursor: {
      drag: { x: false, y: false },
      sync: { key: "curves", setSeries: false },
      y: false,
      points: { size: 7, width: 0, fill: (_, i) => colour(latest.current.curves[i - 1]?.token ?? "--accent") },
    },
    scales: {
      x: { time: false, range: (_, __, high) => [0, Math.max(high ?? 1, 1)] },
      y: log
        ? { distr: 3 }
        : {
            range: (_, __, high) => {
              if (accuracy) return [0, 100];
              return [0, Math.max(0.1, (high ?? 2.4) * 1.06)];
            },
          },
    },
    axes: [
      { ...shared, label: axis === "epoch" ? T.charts.epochAxis : T.charts.timeAxis, labelSize: 20, size: 30, gap: 6 },
      { ...shared, size: 46, gap: 6, values: log ? (_, ticks) => ticks.map((y) => (y === null ? "" : `${y}`)) : undefined },
    ],
    series: [
      {},
      ...curves.map(({ id, label, token, dash, width }) => ({
        label,
        stroke: () => colour(token),
        width,
        dash,
        spanGaps: true,
        points: { show: () => pointed(latest.current.curves, id), size: 5, width: 0, fill: () => colour(token) },
      })),
    ],
    hooks: {
      setCursor: [
        (plot) => {
          const { idx } = plot.cursor;
          const place = curves.findIndex(({ id }) => id === "now") + 1;
          const x = idx === null || idx === undefined ? null : plot.data[0][idx];
          const y = x === null || idx === null || idx === undefined ? null : plot.data[place][idx];
          if (x === null || y === null || y === undefined) return tell("");
          const where = axis === "epoch" ? T.charts.epochAt(x) : T.charts.timeAt(x);
          return tell(T.charts.at(where, latest.current.format(y)));
        },
      ],
    },
  };
}
