// SPDX-License-Identifier: Apache-2.0
// The WebSocket: notices a lost connection within two seconds, tries again.
import { decode, hasImage } from './decode.js';

/** @import { Message } from './messages.d.ts' */

const SILENCE_MS = 1600;        // the server says something at least every 500 ms
const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 5000;

/**
 * @param {(message: Message) => void} onMessage
 *   at most once per screen refresh: the newest image and analysis, never a backlog
 * @param {() => void} onLost once, when nothing has come for too long or the connection broke
 */
export function connect(onMessage, onLost) {
  /** @type {WebSocket | null} */
  let socket = null;
  let heard = 0;
  let delay = FIRST_DELAY_MS;
  /** @type {Map<string, () => Message>} */
  const waiting = new Map();  // the newest message of each kind, in order of arrival

  const show = () => {
    const messages = [...waiting.values()];
    waiting.clear();
    for (const message of messages) onMessage(message());
  };

  /** Frames are large, and only decoded if they will be shown. @param {ArrayBuffer} buffer */
  const receive = (buffer) => {
    heard = performance.now();
    delay = FIRST_DELAY_MS;
    if (waiting.size === 0) requestAnimationFrame(show);
    const message = hasImage(buffer) ? null : decode(buffer);
    const kind = !message ? 'frame' : message.analysis ? 'analysis' : 'status';
    waiting.delete(kind);
    waiting.set(kind, () => message ?? decode(buffer));
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
