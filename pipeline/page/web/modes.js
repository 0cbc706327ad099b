// SPDX-License-Identifier: Apache-2.0
// The first three modes of each species, as arrows on the neighbours.
import { species as marks } from './colours.js';
import { element, sizedPen } from './dom.js';
import { count, fixed, scaled } from './numbers.js';

/** @import { ModeSet } from './messages.d.ts' */

// Distance (in lattice parameters) and first angle (degrees) of each shell of six, in the order of the loadings.
export const SHELLS = [[1, 0], [Math.sqrt(3), 30], [2, 0], [Math.sqrt(7), 19.1066]];

/** (u, v) in the lattice frame, lattice parameters. @param {number} neighbours */
export const idealSites = (neighbours) => Array.from({ length: neighbours }, (_, k) => {
  const [distance, first] = SHELLS[Math.floor(k / 6)];
  const angle = ((first + 60 * (k % 6)) * Math.PI) / 180;
  return [distance * Math.cos(angle), distance * Math.sin(angle)];
});

/** @param {CanvasRenderingContext2D} pen @param {number} x @param {number} y @param {number} dx @param {number} dy */
function arrow(pen, x, y, dx, dy) {
  const length = Math.hypot(dx, dy);
  if (length < 1.5) return;
  const head = Math.min(6, 0.5 * length + 1);
  const [ux, uy] = [dx / length, dy / length];
  pen.beginPath();
  pen.moveTo(x, y);
  pen.lineTo(x + dx - ux * head * 0.7, y + dy - uy * head * 0.7);
  pen.stroke();
  pen.beginPath();
  pen.moveTo(x + dx, y + dy);
  pen.lineTo(x + dx - ux * head - uy * head * 0.5, y + dy - uy * head + ux * head * 0.5);
  pen.lineTo(x + dx - ux * head + uy * head * 0.5, y + dy - uy * head - ux * head * 0.5);
  pen.fill();
}

/**
 * Arrows on the neighbours, turned by the lattice's rotation so that directions are those of the image.
 * @param {HTMLCanvasElement} canvas @param {number[]} vectors [2N]
 * @param {{ rotation: number, colour: string, gain: number }} options gain: from their unit to lattice parameters
 */
export function drawArrows(canvas, vectors, { rotation, colour, gain }) {
  const { pen, width, height } = sizedPen(canvas);
  const places = idealSites(vectors.length / 2);
  const reach = Math.max(...places.map(([u, v]) => Math.hypot(u, v))) + 0.5;
  const scale = Math.min(width, height) / 2 / reach;
  const [c, s] = [Math.cos(rotation), Math.sin(rotation)];
  /** @param {number} u @param {number} v @returns {[number, number]} */
  const toScreen = (u, v) => [scale * (c * u - s * v), -scale * (s * u + c * v)];  // v is up, the screen's y is down

  pen.translate(width / 2, height / 2);
  pen.strokeStyle = '#2b3542';
  for (const [u, v] of places.slice(0, 6)) {
    pen.beginPath();
    pen.moveTo(0, 0);
    pen.lineTo(...toScreen(u, v));
    pen.stroke();
  }
  pen.fillStyle = '#7b8aa0';
  for (const [u, v] of places) {
    pen.beginPath();
    pen.arc(...toScreen(u, v), 2.2, 0, 7);
    pen.fill();
  }
  pen.fillStyle = pen.strokeStyle = colour;
  pen.beginPath();
  pen.arc(0, 0, 3.4, 0, 7);
  pen.fill();
  pen.lineWidth = 2;
  places.forEach(([u, v], k) => {
    arrow(pen, ...toScreen(u, v), ...toScreen(gain * vectors[2 * k], gain * vectors[2 * k + 1]));
  });
}

/** @param {number[]} loadings */
const unitGain = (loadings) => 1.2 * Math.sqrt(loadings.length / 12);  // breathing: half a neighbour distance

/**
 * @param {HTMLElement} box @param {Pick<ModeSet, 'species' | 'count' | 'modes'>[]} sets the message's "pca"
 * @param {number} rotation
 */
export function showModes(box, sets, rotation) {
  box.replaceChildren();
  /** @type {(() => void)[]} */
  const draw = [];
  sets.forEach((set, s) => {
    const head = element('div', 'species');
    const title = element('b', '', set.species || '—');
    title.style.color = marks[s].colour;
    head.append(title, element('small', '', set.count > 0 ? `n = ${count(set.count)}` : 'no data'));
    box.append(head);
    for (let k = 0; k < 3; ++k) {
      const mode = set.count > 0 ? set.modes[k] : undefined;
      const cell = element('div', 'cell');
      const canvas = document.createElement('canvas');
      cell.append(canvas, element('div', 'name', mode ? mode.name : '—'),
        element('div', 'detail', mode ? `${fixed(scaled(mode.explained, 100), 1)} % · ` +
          (mode.name === 'unnamed' ? 'no ideal pattern' : `overlap ${fixed(mode.overlap, 2)}`) : '—'));
      box.append(cell);
      if (mode) draw.push(() => drawArrows(canvas, mode.loadings,
        { rotation, colour: marks[s].colour, gain: unitGain(mode.loadings) }));
    }
  });
  draw.forEach((f) => f());  // after all are laid out: their sizes are known
}
