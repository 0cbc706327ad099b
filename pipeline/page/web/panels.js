// SPDX-License-Identifier: Apache-2.0
// Everything that is a number or a word. Text from the stream only ever goes through textContent.
import { $ } from './dom.js';
import { count, fixed, known, scaled, small, withError } from './numbers.js';
import { drawTrend } from './trend.js';

/** @import { Counters, Frame, FrameMessage, Status } from './messages.d.ts' */

/** @param {string} id @param {string | number} value */
export const text = (id, value) => { $(id).textContent = String(value); };

/** @type {[label: string, key: keyof Counters, alarming?: boolean][]} */
const COUNTERS = [['received', 'received'], ['analysed', 'analysed'], ['overwritten', 'overwritten'],
  ['lost', 'lost', true], ['lost rows', 'lost_rows', true], ['rejected', 'rejected', true],
  ['duplicate', 'duplicate'], ['reordered', 'reordered'], ['orphan', 'orphan', true], ['failed', 'failed', true]];

for (const [label, key] of COUNTERS) {
  const [row, name, value] = ['div', 'dt', 'dd'].map((tag) => document.createElement(tag));
  name.textContent = label;
  value.textContent = '—';
  value.id = `counter-${key}`;
  row.append(name, value);
  $('counters').append(row);
}

/** @param {Status['state']} state */
export function showState(state) {
  text('state', state);
  $('state').className = `badge ${state}`;
  document.body.classList.toggle('disconnected', state === 'disconnected');
  document.title = `dwellmap: ${state}`;
}

/** What comes with every message. @param {Status} status @param {string[]} frameNotes */
export function showStatus(status, frameNotes) {
  showState(status.state);
  for (const [, key, alarming] of COUNTERS) {
    const value = status.counters?.[key];
    text(`counter-${key}`, count(value));
    $(`counter-${key}`).classList.toggle('alarm', Boolean(alarming && value));
  }
  text('latency-median', fixed(status.latency?.median_ms, 1, ' ms'));
  text('latency-worst', fixed(status.latency?.worst_ms, 1, ' ms'));
  text('latency-count', status.latency ? `of the last ${status.latency.count}` : '');

  const notes = [...frameNotes];
  if (known(status.silence_s) && status.silence_s > 2) notes.unshift(`the analysis has not reported for ${fixed(status.silence_s, 0)} s`);
  $('notes').replaceChildren(...(notes.length ? notes : [known(status.silence_s) ? 'none' : '—']).map((note) => {
    const item = document.createElement('li');
    item.textContent = note;
    item.className = notes.length ? 'warn' : '';
    return item;
  }));
}

/** @param {Frame} frame @param {number} rowsPx */
function showScan(frame, rowsPx) {
  text('frame', frame.number);
  text('scan', frame.complete ? `complete, ${rowsPx} rows` : `scanning row ${frame.rows_valid} of ${rowsPx}`);
  $('progress').style.width = `${(100 * frame.rows_valid) / rowsPx}%`;
  text('latency', fixed(frame.latency_us / 1000, 1, ' ms'));
}

/** @param {Frame} frame @param {{ cations: number }} counts */
function showSpecies(frame, { cations }) {
  const [, second] = frame.species_names;
  const { fraction_second: fraction, expected_second: expected } = frame.species;
  const se = known(fraction) && cations ? Math.sqrt((fraction * (1 - fraction)) / cations) : null;
  text('fraction-label', second ? `${second} among cations` : 'second species');
  text('fraction', withError(fraction, se, ''));
  text('expected', fixed(expected, 3));
}

