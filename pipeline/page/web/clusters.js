// SPDX-License-Identifier: Apache-2.0
// How many clusters of seven cations hold k of the second species, beside a random alloy and the quasi-chemical one.
import { Chart } from './chart.js';
import { fillTable, label, part } from './dom.js';
import { count, fixed, known, withError } from './numbers.js';
import { niceAbove, roundTicks } from './ticks.js';

/** @import { Context } from './analysis.js' */
/** @import { Maybe, Views } from './messages.d.ts' */

const K = [0, 1, 2, 3, 4, 5, 6, 7];

/** @param {HTMLElement} box @param {Views} views @param {string} second */
function draw(box, views, second) {
  const { cluster_probabilities: measured, cluster_low: low, cluster_high: high, cluster_binomial: binomial,
    cluster_quasichemical: quasi } = views;
  const top = niceAbove(Math.max(...high.filter(known), ...binomial.filter(known), ...quasi.filter(known), 0.01));
  const chart = new Chart(box, { low: -0.6, high: 7.6, ticks: K, label: `${second} atoms of a cation and its six neighbours` },
    { low: 0, high: top, ticks: roundTicks(0, top, 4), label: 'probability' });
  for (const k of K) {
    const x = chart.x(k);
    const [p, from, to, random, pairs] = [measured[k], low[k], high[k], binomial[k], quasi[k]];
    if (known(random)) {
      chart.add('rect', { x: x - 13, width: 26, y: chart.y(random), height: chart.bottom - chart.y(random), class: 'binomial' },
        { title: `binomial ${fixed(random, 4)}` });
    }
    if (known(pairs)) {
      chart.add('line', { x1: x - 16, x2: x + 16, y1: chart.y(pairs), y2: chart.y(pairs), class: 'quasichemical' },
        { title: `quasi-chemical ${fixed(pairs, 4)}` });
    }
    if (!known(p) || !known(from) || !known(to)) continue;
    chart.add('line', { x1: x, x2: x, y1: chart.y(from), y2: chart.y(to), class: 'measured' });
    chart.add('circle', { cx: x, cy: chart.y(p), r: 3.5, class: 'measured' },
      { title: `measured ${fixed(p, 4)}, ${fixed(from, 4)} to ${fixed(to, 4)}` });
  }
}

/** @param {HTMLElement} panel @param {Views | undefined} views @param {Context} context */
export function showClusters(panel, views, context) {
  const missing = !views || !views.cluster_probabilities.some(known);
  label(panel, missing ? '' : `tracks, n = ${count(views.neighbour_histogram.cations)} clusters${context.framesHere}`,
    missing ? 'cations whose neighbours have known species' : '');
  if (missing) return;
  const { cluster_probabilities: measured, cluster_low: low, cluster_high: high, warren_cowley: order,
    ordering_energy: energy } = views;
  const [first, second] = context.species;
  fillTable(part(panel, 'table', HTMLTableElement), [`${second} atoms`, 'measured', '68 % interval', 'binomial', 'quasi-chemical'],
    K.map((k) => ({ cells: [`${k} of 7`, fixed(measured[k], 4), `${fixed(low[k], 4)} … ${fixed(high[k], 4)}`,
      fixed(views.cluster_binomial[k], 4), fixed(views.cluster_quasichemical[k], 4)] })));
  /** @param {string} id @param {string} value */
  const put = (id, value) => { part(panel, id).textContent = value; };
  /** @param {Maybe} v @param {Maybe} se */
  const both = (v, se) => (known(se) ? withError(v, se, '') : '—');
  put('#warren-cowley', both(order.alpha, order.se));
  put('#ordering-energy', known(energy.se) ? `${both(energy.kT, energy.se)} kT` : '—');
  put('.note', `α₁ and w below 0: ${first} and ${second} prefer each other as neighbours; w: of an unlike bond over the like ones`);
  draw(part(panel, '.plot'), views, second);
}
