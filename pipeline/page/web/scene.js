// SPDX-License-Identifier: Apache-2.0
// The image, the map and the atoms on one canvas. Pixel centres are at integers: the image begins at -0.5.
import { colourOf, css, species as marks } from './colours.js';
import { penOf, sizedPen } from './dom.js';
import { niceBelow } from './ticks.js';

/** @import { Range } from './colours.js' */
/** @import { Atoms, Frame, Image, MapLayer } from './messages.d.ts' */
/**
 * @typedef {object} Options
 * @property {Atoms} atoms
 * @property {{ values: Float32Array, range: Range } | null} scores of the atoms; null: they show their species
 * @property {[number, number][]} rows scanned: first and count of each run
 * @property {boolean} complete
 * @property {boolean} showImage
 * @property {boolean} showMap
 * @property {boolean} showAtoms
 * @property {number} spacing of the atoms, image px
 * @property {number} lengthPerPx
 * @property {string} unit
 */

const WRONG = 2 | 4 | 8;        // moved, weak, misfit: red cross
const INCOMPLETE = 1 | 16;      // edge, provisional: not wrong, only not finished

export class Scene {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.pen = penOf(canvas);
    this.image = document.createElement('canvas');
    this.map = document.createElement('canvas');
    this.info = { width: 0, height: 0, factor: 1, rows_px: 0, cols_px: 0 };
    /** @type {{ number: number, series: string | null, width: number, canvas: HTMLCanvasElement } | null} */
    this.previous = null;
    this.mapStep = 1;
    this.zoom = 1;
    /** @type {[number, number] | null} */
    this.centre = null;  // image px; null: the whole frame
    this.scale = 1;
    this.corner = [0, 0];
  }

  /** The last complete image stays to be seen dimly below the beam. @param {Image} info @param {Frame} frame */
  setImage(info, { number, complete, series }) {
    this.info = info;
    if (this.previous && (this.previous.series !== series || this.previous.width !== info.width)) this.previous = null;
    Object.assign(this.image, { width: info.width, height: info.height });
    const pen = penOf(this.image);
    const rgba = pen.createImageData(info.width, info.height);
    const words = new Uint32Array(rgba.data.buffer);
    for (let k = 0; k < words.length; ++k) words[k] = 0xff000000 | (info.pixels[k] * 0x010101);
    pen.putImageData(rgba, 0, 0);
    if (complete) {
      this.previous = { number, series, width: info.width, canvas: document.createElement('canvas') };
      Object.assign(this.previous.canvas, { width: info.width, height: info.height });
      penOf(this.previous.canvas).drawImage(this.image, 0, 0);
    }
  }

  /** @param {MapLayer} layer @param {Float32Array} values of it, drawn in a range of them @param {Range} range */
  setMap(layer, values, range) {
    Object.assign(this.map, { width: layer.cols, height: layer.rows });
    this.mapStep = layer.step_px;
    const pen = penOf(this.map);
    const rgba = pen.createImageData(layer.cols, layer.rows);
    values.forEach((v, k) => {
      const colour = colourOf(v, range);
      if (colour) rgba.data.set([...colour, 255], 4 * k);  // NaN stays transparent
    });
    pen.putImageData(rgba, 0, 0);
  }

  /** Screen = (image + 0.5 - corner) * scale, in CSS px. */
  place() {
    const { clientWidth: w, clientHeight: h } = this.canvas;
    const { rows_px: rows, cols_px: cols } = this.info;
    this.scale = this.zoom * Math.min(w / cols, h / rows);
    const [x, y] = this.centre ?? [cols / 2, rows / 2];
    this.corner = [x - w / 2 / this.scale, y - h / 2 / this.scale];
  }

  /** @param {number} x @param {number} y */
  toScreen(x, y) {
    return [(x + 0.5 - this.corner[0]) * this.scale, (y + 0.5 - this.corner[1]) * this.scale];
  }

  /** @param {number} sx @param {number} sy @returns {[number, number]} */
  toImage(sx, sy) {
    return [sx / this.scale + this.corner[0] - 0.5, sy / this.scale + this.corner[1] - 0.5];
  }

  /** @param {number} sx @param {number} sy @param {number} factor */
  zoomAt(sx, sy, factor) {
    const [x, y] = this.toImage(sx, sy);
    const before = this.zoom;
    this.zoom = Math.max(1, Math.min(40, this.zoom * factor));
    const [cx, cy] = this.centre ?? [this.info.cols_px / 2, this.info.rows_px / 2];
    const k = before / this.zoom;
    this.centre = this.zoom === 1 ? null : [x + 0.5 + (cx - x - 0.5) * k, y + 0.5 + (cy - y - 0.5) * k];
  }

  /** @param {number} dx @param {number} dy */
  moveBy(dx, dy) {
    if (!this.centre) return;
    const [cx, cy] = this.centre;
    this.centre = [cx - dx / this.scale, cy - dy / this.scale];
  }

  whole() {
    this.zoom = 1;
    this.centre = null;
  }

  /** @param {Options} options */
  draw(options) {
    sizedPen(this.canvas);
    this.place();
    this.drawRaster(options);
    this.drawUnscanned(options);
    if (options.showAtoms) this.drawAtoms(options);
    this.drawScaleBar(options);
  }

  /** @param {Options} options */
  drawRaster({ showImage, showMap, scores }) {
    const { pen, scale } = this;
    const [x, y] = this.toScreen(-0.5, -0.5);
    if (showImage) {
      const side = this.info.factor * scale;
      pen.imageSmoothingEnabled = side < 3;
      pen.globalAlpha = scores ? 0.5 : 1;
      pen.drawImage(this.image, x, y, this.image.width * side, this.image.height * side);
    }
    if (showMap) {
      pen.imageSmoothingEnabled = false;
      pen.globalAlpha = showImage ? 0.7 : 1;
      pen.drawImage(this.map, x, y, this.map.width * this.mapStep * scale, this.map.height * this.mapStep * scale);
    }
    pen.globalAlpha = 1;
  }

  /** Hatches the rows not scanned (or lost), and marks where the beam is. @param {Options} options */
  drawUnscanned({ rows, complete }) {
    const { pen, scale } = this;
    const { rows_px: height, cols_px: width } = this.info;
    let next = 0;
    for (const [first, n] of [...rows, [height, 0]]) {
      if (first > next) this.hatch(-0.5, next - 0.5, width, first - next);
      next = first + n;
    }
    if (complete || rows.length === 0) return;
    const last = rows[rows.length - 1];
    const [x, y] = this.toScreen(-0.5, last[0] + last[1] - 0.5);
    if (this.previous) this.drawPrevious(this.previous, x, y, last[0] + last[1]);
    pen.fillStyle = '#3fc380';
    pen.fillRect(x, y - 1, width * scale, 2);
  }

  /**
   * Only where the beam is still to come, dim, and with its number: nobody shall take it for this frame.
   * @param {{ canvas: HTMLCanvasElement, number: number }} previous @param {number} x @param {number} y
   * @param {number} row where the beam is
   */
  drawPrevious({ canvas, number }, x, y, row) {
    const { pen, scale } = this;
    const { factor, cols_px: cols, rows_px: rows } = this.info;
    const from = row / factor;
    pen.globalAlpha = 0.28;
    pen.drawImage(canvas, 0, from, canvas.width, canvas.height - from,
      x, y, canvas.width * factor * scale, (canvas.height - from) * factor * scale);
    pen.globalAlpha = 1;
    pen.font = '12px system-ui, "DejaVu Sans", sans-serif';
    pen.fillStyle = '#b8c4d2';
    if ((rows - row) * scale > 40) pen.fillText(`not scanned yet (dim: frame ${number})`, x + cols * scale - 205, y + 18);
  }

  /** @param {number} x @param {number} y @param {number} width @param {number} height */
  hatch(x, y, width, height) {
    const { pen, scale } = this;
    const [sx, sy] = this.toScreen(x, y);
    const [w, h] = [width * scale, height * scale];
    pen.save();
    pen.beginPath();
    pen.rect(sx, sy, w, h);
    pen.clip();
    pen.fillStyle = '#0f141b';
    pen.fillRect(sx, sy, w, h);
    pen.strokeStyle = '#1a222d';
    pen.beginPath();
    for (let d = -h; d < w; d += 12) {
      pen.moveTo(sx + d, sy + h);
      pen.lineTo(sx + d + h, sy);
    }
    pen.stroke();
    pen.restore();
  }

  /**
   * Species: outlines, so that the image is seen through them; scores: filled in the colour of the score.
   * @param {Options} options
   */
  drawAtoms({ atoms, scores, spacing, showImage }) {
    const { pen, scale } = this;
    const full = Math.max(2, scores ? Math.min(15, 0.27 * spacing * scale) : 0.2 * spacing * scale);
    const { clientWidth: w, clientHeight: h } = this.canvas;
    for (let k = 0; k < atoms.count; ++k) {
      const [x, y] = this.toScreen(atoms.x_px[k], atoms.y_px[k]);
      if (x < -full || y < -full || x > w + full || y > h + full) continue;
      const mark = marks[atoms.species[k]];
      const flags = atoms.flags[k];
      const r = mark.shape === 'small' ? 0.55 * full : full;
      const colour = scores ? colourOf(scores.values[k], scores.range) : undefined;
      outline(pen, mark.shape, x, y, r);
      if (colour) {
        pen.fillStyle = css(colour);
        pen.fill();
        pen.lineWidth = 0.8;
        pen.strokeStyle = '#0009';
      } else {
        pen.lineWidth = full > 8 ? 1.6 : 1.1;
        pen.strokeStyle = scores ? '#7d8a9955' : mark.colour;
        pen.globalAlpha = flags & INCOMPLETE ? 0.4 : 1;
        if (!scores && !showImage) {
          pen.fillStyle = mark.colour;
          pen.fill();
        }
      }
      pen.stroke();
      pen.globalAlpha = 1;
      if (flags & WRONG) cross(pen, x, y, Math.max(3, 0.8 * full));
    }
  }

  /** @param {Options} options */
  drawScaleBar({ lengthPerPx, unit }) {
    const { pen, scale } = this;
    const { clientWidth: w, clientHeight: h } = this.canvas;
    const length = niceBelow((0.22 * Math.min(w, h) / scale) * lengthPerPx);
    const bar = (length / lengthPerPx) * scale;
    const [x, y] = [14, h - 16];
    const text = `${Number(length.toPrecision(1))} ${unit}`;
    pen.font = '600 13px system-ui, "DejaVu Sans", sans-serif';
    pen.fillStyle = '#05070acc';
    pen.fillRect(x - 7, y - 22, Math.max(bar, pen.measureText(text).width) + 14, 32);
    pen.fillStyle = '#fff';
    pen.fillRect(x, y, bar, 4);
    pen.fillText(text, x, y - 6);
  }
}

/** @param {CanvasRenderingContext2D} pen @param {string} shape @param {number} x @param {number} y @param {number} r */
export function outline(pen, shape, x, y, r) {
  pen.beginPath();
  if (shape === 'square') {
    pen.rect(x - 0.88 * r, y - 0.88 * r, 1.76 * r, 1.76 * r);
  } else if (shape === 'diamond') {
    pen.moveTo(x, y - 1.2 * r);
    pen.lineTo(x + 1.2 * r, y);
    pen.lineTo(x, y + 1.2 * r);
    pen.lineTo(x - 1.2 * r, y);
    pen.closePath();
  } else {
    pen.arc(x, y, r, 0, 7);
  }
}

/** @param {CanvasRenderingContext2D} pen @param {number} x @param {number} y @param {number} r */
export function cross(pen, x, y, r) {
  pen.strokeStyle = '#ff4a3d';
  pen.lineWidth = 1.8;
  pen.beginPath();
  pen.moveTo(x - r, y - r);
  pen.lineTo(x + r, y + r);
  pen.moveTo(x + r, y - r);
  pen.lineTo(x - r, y + r);
  pen.stroke();
}
