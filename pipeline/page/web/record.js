// SPDX-License-Identifier: Apache-2.0
// The buttons that tell the analyzer something, and the state of its recording.
import { $ } from './dom.js';
import { count, fixed } from './numbers.js';

/** @import { CommandReply, LiveRecording } from './messages.d.ts' */

const GOOD_SHOWN_MS = 8000;  // an answer
const BAD_SHOWN_MS = 30000;

/** @type {LiveRecording | null} */
let recording = null;  // as the server last said; null: not connected
let waiting = false;   // for the answer to a command
let hide = 0;
let refused = '';      // the command that waits for a token

/** @param {number} bytes */
const megabytes = (bytes) => (bytes < 1e9 ? fixed(bytes / 1e6, 1, ' MB') : fixed(bytes / 1e9, 2, ' GB'));
/** @param {number} s */
const duration = (s) => (s < 60 ? fixed(s, 0, ' s') : `${Math.floor(s / 60)} min ${fixed(Math.floor(s % 60), 0, ' s')}`);

/** @param {CommandReply} answer */
function showAnswer({ ok, text }) {
  $('answer').textContent = text;
  $('answer').classList.toggle('failed', !ok);
  $('answer').hidden = false;
  clearTimeout(hide);
  hide = setTimeout(() => { $('answer').hidden = true; }, ok ? GOOD_SHOWN_MS : BAD_SHOWN_MS);
}

/**
 * Over the network the page alone may not command: web.token is asked for, and kept until its tab is closed.
 * @returns {Record<string, string>} headers
 */
const authorization = () => {
  const token = sessionStorage.getItem('token');
  return token ? { Authorization: `Bearer ${token}` } : {};
};

/** @param {string} command */
function askToken(command) {
  sessionStorage.removeItem('token');
  refused = command;
  $('token-form').hidden = false;
  $('token', HTMLInputElement).value = '';
  $('token').focus();
}

/** @param {string} command @returns {Promise<CommandReply>} */
async function ask(command) {
  try {
    const response = await fetch('/command', {
      method: 'POST', headers: { 'Content-Type': 'application/json', ...authorization() }, body: JSON.stringify({ command }),
    });
    if (response.status === 401) askToken(command);
    return response.ok ? await response.json() : { ok: false, text: await response.text() };
  } catch {
    return { ok: false, text: `${command.replace('_', ' ')}: the analyzer did not answer` };
  }
}

/** @param {string} command */
async function send(command) {
  waiting = true;
  draw();
  const answer = await ask(command);
  waiting = false;
  if (answer.recording && recording) Object.assign(recording, answer.recording);
  draw();
  showAnswer(answer);
}

/** @param {LiveRecording} recording */
function drawState({ state, file, error, frames, bytes, seconds, blocks_dropped: leftOut }) {
  $('recording').hidden = !file && !error;
  $('recording').className = state;
  $('recording').title = [file, error].filter(Boolean).join('\n');
  $('recording-state').textContent = { off: 'recorded', recording: 'recording', failed: 'recording failed' }[state];
  $('recording-file').textContent = file.split('/').at(-1) ?? '';
  $('recording-numbers').textContent = `${count(frames)} frames, ${megabytes(bytes)}, ${duration(seconds)}`;
  $('recording-left-out').textContent = leftOut > 0 ? `${count(leftOut)} blocks left out: the disk is too slow` : '';
  $('recording-error').textContent = error;
}

function draw() {
  const runs = recording?.state === 'recording';
  for (const id of ['record', 'reset']) $(id, HTMLButtonElement).disabled = waiting || !recording;
  $('record').classList.toggle('runs', runs);
  $('record').textContent = runs ? '■ stop' : '● record';
  if (!recording) return;
  const before = recording.before_s > 0 ? `, including the last ${fixed(recording.before_s, 0, ' s')}` : '';
  $('record').title = runs ? 'End the recording and close its file.'
    : `Record the stream as it is received into a new file${before}.`;
  drawState(recording);
}

/** @param {LiveRecording | null} now of the server's status; null: disconnected */
export function showRecording(now) {
  recording = now;
  draw();
}

$('record').addEventListener('click', () => send(recording?.state === 'recording' ? 'record_stop' : 'record_start'));
$('reset').addEventListener('click', () => send('reset'));
$('token-form').addEventListener('submit', (event) => {
  event.preventDefault();
  sessionStorage.setItem('token', $('token', HTMLInputElement).value);
  $('token-form').hidden = true;
  send(refused);
});
