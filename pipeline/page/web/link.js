// SPDX-License-Identifier: Apache-2.0
// The WebSocket: decodes messages, notices a lost connection within two seconds, tries again.

const SILENCE_MS = 1600;        // the server says something at least every 500 ms
const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 5000;

/// u32 little-endian length of the JSON, the JSON, the image, and from a multiple of 4 on the maps' floats.
function decode(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const message = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  if (!message.frame) return { message };
  const grey = new Uint8Array(buffer, 4 + length, message.image.width * message.image.height);
  let at = Math.ceil((grey.byteOffset + grey.length) / 4) * 4;
  for (const map of message.maps) {
    for (const field of ['value', 'sigma']) {
      map[field] = new Float32Array(buffer, at, map.rows * map.cols);
      at += map[field].byteLength;
    }
  }
  return { message, grey };
}

/// @param onMessage(message, grey) at most once per screen refresh: the newest image and analysis, never a backlog
/// @param onLost() once, when nothing has come for too long or the connection broke
export function connect(onMessage, onLost) {
  let socket = null;
  let heard = 0;
  let delay = FIRST_DELAY_MS;
  const waiting = new Map();  // the newest message of each kind, in order of arrival

  const show = () => {
    const messages = [...waiting.values()];
    waiting.clear();
    for (const decoded of messages) {
      const { message, grey } = decoded();
      onMessage(message, grey);
    }
  };

  // Frames are large, and only decoded if they will be shown.
  const receive = (buffer) => {
    heard = performance.now();
    delay = FIRST_DELAY_MS;
    if (waiting.size === 0) requestAnimationFrame(show);
    const isFrame = buffer.byteLength > 4 + new DataView(buffer).getUint32(0, true);
    const decoded = isFrame ? null : decode(buffer);
    const kind = isFrame ? 'frame' : decoded.message.analysis ? 'analysis' : 'status';
    waiting.delete(kind);
    waiting.set(kind, isFrame ? () => decode(buffer) : () => decoded);
  };

  const lost = () => {
    if (!socket) return;
    socket.onclose = socket.onmessage = null;
    socket.close();
    socket = null;
    waiting.clear();  // or what came just before would be shown as live
    onLost();
    setTimeout(open, delay * (0.5 + Math.random()));  // jitter: many pages don't come back at once
    delay = Math.min(2 * delay, LONGEST_DELAY_MS);
  };

  const open = () => {
    socket = new WebSocket(`ws://${location.host}/live`);
    socket.binaryType = 'arraybuffer';
    socket.onmessage = (event) => receive(event.data);
    socket.onclose = lost;
    heard = performance.now();
  };

  // A page in the background isn't called on time: its silence says nothing.
  setInterval(() => {
    if (document.visibilityState === 'visible' && performance.now() - heard > SILENCE_MS) lost();
  }, 200);
  document.addEventListener('visibilitychange', () => { heard = performance.now(); });
  open();
}
