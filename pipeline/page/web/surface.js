// SPDX-License-Identifier: Apache-2.0
// The order parameter as a smooth function of neighbours and composition, and how well it is known where.
import { Chart, svg } from './chart.js';
import { colourOf, css, sequential } from './colours.js';
import { fillTable, label, part } from './dom.js';
import { count, fixed, known, scaled, withError } from './numbers.js';
import { niceAbove } from './ticks.js';

/** @import { Context } from './analysis.js' */
/** @import { Range } from './colours.js' */
/** @import { Maybe, Regression, Surface } from './messages.d.ts' */

/** @param {Chart} chart @param {string} id */
function addHatch(chart, id) {
  const pattern = svg('pattern', { id, width: 6, height: 6, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' });
  pattern.append(svg('rect', { width: 6, height: 6, fill: '#0b0e13', opacity: 0.55 }), svg('line', { x1: 0, x2: 0, y1: 0, y2: 6, stroke: '#dfe7ef' }));
  chart.root.append(pattern);
}

/** @param {Chart} chart @param {Range} range @param {string} unit */
function colourBar(chart, range, unit) {
  const { left, right, top } = chart;
  const step = (right - left) / 40;
  for (let k = 0; k < 40; ++k) {
    chart.add('rect', { x: left + k * step, y: top - 18, width: step + 0.5, height: 5, fill: css(range.table[Math.round(k * 255 / 39)]) });
  }
  chart.add('text', { x: left, y: top - 3 }, { text: '0' });
  chart.add('text', { x: right, y: top - 3, 'text-anchor': 'end' }, { text: `${range.high} ${unit}` });
}

/**
 * Dots: cells with atoms. Hatched: the fit extrapolates. Line: the composition under the beam.
 * @param {HTMLElement} box @param {Surface} gp @param {Maybe[][]} values its mean or sd @param {Context} context
 * @param {(sd: Maybe) => boolean} extrapolated
 */
function draw(box, gp, values, { length, species, x: now }, extrapolated) {
  const half = (gp.x[1] - gp.x[0]) / 2;
  const chart = new Chart(box, { low: -0.5, high: 6.5, ticks: gp.n, label: `${species[1]} neighbours n` },
    { low: gp.x[0] - half, high: gp.x[gp.x.length - 1] + half, ticks: [0, 0.2, 0.4, 0.6, 0.8, 1], label: 'composition x' }, { top: 36 });
  const range = { low: 0, high: niceAbove(Math.max(...values.flat().filter(known), 1e-9) * length.factor), table: sequential };
  const id = `hatch-${box.id}`;
  addHatch(chart, id);
  gp.x.forEach((x, i) => gp.n.forEach((n, j) => {
    const place = { x: chart.x(n - 0.5), y: chart.y(x + half), width: chart.x(n + 0.5) - chart.x(n - 0.5) + 0.4,
      height: chart.y(x - half) - chart.y(x + half) + 0.4 };
    const title = `x = ${fixed(x, 2)}, n = ${n}: ${withError(scaled(gp.mean[i][j], length.factor), scaled(gp.sd[i][j], length.factor), length.unit)}`;
    const colour = colourOf(scaled(values[i][j], length.factor), range);
    if (colour) chart.add('rect', { ...place, fill: css(colour) }, { title });
    if (extrapolated(gp.sd[i][j])) chart.add('rect', { ...place, fill: `url(#${id})` }, { title: `${title}, extrapolated` });
  }));
  for (const { n, x, count: atoms } of gp.cells.filter((c) => c.count > 0)) {
    chart.add('circle', { cx: chart.x(n), cy: chart.y(x), r: Math.min(4.5, 1.5 + Math.log10(atoms)), class: 'data' },
      { title: `x = ${fixed(x, 2)}, n = ${n}: ${count(atoms)} atoms` });
  }
  if (known(now)) chart.add('line', { x1: chart.left, x2: chart.right, y1: chart.y(now), y2: chart.y(now), class: 'now' }, { title: `x now: ${fixed(now, 3)}` });
  colourBar(chart, range, length.unit);
}

/**
 * Mean and sd at the composition of the surface that is nearest to the one under the beam.
 * @param {HTMLTableElement} table @param {Surface} gp @param {Context} context
 */
function showCurve(table, gp, { length: { factor, unit }, x: now }) {
  const distances = gp.x.map((x) => Math.abs(x - (now ?? 0.5)));
  const i = distances.indexOf(Math.min(...distances));
  fillTable(table, ['n', `x = ${fixed(gp.x[i], 2)}, ${unit}`],
    gp.n.map((n, j) => ({ cells: [String(n), withError(scaled(gp.mean[i][j], factor), scaled(gp.sd[i][j], factor), '')] })));
}

/**
 * @param {HTMLElement} panel @param {Regression | undefined} regression the message's entry of one species
 * @param {Context} context
 */
export function showSurface(panel, regression, context) {
  const gp = regression?.gp;
  const missing = !gp || !gp.x.length || !gp.mean.flat().some(known);
  label(panel, missing ? '' : `series, ${context.fields}, n = ${count(gp.cells.reduce((sum, c) => sum + c.count, 0))} atoms`,
    missing ? 'a symmetry-breaking mode and its atoms' : '');
  if (missing) return;
  const means = gp.mean.flat().filter(known);
  const halfRange = (Math.max(...means) - Math.min(...means)) / 2;
  /** @param {Maybe} sd */
  const extrapolated = (sd) => known(sd) && sd > halfRange;
  showCurve(part(panel, 'table', HTMLTableElement), gp, context);
  draw(part(panel, '#surface-mean'), gp, gp.mean, context, extrapolated);
  draw(part(panel, '#surface-sd'), gp, gp.sd, context, extrapolated);
}
