// SPDX-License-Identifier: Apache-2.0
// The score of the symmetry-breaking mode by composition and neighbours: one population or two?
import { Chart } from './chart.js';
import { compositionColour } from './colours.js';
import { fillTable, label, part } from './dom.js';
import { count, fixed, known, scaled, withError } from './numbers.js';
import { niceAbove, roundTicks } from './ticks.js';

/** @import { Context } from './analysis.js' */
/** @import { Maybe, Mixture } from './messages.d.ts' */

const FEWEST = 20;
/** @param {Mixture} cell */
const bimodal = (cell) => cell.k > 1 && cell.count >= FEWEST;

/** @param {Chart} chart @param {Mixture} cell @param {number} x @param {Context['length']} length */
function drawCell(chart, cell, x, { factor, unit }) {
  const { composition, n, k, means, se_means: errors, sigmas } = cell;
  const head = `x = ${fixed(composition, 2)}, n = ${n}: ${count(cell.count)} atoms`;
  if (k < 1) {
    chart.add('circle', { cx: x, cy: chart.bottom - 5, r: 2, class: 'too-few' }, { title: `${head}, too few to fit` });
    return;
  }
  const colour = compositionColour(composition);
  /** @param {number} v */
  const at = (v) => chart.y(v * factor);
  const opacity = bimodal(cell) ? 1 : 0.4;
  means.forEach((mean, c) => {
    const [se, sd] = [errors[c] ?? 0, sigmas[c]];
    const title = `${head}\n${withError(mean * factor, se * factor, unit)}, sd ${fixed(sd * factor, 1)} ${unit}, component ${c + 1} of ${k}`;
    chart.add('line', { x1: x, x2: x, y1: at(mean - sd), y2: at(mean + sd), stroke: colour, opacity }, { title });
    chart.add('line', { x1: x, x2: x, y1: at(mean - se), y2: at(mean + se), stroke: colour, 'stroke-width': 5, opacity }, { title });
    chart.add('circle', { cx: x, cy: at(mean), r: 3, fill: bimodal(cell) ? colour : 'none', stroke: colour, opacity }, { title });
  });
  chart.add('text', { x, y: at(Math.max(...means.map((m, c) => m + sigmas[c]))) - 3, 'text-anchor': 'middle', opacity }, { text: String(k) });
}

/** @param {HTMLElement} box @param {Mixture[]} cells @param {Context['length']} length @param {string} second */
function draw(box, cells, length, second) {
  const compositions = [...new Set(cells.map((c) => c.composition))].sort((a, b) => a - b);
  const reach = Math.max(...cells.flatMap((c) => c.means.map((m, k) => Math.abs(m) + c.sigmas[k])), 1e-6) * length.factor;
  const high = niceAbove(reach);
  const chart = new Chart(box, { low: -0.5, high: 6.5, ticks: [0, 1, 2, 3, 4, 5, 6], label: `${second} neighbours n` },
    { low: -high, high, ticks: roundTicks(-high, high, 6), label: `score, ${length.unit}` }, { top: 16 });
  const step = Math.min(0.17, 0.75 / compositions.length);
  for (const cell of cells.filter((c) => c.count > 0)) {
    const rank = compositions.indexOf(cell.composition) - (compositions.length - 1) / 2;
    drawCell(chart, cell, chart.x(cell.n + rank * step), length);
  }
}

/** @param {Mixture} cell @param {Context['length']} length */
function row(cell, { factor }) {
  const { composition, n, k, means, se_means: errors, sigmas, symmetric } = cell;
  /** @param {Maybe} v @param {Maybe} se */
  const size = (v, se) => (known(se) ? withError(scaled(v, factor), se * factor, '') : known(v) ? `${fixed(v * factor, 1)} ± ?` : '—');
  const pair = known(symmetric.se) ? size(symmetric.separation, symmetric.se) : k > 0 ? 'not resolved' : '—';
  return { faint: !bimodal(cell), cells: [fixed(composition, 2), String(n), count(cell.count), k > 0 ? String(k) : '—',
    fixed(cell.delta_bic, 1), means.map((m, c) => `${size(m, errors[c])} (${fixed(sigmas[c] * factor, 1)})`).join(', ') || '—', pair] };
}

/** @param {HTMLElement} panel @param {Mixture[]} cells the message's "mixtures" of one species @param {Context} context */
export function showMixtures(panel, cells, { length, species, fields }) {
  const atoms = cells.reduce((sum, c) => sum + c.count, 0);
  const oldest = Math.max(0, ...cells.map((c) => c.age));
  label(panel, `series, ${fields}, n = ${count(atoms)} atoms${oldest ? `, up to ${oldest} updates old` : ''}`,
    atoms ? '' : 'a symmetry-breaking mode');
  if (!atoms) return;
  fillTable(part(panel, 'table', HTMLTableElement),
    ['x', 'n', 'atoms', 'k', 'BIC₁ −\nBIC₂', `means ± se (sd), ${length.unit}`, `pair ± D, ${length.unit}`],
    cells.filter((c) => c.count > 0).map((c) => row(c, length)));
  draw(part(panel, '.plot'), cells, length, species[1]);
}
