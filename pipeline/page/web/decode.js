// SPDX-License-Identifier: Apache-2.0
// A message as bytes: u32 little-endian length of the JSON, the JSON, and of a frame the grey image and, from a multiple
// of 4 on, value and standard error of each map as little-endian floats.

/** @import { Message } from './messages.d.ts' */

/** @param {ArrayBuffer} buffer */
const jsonLength = (buffer) => new DataView(buffer).getUint32(0, true);

/** Whether an image follows the JSON, which is not read for that. @param {ArrayBuffer} buffer */
export const hasImage = (buffer) => buffer.byteLength > 4 + jsonLength(buffer);

/**
 * Throws RangeError if the bytes are not as many as the message says, SyntaxError if there is no JSON in it.
 * @param {ArrayBuffer} buffer @returns {Message} image and maps with their numbers
 */
export function decode(buffer) {
  const length = jsonLength(buffer);
  /** @type {Message} */
  const message = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  let at = 4 + length;
  if (message.frame) {
    const { image, maps } = message;
    image.pixels = new Uint8Array(buffer, at, image.width * image.height);
    at = Math.ceil((at + image.pixels.length) / 4) * 4;
    for (const map of maps) {
      for (const field of /** @type {const} */ (['value', 'sigma'])) {
        map[field] = new Float32Array(buffer, at, map.rows * map.cols);
        at += map[field].byteLength;
      }
    }
  }
  if (at !== buffer.byteLength) throw new RangeError(`a message of ${buffer.byteLength} bytes, ${at} by its JSON`);
  return message;
}
