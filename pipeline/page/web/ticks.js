// SPDX-License-Identifier: Apache-2.0
// Round numbers: of axes, ranges and scale bars.

/** About `count` round numbers from low to high. @param {number} low @param {number} high @param {number} count */
export function roundTicks(low, high, count) {
  const raw = (high - low) / count;
  const unit = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5].find((m) => m * unit >= raw) ?? 10) * unit;
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, k) => Number(((first + k) * step).toPrecision(12)));
}

/** Largest of 1, 2, 3, 5 x 10^k that is not above v. @param {number} v */
export function niceBelow(v) {
  const unit = 10 ** Math.floor(Math.log10(v));
  return ([5, 3, 2].find((m) => m * unit <= v * 1.0001) ?? 1) * unit;
}

/** Smallest of a few round numbers x 10^k that is not below v: a range that seldom changes. @param {number} v */
export function niceAbove(v) {
  const unit = 10 ** Math.floor(Math.log10(v));
  return ([1, 1.5, 2, 3, 4, 5, 7].find((m) => m * unit >= v * 0.9999) ?? 10) * unit;
}
