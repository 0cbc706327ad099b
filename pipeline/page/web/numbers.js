// SPDX-License-Identifier: Apache-2.0
// Numbers as text. What is not known (null, undefined, NaN) is an em dash, never an invented number.

/** @param {unknown} v @returns {v is number} */
export const known = (v) => Number.isFinite(v);

/**
 * In another unit; null if it is not known: null * factor would be 0.
 * @param {number | null | undefined} v @param {number} factor
 */
export const scaled = (v, factor) => (known(v) ? v * factor : null);

/** @param {number | null | undefined} v @param {number} digits */
export function fixed(v, digits, unit = '') {
  if (!known(v)) return '—';
  const text = v.toFixed(digits);
  return text.replace('-', Number(text) === 0 ? '' : '−') + unit;
}

/** @param {number | null | undefined} v */
export const count = (v) => (known(v) ? v.toString().replace(/\B(?=(\d{3})+$)/g, ' ') : '—');

/**
 * "0.3184 ± 0.0002 nm": two digits of the error decide.
 * @param {number | null | undefined} v @param {number | null | undefined} se @param {string} unit
 */
export function withError(v, se, unit) {
  if (!known(v) || !known(se) || se <= 0) return known(v) ? `${v.toPrecision(4)} ${unit}` : '—';
  const digits = Math.max(0, Math.min(8, 1 - Math.floor(Math.log10(se))));
  return `${fixed(v, digits)} ± ${se.toFixed(digits)}${unit ? ' ' + unit : ''}`;
}

/**
 * Lengths come in the frame's unit; small ones are read more easily in pm.
 * @param {'nm' | 'px'} unit
 */
export const small = (unit) => (unit === 'nm' ? { factor: 1000, unit: 'pm', digits: 1 } : { factor: 1, unit: 'px', digits: 3 });
