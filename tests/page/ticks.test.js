// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { niceAbove, niceBelow, roundTicks } from '../../pipeline/page/web/ticks.js';

const DECADES = Array.from({ length: 25 }, (_, k) => k - 12);
const FACTORS = [1, 1.2, 1.5, 1.99, 2, 2.01, 3, 4.2, 5, 5.01, 7, 9.99];
const EACH = DECADES.flatMap((k) => FACTORS.map((f) => f * 10 ** k));

/// Of v = m x 10^k, 1 <= m < 10.
const mantissa = (v) => Number(v.toExponential(6).split('e')[0]);

test('ticks of known ranges', () => {
  assert.deepEqual(roundTicks(0, 1, 4), [0, 0.5, 1]);
  assert.deepEqual(roundTicks(0, 1, 5), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual(roundTicks(-20, 20, 4), [-20, -10, 0, 10, 20]);
  assert.deepEqual(roundTicks(0.13, 0.37, 4), [0.2, 0.3]);
  assert.deepEqual(roundTicks(0, 0.3, 3), [0, 0.1, 0.2, 0.3]);  // not 0.30000000000000004
  assert.deepEqual(roundTicks(0.1 * 3, 0.8, 5), [0.3, 0.4, 0.5, 0.6, 0.7, 0.8]);  // low is a rounding error above 0.3
});

for (const [name, from, to] of [['from zero', 0, 1], ['on both sides of zero', -0.37, 0.63], ['far from zero', 7.3, 8.3]]) {
  test(`ticks of ranges ${name}: evenly spaced, round, inside, neither few nor many`, () => {
    for (const width of EACH) {
      for (const count of [5, 6, 10]) {
        const [low, high] = [from * width, to * width];
        const ticks = roundTicks(low, high, count);
        const at = `[${low}, ${high}], about ${count}: ${ticks}`;
        assert.ok(ticks.length >= 2 && ticks.length <= count + 1, at);
        const step = ticks[1] - ticks[0];
        assert.ok([1, 2, 5].includes(mantissa(step)), at);
        assert.ok(step >= (1 - 1e-6) * (width / count) && step < (2.5 + 1e-6) * (width / count), at);
        ticks.slice(1).forEach((t, k) => assert.ok(Math.abs(t - ticks[k] - step) < 1e-6 * step, at));
        for (const t of ticks) assert.ok(Math.abs(t / step - Math.round(t / step)) < 1e-6, at);
        assert.ok(ticks[0] >= low - 1e-6 * step && ticks[0] < low + step, at);
        assert.ok(ticks.at(-1) <= high + 1e-6 * step && ticks.at(-1) > high - step, at);
        assert.ok(ticks.every((t) => t === Number(t.toPrecision(6))), at);
      }
    }
  });
}

test('the length of a scale bar is the largest of 1, 2, 3, 5 x 10^k that fits', () => {
  for (const [v, nice] of [[1, 1], [1.99, 1], [2, 2], [2.9, 2], [3, 3], [4.99, 3], [5, 5], [9.9, 5], [0.029, 0.02], [4200, 3000]]) {
    assert.equal(niceBelow(v).toPrecision(6), nice.toPrecision(6));
  }
  for (const v of EACH) {
    assert.ok(niceBelow(v) <= v * 1.0002 && niceBelow(v) >= v / 2.0001, `${v}: ${niceBelow(v)}`);
    assert.ok([1, 2, 3, 5].includes(mantissa(niceBelow(v))), `${v}: ${niceBelow(v)}`);
  }
});

test('the end of a range is the smallest of 1, 1.5, 2, 3, 4, 5, 7 x 10^k that holds the value', () => {
  for (const [v, nice] of [[1, 1], [1.01, 1.5], [1.6, 2], [2.1, 3], [3.5, 4], [4.1, 5], [5.1, 7], [7.1, 10], [0.0071, 0.01], [160, 200]]) {
    assert.equal(niceAbove(v).toPrecision(6), nice.toPrecision(6));
  }
  for (const v of EACH) {
    assert.ok(niceAbove(v) >= v * 0.9998 && niceAbove(v) <= v * 1.5001, `${v}: ${niceAbove(v)}`);
    assert.ok([1, 1.5, 2, 3, 4, 5, 7].includes(mantissa(niceAbove(v))), `${v}: ${niceAbove(v)}`);
  }
});
