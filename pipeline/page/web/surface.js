// SPDX-License-Identifier: Apache-2.0
// The order parameter as a smooth function of neighbours and composition, and how well it is known where.
import { colourOf, count, css, fixed, known, niceAbove, sequential, withError } from './colours.js';
import { Chart, svg } from './chart.js';
import { fillTable, label } from './dom.js';

function addHatch(chart, id) {
  const pattern = svg('pattern', { id, width: 6, height: 6, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' });
  pattern.append(svg('rect', { width: 6, height: 6, fill: '#0b0e13', opacity: 0.55 }), svg('line', { x1: 0, x2: 0, y1: 0, y2: 6, stroke: '#dfe7ef' }));
  chart.root.append(pattern);
}

function colourBar(chart, range, unit) {
  const { left, right, top } = chart;
  const step = (right - left) / 40;
  for (let k = 0; k < 40; ++k) {
    chart.add('rect', { x: left + k * step, y: top - 18, width: step + 0.5, height: 5, fill: css(range.table[Math.round(k * 255 / 39)]) });
  }
  chart.add('text', { x: left, y: top - 3 }, { text: '0' });
  chart.add('text', { x: right, y: top - 3, 'text-anchor': 'end' }, { text: `${range.high} ${unit}` });
}

/// Dots: cells with atoms. Hatched: the fit extrapolates. Line: the composition under the beam.
function draw(box, gp, values, { length, species, x: now }, extrapolated) {
  const half = (gp.x[1] - gp.x[0]) / 2;
  const chart = new Chart(box, { low: -0.5, high: 6.5, ticks: gp.n, label: `${species[1]} neighbours n` },
    { low: gp.x[0] - half, high: gp.x.at(-1) + half, ticks: [0, 0.2, 0.4, 0.6, 0.8, 1], label: 'composition x' }, { top: 36 });
  const range = { low: 0, high: niceAbove(Math.max(...values.flat().filter(known), 1e-9) * length.factor), table: sequential };
  const id = `hatch-${box.id}`;
  addHatch(chart, id);
  gp.x.forEach((x, i) => gp.n.forEach((n, j) => {
    const place = { x: chart.x(n - 0.5), y: chart.y(x + half), width: chart.x(n + 0.5) - chart.x(n - 0.5) + 0.4,
      height: chart.y(x - half) - chart.y(x + half) + 0.4 };
    const title = `x = ${fixed(x, 2)}, n = ${n}: ${withError(gp.mean[i][j] * length.factor, gp.sd[i][j] * length.factor, length.unit)}`;
    chart.add('rect', { ...place, fill: css(colourOf(values[i][j] * length.factor, range)) }, { title });
    if (extrapolated(gp.sd[i][j])) chart.add('rect', { ...place, fill: `url(#${id})` }, { title: `${title}, extrapolated` });
  }));
  for (const { n, x, count: atoms } of gp.cells.filter((c) => c.count > 0)) {
    chart.add('circle', { cx: chart.x(n), cy: chart.y(x), r: Math.min(4.5, 1.5 + Math.log10(atoms)), class: 'data' },
      { title: `x = ${fixed(x, 2)}, n = ${n}: ${count(atoms)} atoms` });
  }
  if (known(now)) chart.add('line', { x1: chart.left, x2: chart.right, y1: chart.y(now), y2: chart.y(now), class: 'now' }, { title: `x now: ${fixed(now, 3)}` });
  colourBar(chart, range, length.unit);
}

/// Mean and sd at the composition of the surface that is nearest to the one under the beam.
function showCurve(table, gp, { length: { factor, unit }, x: now }) {
  const distances = gp.x.map((x) => Math.abs(x - (now ?? 0.5)));
  const i = distances.indexOf(Math.min(...distances));
  fillTable(table, ['n', `x = ${fixed(gp.x[i], 2)}, ${unit}`],
    gp.n.map((n, j) => ({ cells: [String(n), withError(gp.mean[i][j] * factor, gp.sd[i][j] * factor, '')] })));
}

/// @param regression the message's entry of one species
export function showSurface(panel, regression, context) {
  const gp = regression?.gp;
  const missing = !gp?.x.length || !gp.mean.flat().some(known);
  label(panel, missing ? '' : `series, ${context.fields}, n = ${count(gp.cells.reduce((sum, c) => sum + c.count, 0))} atoms`,
    missing ? 'a symmetry-breaking mode and its atoms' : '');
  if (missing) return;
  const means = gp.mean.flat().filter(known);
  const halfRange = (Math.max(...means) - Math.min(...means)) / 2;
  const extrapolated = (sd) => sd > halfRange;
  showCurve(panel.querySelector('table'), gp, context);
  const [mean, sd] = panel.querySelectorAll('.plot');
  draw(mean, gp, gp.mean, context, extrapolated);
  draw(sd, gp, gp.sd, context, extrapolated);
}
