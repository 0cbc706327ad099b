// SPDX-License-Identifier: Apache-2.0
// Colours that people with colour-blindness can tell apart, and numbers as text.

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

export const css = ([r, g, b]) => `rgb(${r},${g},${b})`;

/// The colour of a value in a range {low, high, table}; outside it the end colours.
export function colourOf(value, { low, high, table }) {
  const t = (value - low) / (high - low);
  return table[Math.max(0, Math.min(255, Math.round(t * 255)))];
}

// By Atom::species: a shape and a colour each, so that neither is needed alone. -1: unknown.
export const species = {
  0: { shape: 'circle', colour: '#56b4e9' },
  1: { shape: 'square', colour: '#ff9f1c' },
  2: { shape: 'small', colour: '#9fe0a8' },
  3: { shape: 'diamond', colour: '#ff7bd5' },
  '-1': { shape: 'circle', colour: '#9aa7b5' },
};

/// Largest of 1, 2, 3, 5 x 10^k that is not above v.
export function niceBelow(v) {
  const unit = 10 ** Math.floor(Math.log10(v));
  return [5, 3, 2, 1].find((m) => m * unit <= v * 1.0001) * unit;
}

/// Smallest of a few round numbers x 10^k that is not below v: a range that seldom changes.
export function niceAbove(v) {
  const unit = 10 ** Math.floor(Math.log10(v));
  return [1, 1.5, 2, 3, 4, 5, 7, 10].find((m) => m * unit >= v * 0.9999) * unit;
}

export const known = (v) => v !== null && v !== undefined && Number.isFinite(v);

/// An em dash for what is not known: never an invented number.
export function fixed(v, digits, unit = '') {
  if (!known(v)) return '—';
  const text = v.toFixed(digits);
  return text.replace('-', Number(text) === 0 ? '' : '−') + unit;
}

export const count = (v) => (known(v) ? v.toString().replace(/\B(?=(\d{3})+$)/g, ' ') : '—');

/// "0.3184 ± 0.0002 nm": two digits of the error decide.
export function withError(v, se, unit) {
  if (!known(v) || !known(se) || se <= 0) return known(v) ? `${v.toPrecision(4)} ${unit}` : '—';
  const digits = Math.max(0, Math.min(8, 1 - Math.floor(Math.log10(se))));
  return `${fixed(v, digits)} ± ${se.toFixed(digits)}${unit ? ' ' + unit : ''}`;
}

/// A composition from 0 to 1, apart from the ground and from its neighbours.
export const compositionColour = (x) => css(sequential[Math.round(70 + 185 * Math.max(0, Math.min(1, x)))]);

/// Lengths come in the frame's unit; small ones are read more easily in pm.
export const small = (unit) => (unit === 'nm' ? { factor: 1000, unit: 'pm', digits: 1 } : { factor: 1, unit: 'px', digits: 3 });
