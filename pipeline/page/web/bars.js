// SPDX-License-Identifier: Apache-2.0
// Beside the image: the colour bars with range and unit, or the species' marks.
import { css, species as marks } from './colours.js';
import { sizedPen } from './dom.js';
import { cross, outline } from './scene.js';

/** @import { Range } from './colours.js' */
/** @typedef {{ title: string[], range: Range, unit: string, fitted: boolean }} Bar */

const FONT = '11px system-ui, "DejaVu Sans", sans-serif';

/** @param {CanvasRenderingContext2D} pen @param {number} x @param {number} y @param {number} height @param {Bar} bar */
function colourBar(pen, x, y, height, { title, range, unit, fitted }) {
  pen.fillStyle = '#8796a8';
  pen.font = FONT;
  title.forEach((line, k) => pen.fillText(line, x, y + 10 + 14 * k));
  const top = y + 14 * title.length + 10;
  const h = height - 14 * title.length - 44;
  for (let k = 0; k < h; ++k) {
    pen.fillStyle = css(range.table[Math.round(255 * (1 - k / h))]);
    pen.fillRect(x, top + k, 16, 1.5);
  }
  pen.fillStyle = '#dfe7ef';
  const ticks = 4;
  for (let k = 0; k <= ticks; ++k) {
    const value = range.low + ((range.high - range.low) * k) / ticks;
    const at = top + h * (1 - k / ticks);
    pen.fillRect(x + 16, at - 0.5, 4, 1);
    pen.fillText(Number(value.toPrecision(3)).toString().replace('-', '−'), x + 23, at + 4);
  }
  pen.fillText(unit, x, top + h + 17);
  pen.fillStyle = fitted ? '#f0b64a' : '#8796a8';
  pen.fillText(fitted ? 'fitted' : 'fixed range', x, top + h + 31);
}

/** @param {CanvasRenderingContext2D} pen @param {number} x @param {number} y @param {string[]} names */
function legend(pen, x, y, names) {
  pen.font = FONT;
  const rows = names.map((name, key) => ({ name, key })).filter(({ name }) => name);
  rows.forEach(({ name, key }, k) => {
    const at = y + 16 + 24 * k;
    outline(pen, marks[key].shape, x + 9, at, marks[key].shape === 'small' ? 4 : 7);
    pen.lineWidth = 1.8;
    pen.strokeStyle = marks[key].colour;
    pen.stroke();
    pen.fillStyle = '#dfe7ef';
    pen.fillText(name, x + 24, at + 4);
  });
  const at = y + 16 + 24 * rows.length;
  cross(pen, x + 9, at, 6);
  pen.fillStyle = '#dfe7ef';
  pen.fillText('not trusted', x + 24, at + 4);
  pen.fillStyle = '#8796a8';
  pen.fillText('faint: at edge', x, at + 26);
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {{ atoms: Bar | null, map: Bar | null, names: string[] | null }} shown names of species, if atoms show them
 */
export function drawBars(canvas, { atoms, map, names }) {
  const { pen, height } = sizedPen(canvas);
  if (names) legend(pen, 2, 0, names);
  const above = names ? 170 : 0;
  const bars = [atoms, map].filter((bar) => bar !== null);
  bars.forEach((bar, k) => {
    const share = (height - above) / bars.length;
    colourBar(pen, 2, above + k * share, Math.min(share - 8, 420), bar);
  });
}