/** @param {Frame} frame */
function showLattice(frame) {
  const { lattice, drift_px: drift, sigma_px: sigma } = frame;
  const per = frame.length_per_px;
  const unit = small(frame.unit);
  /** @param {string} value */
  const found = (value) => (lattice.found ? value : '—');
  text('lattice', found(withError(lattice.a_px * per, scaled(lattice.se_a_px, per), frame.unit)));
  text('rotation', found(fixed((lattice.rotation_rad * 180) / Math.PI, 2, '°')));
  text('anisotropy', found(fixed(100 * lattice.anisotropy, 2, ' %')));
  text('drift', drift.map((d) => fixed(d * per, frame.unit === 'nm' ? 3 : 1)).join(', ') + ` ${frame.unit}`);
  text('sigma', sigma > 0 ? `${fixed(sigma, 2)} px` + (frame.unit === 'nm' ? ` = ${fixed(sigma * per * unit.factor, 0)} pm` : '') : '—');
  text('ellipticity', sigma > 0 ? `${fixed(100 * frame.ellipticity, 1, ' %')} at ${fixed((frame.ellipticity_rad * 180) / Math.PI, 0, '°')}` : '—');
  text('chi2', known(frame.chi2) && frame.chi2 > 0 ? fixed(frame.chi2, 2) : '—');
}

/** @param {FrameMessage} message */
export function drawTrends({ frame, trend }) {
  const { factor, unit } = small(frame.unit);
  drawTrend($('trend-order', HTMLCanvasElement), trend, 'order_parameter', { colour: '#56b4e9', digits: 1, factor });
  drawTrend($('trend-fraction', HTMLCanvasElement), trend, 'fraction', { colour: '#ff9f1c', digits: 3, factor: 1 });
  drawTrend($('trend-lattice', HTMLCanvasElement), trend, 'lattice', { colour: '#9fe0a8', digits: 4, factor: 1 });
  text('trend-order-label', `order parameter, ${unit}`);
  text('trend-fraction-label', frame.species_names[1] ? `${frame.species_names[1]} fraction` : 'second species');
  text('trend-lattice-label', `lattice a, ${frame.unit}`);
}

/** Mean of the order parameter with the standard error of the mean. @param {Frame} frame */
function showOrder(frame) {
  const values = frame.scores.order_parameter.filter(known);
  const { factor, unit } = small(frame.unit);
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / (values.length - 1);
  text('order', values.length > 1 ? withError(mean * factor, factor * Math.sqrt(variance / values.length), unit) : '—');
}

/** @param {string[]} stages @param {Frame['time_us']} times */
function showStages(stages, times) {
  const entries = stages.map((stage) => ({ stage, us: times[stage] }));
  const longest = Math.max(1, ...entries.map(({ us }) => us));
  text('stage-total', fixed(entries.reduce((sum, { us }) => sum + us, 0) / 1000, 1, ' ms'));
  $('stages').replaceChildren(...entries.flatMap(({ stage, us }) => {
    const [name, bar, time] = ['name', 'bar', 'time'].map((className) =>
      Object.assign(document.createElement('span'), { className }));
    const fill = document.createElement('span');
    fill.style.width = `${(100 * us) / longest}%`;
    bar.append(fill);
    name.textContent = stage;
    time.textContent = fixed(us / 1000, 2, ' ms');
    return [name, bar, time];
  }));
}

/** @param {FrameMessage} message */
export function showFrame(message) {
  const { frame, series, image, stages } = message;
  const { site, flags, count: atoms } = frame.atoms;
  const counts = { cations: 0, anions: 0, wrong: 0, edge: 0 };
  for (let k = 0; k < atoms; ++k) {
    if (site[k] === 0) ++counts.cations;
    if (site[k] === 1) ++counts.anions;
    if (flags[k] & 14) ++counts.wrong;
    if (flags[k] & 17) ++counts.edge;
  }
  text('series', series?.name || '—');
  text('specimen', [series?.specimen, series?.channel].filter(Boolean).join(' · ') || '—');
  text('cations', `${count(counts.cations)} (${count(frame.scores.atom.length)} complete)`);
  text('anions', count(counts.anions));
  text('flagged', `${count(counts.wrong)} (+ ${count(counts.edge)} at edges)`);
  showScan(frame, image.rows_px);
  showSpecies(frame, counts);
  showLattice(frame);
  showOrder(frame);
  showStages(stages, frame.time_us);
}
