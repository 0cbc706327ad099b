// SPDX-License-Identifier: Apache-2.0
// Colours that people with colour-blindness can tell apart.
import { known } from './numbers.js';

/** @typedef {number[]} Colour red, green, blue, 0 to 255 */
/** @typedef {{ low: number, high: number, table: Colour[] }} Range of 256 colours from low to high */

/** @param {Colour[]} stops */
const lut = (stops) => Array.from({ length: 256 }, (_, k) => {
  const t = (k / 255) * (stops.length - 1);
  const i = Math.min(Math.floor(t), stops.length - 2);
  return stops[i].map((from, c) => Math.round(from + (stops[i + 1][c] - from) * (t - i)));
});

// Blue - white - orange: signed quantities, white is zero.
export const diverging = lut([[26, 92, 232], [104, 166, 255], [244, 244, 238], [255, 170, 92], [222, 74, 8]]);
// Viridis: magnitudes and errors.
export const sequential = lut([[68, 1, 84], [71, 44, 122], [59, 81, 139], [44, 113, 142], [33, 144, 141],
  [39, 173, 129], [92, 200, 99], [170, 220, 50], [253, 231, 37]]);

/** @param {Colour} colour */
export const css = ([r, g, b]) => `rgb(${r},${g},${b})`;

/**
 * The colour of a value in a range; outside it the end colours; undefined if the value is not known.
 * @param {number | null} value @param {Range} range @returns {Colour | undefined}
 */
export function colourOf(value, { low, high, table }) {
  if (!known(value)) return undefined;
  const t = (value - low) / (high - low);
  return table[Math.max(0, Math.min(255, Math.round(t * 255)))];
}

/**
 * By Atom::species: a shape and a colour each, so that neither is needed alone. -1: unknown.
 * @type {Record<number, { shape: string, colour: string }>}
 */
export const species = {
  0: { shape: 'circle', colour: '#56b4e9' },
  1: { shape: 'square', colour: '#ff9f1c' },
  2: { shape: 'small', colour: '#9fe0a8' },
  3: { shape: 'diamond', colour: '#ff7bd5' },
  '-1': { shape: 'circle', colour: '#9aa7b5' },
};

/** A composition from 0 to 1, apart from the ground and from its neighbours. @param {number} x */
export const compositionColour = (x) => css(sequential[Math.round(70 + 185 * Math.max(0, Math.min(1, x)))]);
