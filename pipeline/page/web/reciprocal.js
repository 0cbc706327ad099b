// SPDX-License-Identifier: Apache-2.0
// The power spectrum of this frame with the spots that were looked for, and what was found there.
import { fillTable, label, part, raster, sizedPen } from './dom.js';
import { fixed, known, scaled, withError } from './numbers.js';
import { niceBelow } from './ticks.js';

/** @import { Context } from './analysis.js' */
/** @import { Fourier, HalfOrderPeak, Maybe, Order, Peak, Views } from './messages.d.ts' */
/** @typedef {{ factor: number, name: string }} Unit */

const DIRECTIONS = ['a₁', 'a₂', 'a₂ − a₁'];
const DISC = 0.13;  // of |g|: where the power of a spot is summed

/** Frequencies come in 1/px; without a scale they stay so. @param {Context} context @returns {Unit} */
const inverse = ({ unit, perPx }) => (unit === 'nm' && perPx ? { factor: 1 / perPx, name: 'nm⁻¹' } : { factor: 1, name: 'px⁻¹' });

/** @param {Peak} peak */
const norm = ({ gx_per_px: gx, gy_per_px: gy }) => (known(gx) && known(gy) ? Math.hypot(gx, gy) : null);

/**
 * @param {CanvasRenderingContext2D} pen @param {number} x @param {number} y @param {number} r
 * @param {{ colour: string, dash: number[] }} style
 */
function circle(pen, x, y, r, { colour, dash }) {
  pen.strokeStyle = colour;
  pen.setLineDash(dash);
  pen.beginPath();
  pen.arc(x, y, r, 0, 7);
  pen.stroke();
}

/**
 * @param {CanvasRenderingContext2D} pen @param {number} x @param {number} y @param {number} side of the picture
 * @param {number} scale @param {Unit} unit
 */
function drawScaleBar(pen, x, y, side, scale, { factor, name }) {
  const length = niceBelow(((0.2 * side) / scale) * factor);
  pen.fillStyle = '#05070acc';
  pen.fillRect(x + 6, y - 34, (length / factor) * scale + 16, 28);
  pen.fillStyle = '#fff';
  pen.fillRect(x + 14, y - 14, (length / factor) * scale, 3);
  pen.fillText(`${Number(length.toPrecision(1))} ${name}`, x + 14, y - 19);
}

/**
 * Frequency 0 is in the middle of bin size/2; y is down, as in the image.
 * @param {HTMLCanvasElement} canvas @param {Fourier} fourier @param {Unit} reciprocal
 */
function draw(canvas, fourier, reciprocal) {
  const { pen, width, height } = sizedPen(canvas);
  const { size, step_per_px: step, grey, peaks, second_order: second, half_order: half } = fourier;
  const side = Math.min(width, height);
  const [left, top] = [(width - side) / 2, (height - side) / 2];
  const scale = side / size / step;
  const centre = (Math.floor(size / 2) + 0.5) * (side / size);
  pen.drawImage(raster(size, (k) => [grey[k], grey[k], grey[k]]), left, top, side, side);
  pen.save();
  pen.beginPath();
  pen.rect(left, top, side, side);
  pen.clip();
  const radius = DISC * scale * (peaks.map(norm).find(known) ?? 0);
  const marks = [{ spots: peaks, style: { colour: '#56b4e9', dash: [] } },
    { spots: second, style: { colour: '#56b4e9', dash: [2, 3] } },
    { spots: half, style: { colour: '#ff9f1c', dash: [4, 3] } }];
  pen.lineWidth = 1.4;
  pen.font = '600 12px system-ui, "DejaVu Sans", sans-serif';
  for (const { spots, style } of marks) {
    for (const { gx_per_px: gx, gy_per_px: gy } of spots) {
      if (!known(gx) || !known(gy)) continue;
      for (const sign of [1, -1]) {
        circle(pen, left + centre + sign * gx * scale, top + centre + sign * gy * scale, radius, style);
      }
    }
  }
  pen.fillStyle = '#56b4e9';
  peaks.forEach(({ gx_per_px: gx, gy_per_px: gy }, k) => {
    if (known(gx) && known(gy)) pen.fillText(DIRECTIONS[k], left + centre + gx * scale + radius + 3, top + centre + gy * scale + 4);
  });
  pen.restore();
  drawScaleBar(pen, left, top + side, side, scale, reciprocal);
}

/** @param {Unit} unit @returns {(p: Peak) => string} */
const splitting = ({ factor }) => (p) => (known(p.splitting_per_px) && p.splitting_per_px > 0
  ? `${fixed(p.splitting_per_px * factor, 3)} (${fixed(p.splitting_significance, 1)} σ)` : known(p.gx_per_px) ? 'one peak' : '—');

/**
 * Quantities of the three directions.
 * @param {Fourier} fourier @param {Order} order @param {string[]} species @param {Unit} reciprocal
 */
function rows({ peaks, second_order: second, half_order: half }, order, species, reciprocal) {
  /** @param {Maybe} v per px */
  const size = (v) => fixed(scaled(v, reciprocal.factor), 3);
  /** @param {HalfOrderPeak} p */
  const image = (p) => (known(p.ratio) ? `${fixed(100 * p.ratio, 2)} % (${fixed(p.significance, 1)} σ)` : '—');
  const longRange = species.map((of, s) => [`zigzag order, ${of}`,
    ...order.long_range.filter((l) => l.species === s).map((l) => (known(l.se) ? withError(l.order, l.se, '') : '—'))]);
  return [['|g|', ...peaks.map((p) => size(norm(p)))],
    ['σ radial of g', ...peaks.map((p) => size(p.width_radial_per_px))],
    ['σ tangential of g', ...peaks.map((p) => size(p.width_tangential_per_px))],
    ['splitting of g', ...peaks.map(splitting(reciprocal))],
    ['σ radial of 2g', ...second.map((p) => size(p.width_radial_per_px))],
    ['σ tangential of 2g', ...second.map((p) => size(p.width_tangential_per_px))],
    ['splitting of 2g', ...second.map(splitting(reciprocal))],
    ['P(g/2)/P(g)', ...half.map(image)],
    ['S(g/2), positions', ...order.structure_factor.map((s, k) => withError(s, order.structure_factor_se[k], ''))],
    ...longRange];
}

/** @param {HTMLElement} panel @param {Views | undefined} views @param {Context} context */
export function showReciprocal(panel, views, context) {
  const missing = !views || views.fourier.size === 0;
  label(panel, `this frame (${context.frame}), n = 1 frame`, missing ? 'a complete frame' : '');
  if (missing) return;
  const { fourier, order } = views;
  const reciprocal = inverse(context);
  part(panel, '.note').textContent =
    `grey: log₁₀ of the power over counting noise, ${fixed(fourier.low, 1)} to ${fixed(fourier.high, 1)}`;
  fillTable(part(panel, 'table', HTMLTableElement), [`${reciprocal.name}, rows along`, ...DIRECTIONS],
    rows(fourier, order, context.species, reciprocal).map((cells) => ({ cells })));
  draw(part(panel, 'canvas', HTMLCanvasElement), fourier, reciprocal);
}
