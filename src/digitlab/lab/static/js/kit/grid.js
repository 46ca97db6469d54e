/** @file A canvas that shows many things side by side, of which one is chosen: by a click, or by the arrow keys. */

/**
 * What such a canvas has. To a screen reader it is a slider.
 * @param {{
 *   label: string, says: string, columns: number, count: number, cell: number, chosen: number,
 *   onChoose: (place: number) => void,
 * }} grid  cell: how many pixels of the canvas one takes, with the gap behind it; chosen: its place, from 0; -1 for none
 */
export function choosing({ label, says, columns, count, cell, chosen, onChoose }) {
  const steps = /** @type {Record<string, number>} */ ({
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -columns,
    ArrowDown: columns,
    Home: -count,
    End: count,
  });
  return {
    tabindex: 0,
    role: "slider",
    "aria-label": label,
    "aria-valuemin": 0,
    "aria-valuemax": Math.max(0, count - 1),
    "aria-valuenow": Math.max(0, chosen),
    "aria-valuetext": says,
    onKeyDown: (/** @type {KeyboardEvent} */ event) => {
      const step = steps[event.key];
      if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      const to = Math.abs(step) === count ? Math.max(0, Math.sign(step) * count - 1) : chosen + step;
      if (to >= 0 && to < count) onChoose(to);
    },
    onClick: (/** @type {MouseEvent} */ event) => {
      const place = placeUnder(event, columns, cell);
      if (place < count) onChoose(place);
    },
  };
}

/** Which one a pointer is on. @param {MouseEvent} event  @param {number} columns  @param {number} cell */
export function placeUnder(event, columns, cell) {
  const canvas = /** @type {HTMLCanvasElement} */ (event.currentTarget);
  const box = canvas.getBoundingClientRect();
  const x = ((event.clientX - box.left) / box.width) * canvas.width;
  const y = ((event.clientY - box.top) / box.height) * canvas.height;
  return Math.min(columns - 1, Math.max(0, Math.floor(x / cell))) + columns * Math.max(0, Math.floor(y / cell));
}
