// SPDX-License-Identifier: Apache-2.0
// Values of the complete frames of the series, with their standard errors: is it changing?
import { known } from './colours.js';

/// A band of ± one standard error and a line, on a range that never magnifies less than three errors.
/// @param trend the message's "trend"; @param factor from its unit to the shown one
export function drawTrend(canvas, trend, name, { colour, digits, factor }) {
  const ratio = window.devicePixelRatio || 1;
  const { clientWidth: w, clientHeight: h } = canvas;
  Object.assign(canvas, { width: Math.max(1, Math.round(w * ratio)), height: Math.max(1, Math.round(h * ratio)) });
  const points = trend.frame.map((frame, k) => [frame, trend[name][k] * factor, trend[`se_${name}`][k] * factor])
    .filter((_, k) => known(trend[name][k]));
  if (points.length < 2) return;
  const pen = canvas.getContext('2d');
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);

  let low = Math.min(...points.map(([, v, se]) => v - 3 * se));
  let high = Math.max(...points.map(([, v, se]) => v + 3 * se));
  if (high <= low) [low, high] = [low - 1e-6, high + 1e-6];
  const [first, last] = [points[0][0], points.at(-1)[0]];
  const right = w - 46;
  const x = (frame) => (right * (frame - first)) / (last - first || 1);
  const y = (value) => 3 + ((high - value) / (high - low)) * (h - 6);

  pen.globalAlpha = 0.25;
  pen.fillStyle = colour;
  pen.beginPath();
  points.forEach(([f, v, se]) => pen.lineTo(x(f), y(v + se)));
  [...points].reverse().forEach(([f, v, se]) => pen.lineTo(x(f), y(v - se)));
  pen.fill();
  pen.globalAlpha = 1;
  pen.strokeStyle = colour;
  pen.lineWidth = 1.4;
  pen.beginPath();
  points.forEach(([f, v]) => pen.lineTo(x(f), y(v)));
  pen.stroke();
  pen.font = '10px system-ui, "DejaVu Sans", sans-serif';
  pen.fillStyle = '#8796a8';
  pen.fillText(high.toFixed(digits), right + 5, 10);
  pen.fillText(low.toFixed(digits), right + 5, h - 3);
}
