// SPDX-License-Identifier: Apache-2.0
// Scores of the modes against each other: a curve or lobes are more than independent modes.
import { colourOf, sequential, species as marks } from './colours.js';
import { element, label, part, raster, sizedPen } from './dom.js';
import { count, fixed } from './numbers.js';

/** @import { Context } from './analysis.js' */
/** @import { Densities, Density } from './messages.d.ts' */

const GROUND = [5, 7, 10];

/** y is up; white lines are at zero. @param {HTMLCanvasElement} canvas @param {Density} density */
function draw(canvas, { bins, counts, x_low: left, x_high: right, y_low: bottom, y_high: top }) {
  const { pen, width, height } = sizedPen(canvas);
  const range = { low: 0, high: Math.log1p(Math.max(1, ...counts)), table: sequential };
  /** @param {number} k */
  const upwards = (k) => counts[(bins - 1 - Math.floor(k / bins)) * bins + (k % bins)];
  pen.imageSmoothingEnabled = false;
  pen.drawImage(raster(bins, (k) => (upwards(k) && colourOf(Math.log1p(upwards(k)), range)) || GROUND), 0, 0, width, height);
  pen.strokeStyle = '#ffffff66';
  pen.beginPath();
  const [x, y] = [(-left / (right - left)) * width, (top / (top - bottom)) * height];
  pen.moveTo(x, 0);
  pen.lineTo(x, height);
  pen.moveTo(0, y);
  pen.lineTo(width, y);
  pen.stroke();
}

/**
 * What each axis shows of, by mode: every pair has the same.
 * @param {Density[]} pairs @param {Context['length']} length
 */
function rangeTexts(pairs, { factor, unit }) {
  /** @param {number} low @param {number} high */
  const text = (low, high) => (low === -high ? `±${fixed(high * factor, 0)} ${unit}`
    : `${fixed(low * factor, 0)}…${fixed(high * factor, 0)} ${unit}`);
  /** @type {Map<number, string>} */
  const ranges = new Map();
  for (const p of pairs) ranges.set(p.x, text(p.x_low, p.x_high)).set(p.y, text(p.y_low, p.y_high));
  return [...ranges].map(([mode, range]) => element('small', '', `${mode + 1}: ${range}`));
}

/**
 * @param {HTMLElement} panel @param {Densities[] | undefined} densities
 * @param {(species: string, mode: number) => string} names of the modes
 * @param {Context} context
 */
export function showDensities(panel, densities, names, { length, species, fields }) {
  /** @param {Density} pair */
  const sum = (pair) => pair.counts.reduce((a, b) => a + b, 0);
  const filled = (densities ?? []).filter((d) => d.pairs.some(sum));
  label(panel, `series, ${fields} · colour: log of the count`, filled.length ? '' : 'scores of the modes');
  const box = part(panel, '.density-grid');
  box.replaceChildren();
  /** @type {(() => void)[]} */
  const later = [];
  for (const { species: name, pairs } of filled) {
    const head = element('div', 'species');
    const title = element('b', '', name);
    title.style.color = marks[Math.max(0, species.indexOf(name))].colour;
    head.append(title, element('small', '', `n = ${count(sum(pairs[0]))}`), ...rangeTexts(pairs, length));
    box.append(head);
    for (const pair of pairs) {
      const figure = element('figure');
      const canvas = document.createElement('canvas');
      /** @param {string} arrow @param {number} mode */
      const caption = (arrow, mode) => element('figcaption', '', `${arrow} ${mode + 1} ${names(name, mode)}`);
      figure.append(caption('↑', pair.y), canvas, caption('→', pair.x));
      box.append(figure);
      later.push(() => draw(canvas, pair));
    }
  }
  later.forEach((f) => f());
}
