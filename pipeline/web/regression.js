// SPDX-License-Identifier: Apache-2.0
// Local against global: D = a n + b x + d by several estimators, never a number without its error.
import { count, fixed, known, withError } from './colours.js';
import { element, fillTable, label } from './dom.js';

/// Errors between blocks of the crystal where there are, else as of independent atoms, with a mark.
function value(estimate, name, factor) {
  const [v, se, model] = [estimate[name], estimate[`se_${name}`], estimate[`se_${name}_model`]];
  if (!known(v)) return '—';
  if (known(se)) return withError(v * factor, se * factor, '');
  return known(model) ? `${withError(v * factor, model * factor, '')}*` : `${fixed(v * factor, 2)} ± ?`;
}

function row(estimate, factor) {
  const { ratio_low: low, ratio_high: high, count: atoms, converged } = estimate;
  const outer = known(estimate.c) ? `\nc = ${value(estimate, 'c', factor)}` : '';
  const label = `${estimate.label}${converged ? '' : ', not converged'}${outer}`;
  return { faint: !converged, cells: [label, ...['a', 'b', 'd'].map((c) => value(estimate, c, factor)),
    value(estimate, 'ratio', 1), known(low) && known(high) ? `${fixed(low, 2)} … ${fixed(high, 2)}` : '—', count(atoms)] };
}

/// @param regression the message's entry of one species
export function showRegression(panel, regression, { length, fields, species }) {
  const estimates = regression?.estimates ?? [];
  label(panel, `series, ${fields}`, estimates.length ? '' : 'a symmetry-breaking mode and two compositions');
  if (!estimates.length) return;
  const table = panel.querySelector('table');
  const { unit } = length;
  fillTable(table, ['estimator', `a, ${unit}`, `b, ${unit}`, `d, ${unit}`, 'b/(6a)', 'less one image', 'n'],
    estimates.map((e) => row(e, length.factor)));
  const marked = estimates.some((e) => known(e.se_ratio_model) && !known(e.se_ratio));
  panel.querySelector('.note').replaceChildren(
    element('span', '', `D = a n + b x + d, D: ${regression.response}, n: ${species[1]} neighbours, x: composition; c: of a neighbour in the outer shells. `),
    element('span', '', `± between blocks of the crystal${marked ? '; * as of independent atoms, which is too small' : ''}.`));
}
