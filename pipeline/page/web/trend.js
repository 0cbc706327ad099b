// SPDX-License-Identifier: Apache-2.0
// Values of the complete frames of the series, with their standard errors: is it changing?
import { sizedPen } from './dom.js';
import { known, scaled } from './numbers.js';

/** @import { Trend, TrendName } from './messages.d.ts' */

/** @typedef {{ frame: number, value: number, se: number }} Point */

/** Never magnifies less than three errors. @param {Point[]} points */
function trendRange(points) {
  const low = Math.min(...points.map(({ value, se }) => value - 3 * se));
  const high = Math.max(...points.map(({ value, se }) => value + 3 * se));
  return high > low ? { low, high } : { low: low - 1e-6, high: high + 1e-6 };
}

/** @param {Trend} trend @param {TrendName} name @param {number} factor from its unit to the shown one */
function pointsOf(trend, name, factor) {
  return trend.frame.flatMap((frame, k) => {
    const value = scaled(trend[name][k], factor);
    return known(value) ? [{ frame, value, se: scaled(trend[`se_${name}`][k], factor) ?? 0 }] : [];
  });
}

/**
 * A band of ± one standard error and a line.
 * @param {HTMLCanvasElement} canvas @param {Trend} trend @param {TrendName} name
 * @param {{ colour: string, digits: number, factor: number }} options factor: from the trend's unit to the shown one
 */
export function drawTrend(canvas, trend, name, { colour, digits, factor }) {
  const { pen, width, height } = sizedPen(canvas);
  const points = pointsOf(trend, name, factor);
  if (points.length < 2) return;
  const { low, high } = trendRange(points);
  const [first, last] = [points[0].frame, points[points.length - 1].frame];
  const right = width - 46;
  /** @param {Point} point */
  const x = ({ frame }) => (right * (frame - first)) / (last - first || 1);
  /** @param {number} value */
  const y = (value) => 3 + ((high - value) / (high - low)) * (height - 6);

  pen.globalAlpha = 0.25;
  pen.fillStyle = colour;
  pen.beginPath();
  points.forEach((p) => pen.lineTo(x(p), y(p.value + p.se)));
  [...points].reverse().forEach((p) => pen.lineTo(x(p), y(p.value - p.se)));
  pen.fill();
  pen.globalAlpha = 1;
  pen.strokeStyle = colour;
  pen.lineWidth = 1.4;
  pen.beginPath();
  points.forEach((p) => pen.lineTo(x(p), y(p.value)));
  pen.stroke();
  pen.font = '10px system-ui, "DejaVu Sans", sans-serif';
  pen.fillStyle = '#8796a8';
  pen.fillText(high.toFixed(digits), right + 5, 10);
  pen.fillText(low.toFixed(digits), right + 5, height - 3);
}
