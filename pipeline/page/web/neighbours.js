// SPDX-License-Identifier: Apache-2.0
// All offsets from the cations to their neighbours in one picture: width is disorder, splitting is lower symmetry.
import { colourOf, sequential } from './colours.js';
import { fillTable, label, part, raster, sizedPen } from './dom.js';
import { SHELLS, idealSites } from './modes.js';
import { count, fixed, known, scaled, withError } from './numbers.js';

/** @import { Context } from './analysis.js' */
/** @import { Maybe, NeighbourHistogram, Site, Views } from './messages.d.ts' */

const GROUND = [5, 7, 10];

/**
 * The cation is in the middle of the middle bin; v is up.
 * @param {HTMLCanvasElement} canvas @param {NeighbourHistogram} histogram @param {number} most counts of a bin
 */
function draw(canvas, { bins, bin_a: bin, counts, neighbours }, most) {
  const { pen, width, height } = sizedPen(canvas);
  const side = Math.min(width, height);
  const perA = side / bins / bin;
  const range = { low: 0, high: Math.log1p(most), table: sequential };
  pen.translate(width / 2, height / 2);
  pen.drawImage(raster(bins, (k) => (counts[k] && colourOf(Math.log1p(counts[k]), range)) || GROUND), -side / 2, -side / 2, side, side);
  pen.beginPath();
  pen.rect(-side / 2, -side / 2, side, side);
  pen.clip();
  pen.strokeStyle = '#6b7a8c';
  pen.setLineDash([3, 4]);
  for (const [distance] of SHELLS.slice(0, Math.ceil(neighbours / 6))) {
    pen.beginPath();
    pen.arc(0, 0, distance * perA, 0, 7);
    pen.stroke();
  }
  pen.setLineDash([]);
  pen.strokeStyle = pen.fillStyle = '#ff9f1c';
  pen.font = '600 12px system-ui, "DejaVu Sans", sans-serif';
  pen.textAlign = 'center';
  idealSites(neighbours).forEach(([u, v], k) => {
    const [x, y] = [u * perA, -v * perA];
    pen.beginPath();
    for (const [dx, dy] of [[12, 0], [-12, 0], [0, 12], [0, -12]]) {  // a cross-hair, open where the atoms are
      pen.moveTo(x + dx, y + dy);
      pen.lineTo(x + 1.5 * dx, y + 1.5 * dy);
    }
    pen.stroke();
    const out = 1 + 30 / Math.hypot(x, y);
    pen.fillText(String(k + 1), x * out, y * out + 4);
  });
  pen.fillStyle = '#dfe7ef';
  pen.beginPath();
  pen.arc(0, 0, 3, 0, 7);
  pen.fill();
}

/** @param {Site} site @param {number} k @param {{ factor: number, digits: number }} unit */
function row(site, k, { factor, digits }) {
  /** @param {Maybe} v */
  const size = (v) => fixed(scaled(v, factor), digits);
  const split = !known(site.splitting_a) ? '—' : site.splitting_a > 0
    ? `${size(site.splitting_a)} (${fixed(site.splitting_significance, 1)} σ)` : 'none';
  const angle = known(site.widest_a) ? fixed(scaled(site.widest_rad, 180 / Math.PI), 0, '°') : '—';
  const distance = known(site.u_a) && known(site.v_a) ? Math.hypot(site.u_a, site.v_a) : null;
  return [String(k + 1), size(distance), size(site.widest_a), angle,
    size(site.narrowest_a), split];
}

/** @param {HTMLElement} panel @param {Views | undefined} views @param {Context} context */
export function showNeighbours(panel, views, context) {
  const missing = !views || views.neighbour_histogram.cations === 0;
  label(panel, missing ? '' : `tracks, n = ${count(views.neighbour_histogram.cations)} cations${context.framesHere}`,
    missing ? 'cations with all their neighbours' : '');
  if (missing) return;
  const { neighbour_histogram: histogram, order } = views;
  const most = histogram.counts.reduce((a, b) => Math.max(a, b), 1);
  const unit = context.unit === 'nm' && context.a
    ? { factor: context.a * 1000, digits: 1, name: 'pm' } : { factor: 1, digits: 4, name: 'a' };
  part(panel, '.note').textContent = `1 to ${count(most)} offsets a bin, log scale; crosses: ideal` +
    (unit.name === 'pm' ? `, a = ${fixed(unit.factor, 1)} pm` : '') + `; hexatic order ${withError(order.hexatic.mean, order.hexatic.se, '')}`;
  fillTable(part(panel, 'table', HTMLTableElement),
    [`site, ${unit.name}`, 'distance', 'σ widest', 'along', 'σ narrowest', 'splitting'],
    histogram.sites.map((site, k) => ({ cells: row(site, k, unit) })));
  draw(part(panel, 'canvas', HTMLCanvasElement), histogram, most);
}
