// SPDX-License-Identifier: Apache-2.0
// How many clusters of seven cations hold k of the second species, beside a random alloy and the quasi-chemical one.
import { count, fixed, known, niceAbove, withError } from './colours.js';
import { Chart, roundTicks } from './chart.js';
import { fillTable, label } from './dom.js';

const K = [0, 1, 2, 3, 4, 5, 6, 7];

function draw(box, views, second) {
  const { cluster_probabilities: measured, cluster_low: low, cluster_high: high, cluster_binomial: binomial,
    cluster_quasichemical: quasi } = views;
  const top = niceAbove(Math.max(...high.filter(known), ...binomial.filter(known), ...quasi.filter(known), 0.01));
  const chart = new Chart(box, { low: -0.6, high: 7.6, ticks: K, label: `${second} atoms of a cation and its six neighbours` },
    { low: 0, high: top, ticks: roundTicks(0, top, 4), label: 'probability' });
  for (const k of K) {
    const x = chart.x(k);
    if (known(binomial[k])) {
      chart.add('rect', { x: x - 13, width: 26, y: chart.y(binomial[k]), height: chart.bottom - chart.y(binomial[k]), class: 'binomial' },
        { title: `binomial ${fixed(binomial[k], 4)}` });
    }
    if (known(quasi[k])) {
      chart.add('line', { x1: x - 16, x2: x + 16, y1: chart.y(quasi[k]), y2: chart.y(quasi[k]), class: 'quasichemical' },
        { title: `quasi-chemical ${fixed(quasi[k], 4)}` });
    }
    if (!known(measured[k])) continue;
    chart.add('line', { x1: x, x2: x, y1: chart.y(low[k]), y2: chart.y(high[k]), class: 'measured' });
    chart.add('circle', { cx: x, cy: chart.y(measured[k]), r: 3.5, class: 'measured' },
      { title: `measured ${fixed(measured[k], 4)}, ${fixed(low[k], 4)} to ${fixed(high[k], 4)}` });
  }
}

export function showClusters(panel, views, context) {
  const { cluster_probabilities: measured, cluster_low: low, cluster_high: high, warren_cowley: order,
    ordering_energy: energy } = views;
  const missing = !measured?.some(known);
  label(panel, missing ? '' : `tracks, n = ${count(views.neighbour_histogram.cations)} clusters${context.framesHere}`,
    missing ? 'cations whose neighbours have known species' : '');
  if (missing) return;
  const [first, second] = context.species;
  fillTable(panel.querySelector('table'), [`${second} atoms`, 'measured', '68 % interval', 'binomial', 'quasi-chemical'],
    K.map((k) => ({ cells: [`${k} of 7`, fixed(measured[k], 4), `${fixed(low[k], 4)} … ${fixed(high[k], 4)}`,
      fixed(views.cluster_binomial[k], 4), fixed(views.cluster_quasichemical[k], 4)] })));
  const put = (id, value) => { panel.querySelector(id).textContent = value; };
  const both = (v, se) => (known(se) ? withError(v, se, '') : '—');
  put('#warren-cowley', both(order.alpha, order.se));
  put('#ordering-energy', known(energy.se) ? `${both(energy.kT, energy.se)} kT` : '—');
  put('.note', `α₁ and w below 0: ${first} and ${second} prefer each other as neighbours; w: of an unlike bond over the like ones`);
  draw(panel.querySelector('.plot'), views, second);
}
