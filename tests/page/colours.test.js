// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { colourOf, compositionColour, css, diverging, sequential, species } from '../../pipeline/page/web/colours.js';

const SIGNED = { low: -20, high: 20, table: diverging };
const MAGNITUDE = { low: 0, high: 5, table: sequential };
const luminance = ([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b;

test('tables have 256 colours of whole numbers from 0 to 255', () => {
  for (const table of [diverging, sequential]) {
    assert.equal(table.length, 256);
    for (const colour of table) {
      assert.equal(colour.length, 3);
      assert.ok(colour.every((c) => Number.isInteger(c) && c >= 0 && c <= 255), String(colour));
    }
  }
});

test('the ends of a range have the end colours, and all outside it too', () => {
  for (const value of [-20, -20.001, -1e30]) assert.deepEqual(colourOf(value, SIGNED), [26, 92, 232]);
  for (const value of [20, 20.001, 1e30]) assert.deepEqual(colourOf(value, SIGNED), [222, 74, 8]);
  for (const value of [0, -1]) assert.deepEqual(colourOf(value, MAGNITUDE), [68, 1, 84]);
  for (const value of [5, 6]) assert.deepEqual(colourOf(value, MAGNITUDE), [253, 231, 37]);
});

test('zero of a signed quantity is white, and its neighbours are blue below and orange above', () => {
  assert.ok(colourOf(0, SIGNED).every((c) => c >= 236), String(colourOf(0, SIGNED)));
  const [below, above] = [colourOf(-5, SIGNED), colourOf(5, SIGNED)];
  assert.ok(below[2] > below[0] + 40, String(below));
  assert.ok(above[0] > above[2] + 40, String(above));
});

test('the middle of magnitudes is the middle of viridis', () => {
  colourOf(2.5, MAGNITUDE).forEach((c, k) => assert.ok(Math.abs(c - [33, 144, 141][k]) <= 1));
});

test('a larger magnitude is lighter, also without colours', () => {
  for (let k = 1; k < 256; ++k) assert.ok(luminance(sequential[k]) >= luminance(sequential[k - 1]) - 0.5, `at ${k}`);
  assert.ok(luminance(sequential[255]) - luminance(sequential[0]) > 150);
});

test('white is the lightest of the signed colours, which darken to both sides', () => {
  for (let k = 1; k < 256; ++k) {
    const step = luminance(diverging[k]) - luminance(diverging[k - 1]);
    assert.ok(k < 128 ? step >= -0.5 : step <= 0.5, `at ${k}`);
  }
});

test('what is not known has no colour', () => {
  for (const value of [NaN, null, undefined, Infinity, -Infinity]) {
    assert.equal(colourOf(value, SIGNED), undefined);
    assert.equal(colourOf(value, MAGNITUDE), undefined);
  }
});

test('CSS of a colour', () => assert.equal(css([1, 20, 255]), 'rgb(1,20,255)'));

test('compositions from 0 to 1 differ, outside they have the end colours', () => {
  const colours = [0, 0.25, 0.5, 0.75, 1].map(compositionColour);
  assert.equal(new Set(colours).size, 5);
  assert.equal(compositionColour(-0.1), colours[0]);
  assert.equal(compositionColour(1.1), colours[4]);
  assert.equal(colours[4], css(sequential[255]));
});

test('known species differ in shape and in colour, the unknown one in its colour', () => {
  const known = [0, 1, 2, 3].map((k) => species[k]);
  assert.equal(new Set(known.map((s) => s.shape)).size, 4);
  assert.equal(new Set([...known, species[-1]].map((s) => s.colour)).size, 5);
});
