// SPDX-License-Identifier: Apache-2.0
// Messages as bytes, written here as web_message.cpp writes them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode, hasImage } from '../../pipeline/page/web/decode.js';

/// Length of the JSON, JSON, image, zeros up to a multiple of 4, floats of the maps.
function encode(json, { image = [], floats = [] } = {}) {
  const text = new TextEncoder().encode(json);
  const end = 4 + text.length + image.length;
  const start = image.length ? Math.ceil(end / 4) * 4 : end;
  const bytes = new Uint8Array(start + 4 * floats.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, text.length, true);
  bytes.set(text, 4);
  bytes.set(image, 4 + text.length);
  floats.forEach((v, k) => view.setFloat32(start + 4 * k, v, true));
  return bytes.buffer;
}

const IMAGE = [0, 1, 127, 128, 254, 255];  // 2 rows of 3
const MAPS = [{ name: 'order', rows: 1, cols: 2 }, { name: 'strain', rows: 2, cols: 2 }];
const FLOATS = [
  1.5, NaN, 0.25, 0.5,                // value, then standard error, of the first map
  -1, 0, 3e38, -1e-30, 1, 2, NaN, 4,  // of the second one
];

const frameJson = ({ name = '', maps = MAPS } = {}) =>
  JSON.stringify({ frame: { number: 7, series: name }, image: { width: 3, height: 2 }, maps });

test('a status is its JSON, and has no image', () => {
  const message = { status: { state: 'live', silence_s: null } };
  const bytes = encode(JSON.stringify(message));
  assert.equal(hasImage(bytes), false);
  assert.deepEqual(decode(bytes), message);
});

test('an analysis is its JSON, and has no image', () => {
  const message = { status: { state: 'ended' }, analysis: { frame: 3, densities: [{ counts: [0, 1, 65536] }] } };
  const bytes = encode(JSON.stringify(message));
  assert.equal(hasImage(bytes), false);
  assert.deepEqual(decode(bytes), message);
});

test('the length is little-endian, in bytes and not in characters', () => {
  const message = { status: { version: 'µ–原子'.repeat(100) } };  // above 255 bytes
  assert.deepEqual(decode(encode(JSON.stringify(message))), message);
});

for (const padding of [0, 1, 2, 3]) {
  test(`image and maps of a frame with ${padding} bytes between them`, () => {
    const spare = (4 + frameJson().length + IMAGE.length + padding) % 4;
    const bytes = encode(frameJson({ name: 'x'.repeat((4 - spare) % 4) }), { image: IMAGE, floats: FLOATS });
    assert.equal(hasImage(bytes), true);
    const { frame, image, maps } = decode(bytes);
    assert.equal(maps[0].value.byteOffset - image.pixels.byteOffset - IMAGE.length, padding);
    assert.equal(frame.number, 7);
    assert.ok(image.pixels instanceof Uint8Array);
    assert.deepEqual([...image.pixels], IMAGE);
    assert.deepEqual(maps.map((m) => m.name), ['order', 'strain']);
    assert.deepEqual(maps[0].value, new Float32Array([1.5, NaN]));
    assert.deepEqual(maps[0].sigma, new Float32Array([0.25, 0.5]));
    assert.deepEqual(maps[1].value, new Float32Array([-1, 0, 3e38, -1e-30]));
    assert.deepEqual(maps[1].sigma, new Float32Array([1, 2, NaN, 4]));
  });
}

test('a frame without maps ends behind the bytes that align them', () => {
  const { image, maps } = decode(encode(frameJson({ maps: [] }), { image: IMAGE }));
  assert.deepEqual([...image.pixels], IMAGE);
  assert.deepEqual(maps, []);
});

test('a message of another length than its JSON says is refused', () => {
  const good = encode(frameJson(), { image: IMAGE, floats: FLOATS });
  const longer = new Uint8Array(good.byteLength + 4);
  longer.set(new Uint8Array(good));
  assert.throws(() => decode(longer.buffer), RangeError);
  assert.throws(() => decode(good.slice(0, -4)), RangeError);
  assert.throws(() => decode(good.slice(0, 20)), RangeError);
  assert.throws(() => decode(new ArrayBuffer(0)), RangeError);
  assert.throws(() => decode(encode('{"status":')), SyntaxError);
});
