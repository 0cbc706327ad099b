// SPDX-License-Identifier: Apache-2.0
// Local against global: D = a n + b x + d by several estimators, never a number without its error.
import { Chart } from './chart.js';
import { element, fillTable, label, part } from './dom.js';
import { count, fixed, known, withError } from './numbers.js';
import { roundTicks } from './ticks.js';

/** @import { Context } from './analysis.js' */
/** @import { Coefficient, Estimate, Regression } from './messages.d.ts' */

/**
 * Errors between blocks of the crystal where there are, else as of independent atoms; the estimator has a mark then.
 * @param {Estimate} estimate
 */
const unblocked = (estimate) => known(estimate.se_a_model) && !known(estimate.se_a);

/** @param {Estimate} estimate @param {Coefficient | 'ratio'} name @param {number} factor */
function value(estimate, name, factor) {
  const [v, se] = [estimate[name], estimate[`se_${name}`] ?? estimate[`se_${name}_model`]];
  if (!known(v)) return '—';
  return known(se) ? withError(v * factor, se * factor, '') : `${fixed(v * factor, 2)} ± ?`;
}

/** @param {Estimate} estimate @param {number} factor */
function row(estimate, factor) {
  const { ratio_low: low, ratio_high: high, count: atoms, converged } = estimate;
  const outer = known(estimate.c) ? `\nc = ${value(estimate, 'c', factor)}` : '';
  const label = `${estimate.label}${unblocked(estimate) ? ' *' : ''}${converged ? '' : ', not converged'}${outer}`;
  return { faint: !converged, cells: [label, value(estimate, 'a', factor), value(estimate, 'b', factor), value(estimate, 'd', factor),
    value(estimate, 'ratio', 1), known(low) && known(high) ? `${fixed(low, 2)} … ${fixed(high, 2)}` : '—', count(atoms)] };
}

/** Of when the planes and their errors are, where they are not of this frame. @param {Estimate[]} estimates */
function ages(estimates) {
  const planes = Math.max(0, ...estimates.map((e) => e.age));
  const errors = Math.max(0, ...estimates.map((e) => e.errors_age));
  return (planes ? ` Planes are up to ${planes} updates old.` : '') + (errors > planes ? ` Errors and ranges are up to ${errors} updates old.` : '');
}

/**
 * b/(6a) of each estimator in the order of the table: thick its error, below it the range with one image left out.
 * @param {HTMLElement} box @param {Estimate[]} estimates
 */
function draw(box, estimates) {
  box.replaceChildren();
  const bars = estimates.flatMap(({ ratio, se_ratio: between, se_ratio_model: model, ...e }) => {
    const se = between ?? model;
    return known(ratio) && known(se) ? [{ ...e, ratio, se }] : [];
  });
  if (box.clientHeight < 90 || !bars.length) return;
  const low = Math.min(0, ...bars.map((e) => Math.min(e.ratio - e.se, e.ratio_low ?? e.ratio)));
  const high = Math.max(1, ...bars.map((e) => Math.max(e.ratio + e.se, e.ratio_high ?? e.ratio)));
  const chart = new Chart(box, { low, high, ticks: roundTicks(low, high, 6), label: 'b/(6a)' },
    { low: bars.length - 0.5, high: -0.5, ticks: [], label: '' }, { left: 190 });
  bars.forEach((e, k) => {
    const y = chart.y(k);
    const title = `${e.label}: ${withError(e.ratio, e.se, '')}`;
    chart.add('text', { x: chart.left - 8, y: y + 3.5, 'text-anchor': 'end' }, { text: e.label });
    if (known(e.ratio_low) && known(e.ratio_high)) {
      chart.add('line', { x1: chart.x(e.ratio_low), x2: chart.x(e.ratio_high), y1: y + 6, y2: y + 6, class: 'range' });
    }
    chart.add('line', { x1: chart.x(e.ratio - e.se), x2: chart.x(e.ratio + e.se), y1: y, y2: y, class: 'error' }, { title });
    chart.add('circle', { cx: chart.x(e.ratio), cy: y, r: 3.5, class: 'measured' }, { title });
  });
  for (const tick of [0, 1]) chart.add('line', { x1: chart.x(tick), x2: chart.x(tick), y1: chart.top, y2: chart.bottom, class: 'zero' });
}

/**
 * @param {HTMLElement} panel @param {Regression | undefined} regression the message's entry of one species
 * @param {Context} context
 */
export function showRegression(panel, regression, { length, fields, species }) {
  const missing = !regression?.estimates.length;
  label(panel, `series, ${fields}`, missing ? 'a symmetry-breaking mode and two compositions' : '');
  if (missing) return;
  const { estimates, response } = regression;
  const { unit } = length;
  fillTable(part(panel, 'table', HTMLTableElement), ['estimator', `a, ${unit}`, `b, ${unit}`, `d, ${unit}`, 'b/(6a)', 'one image\nleft out', 'n'],
    estimates.map((e) => row(e, length.factor)));
  part(panel, '.note').replaceChildren(
    element('span', '', `D = a n + b x + d, D: ${response}, n: ${species[1]} neighbours, x: composition; c: of a neighbour in the outer shells. `),
    element('span', '', `± between blocks of the crystal${estimates.some(unblocked) ? '; * as if atoms were independent, which is too small' : ''}.${ages(estimates)}`));
  draw(part(panel, '.plot'), estimates);
}
