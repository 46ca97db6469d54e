/** @file One chart: uPlot in a frame that keeps its size, in the colours of the theme, with a summary in words. */
import uPlot from "../../vendor/uplot.js";
import { html, useEffect, useRef, useResize, useState } from "../kit/lib.js";
import { useParts } from "../kit/store.js";
import { colour } from "../kit/theme.js";
import { T } from "./texts.js";

/**
 * @typedef {{
 *   id: string, label: string, token: string, dash: number[], width: number, x: number[], y: (number | null)[],
 * }} Curve
 * @typedef {{
 *   title: string, unit: string, curves: Curve[], axis: "epoch" | "time", epoch?: number, log?: boolean, most?: number,
 *   format: (y: number) => string, best: (...values: number[]) => number,
 * }} Props  epoch: the newest; most: where the scale ends; without it, it follows the values
 */

const FONT = '12px system-ui, "Segoe UI", sans-serif';
const HEIGHT = 250;
const FEW = 25;

/** @param {Props} props */
export function Chart(props) {
  const { title, unit, curves, axis, log } = props;
  const frame = useRef(/** @type {HTMLDivElement | null} */ (null));
  const chart = useRef(/** @type {uPlot | null} */ (null));
  const [under, setUnder] = useState("");
  const { theme } = useParts("theme");
  const look = [axis, log, ...curves.map(({ id, token }) => id + token)].join("|");
  const latest = useRef(props);
  latest.current = props;

  useEffect(() => {
    if (!frame.current) return undefined;
    const made = new uPlot(options(latest, frame.current.clientWidth, setUnder), joined(curves), frame.current);
    chart.current = made;
    return () => made.destroy();
  }, [look]);
  useResize(frame, ({ clientWidth: width }) => width && width !== chart.current?.width && chart.current?.setSize({ width, height: HEIGHT }));
  useEffect(() => chart.current?.setData(joined(curves)), [curves]);
  useEffect(() => chart.current?.redraw(false, true), [theme]);

  return html`<figure class="chart">
    <figcaption><h3>${title}</h3><small>${unit}</small><output aria-hidden="true">${under}</output></figcaption>
    <div class="frame" ref=${frame} role="img" aria-label=${summary(props)}></div>
    ${curves.every(({ x }) => x.length === 0) && html`<p class="none" aria-hidden="true">${T.charts.empty}</p>`}
  </figure>`;
}

/** The curve in words. @param {Props} props */
function summary({ title, curves, epoch, format, best }) {
  const values = (curves.find(({ id }) => id === "now")?.y ?? []).flatMap((y) => (Number.isFinite(y) ? [Number(y)] : []));
  if (epoch === undefined || !values.length) return `${title}. ${T.charts.empty}`;
  const [first, last, most] = [values[0], values[values.length - 1], values.reduce((a, b) => best(a, b))];
  return T.charts.summary(title, epoch, format(first), format(last), format(most));
}

/** Few values are shown as points, too; a single one would be no line at all. @param {Curve[]} curves  @param {string} id */
const pointed = (curves, id) => (curves.find((one) => one.id === id)?.x.length ?? 0) <= (id === "steps" ? 1 : FEW);

/** @param {Curve[]} curves  @returns {uPlot.AlignedData} */
function joined(curves) {
  const tables = curves.map(({ x, y }) => /** @type {uPlot.AlignedData} */ ([x, y]));
  return tables.length === 1 ? tables[0] : uPlot.join(tables);
}

/**
 * @param {{ current: Props }} latest
 * @param {number} width
 * @param {(text: string) => void} tell
 * @returns {uPlot.Options}
 */
function options(latest, width, tell) {
  const { curves, axis, log, most } = latest.current;
  const grid = { stroke: () => colour("--grid"), width: 1 };
  const shared = { stroke: () => colour("--muted"), font: FONT, labelFont: FONT, ticks: { show: false }, grid };
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
      y: log ? { distr: 3 } : { range: (_, __, high) => [0, most ?? Math.max(0.1, (high ?? 2.4) * 1.06)] },
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
          const idx = plot.cursor.idx ?? -1;
          const x = plot.data[0][idx];
          const here = (/** @type {string} */ wanted) => plot.data[curves.findIndex(({ id }) => id === wanted) + 1]?.[idx] ?? null;
          // Both charts have values at the same places, so both tell of an epoch, or both of a step.
          const [epoch, step] = [here("now"), curves[0].id === "steps" ? here("steps") : null];
          if (x === undefined || (epoch ?? step) === null) return tell("");
          const where = epoch === null ? T.charts.inEpoch(Math.ceil(x)) : axis === "epoch" ? T.charts.epochAt(x) : T.charts.timeAt(x);
          return tell(T.charts.at(where, latest.current.format(Number(epoch ?? step))));
        },
      ],
    },
  };
}
