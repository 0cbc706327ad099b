// SPDX-License-Identifier: Apache-2.0
// The image, the map and the atoms on one canvas. Pixel centres are at integers: the image begins at -0.5.
import { colourOf, css, niceBelow, species as marks } from './colours.js';

const WRONG = 2 | 4 | 8;        // moved, weak, misfit: red cross
const INCOMPLETE = 1 | 16;      // edge, provisional: not wrong, only not finished

export class Scene {
  constructor(canvas) {
    this.canvas = canvas;
    this.pen = canvas.getContext('2d');
    this.image = document.createElement('canvas');
    this.map = document.createElement('canvas');
    this.previous = null;
    this.zoom = 1;
    this.centre = null;  // image px; null: the whole frame
  }

  /// @param frame number and completeness; the last complete image stays to be seen dimly below the beam
  setImage(info, grey, { number, complete, series }) {
    this.info = info;
    if (this.previous && (this.previous.series !== series || this.previous.width !== info.width)) this.previous = null;
    Object.assign(this.image, { width: info.width, height: info.height });
    const pen = this.image.getContext('2d');
    const rgba = pen.createImageData(info.width, info.height);
    const words = new Uint32Array(rgba.data.buffer);
    for (let k = 0; k < words.length; ++k) words[k] = 0xff000000 | (grey[k] * 0x010101);
    pen.putImageData(rgba, 0, 0);
    if (complete) {
      this.previous = { number, series, width: info.width, canvas: document.createElement('canvas') };
      Object.assign(this.previous.canvas, { width: info.width, height: info.height });
      this.previous.canvas.getContext('2d').drawImage(this.image, 0, 0);
    }
  }

  setMap(layer, field, range) {
    Object.assign(this.map, { width: layer.cols, height: layer.rows });
    this.mapStep = layer.step_px;
    const pen = this.map.getContext('2d');
    const rgba = pen.createImageData(layer.cols, layer.rows);
    layer[field].forEach((v, k) => {
      if (Number.isFinite(v)) rgba.data.set([...colourOf(v, range), 255], 4 * k);  // NaN stays transparent
    });
    pen.putImageData(rgba, 0, 0);
  }

  /// Screen = (image + 0.5 - corner) * scale, in CSS px.
  place() {
    const { clientWidth: w, clientHeight: h } = this.canvas;
    const { rows_px: rows, cols_px: cols } = this.info;
    this.scale = this.zoom * Math.min(w / cols, h / rows);
    const [x, y] = this.centre ?? [cols / 2, rows / 2];
    this.corner = [x - w / 2 / this.scale, y - h / 2 / this.scale];
  }

  toScreen(x, y) {
    return [(x + 0.5 - this.corner[0]) * this.scale, (y + 0.5 - this.corner[1]) * this.scale];
  }

  toImage(sx, sy) {
    return [sx / this.scale + this.corner[0] - 0.5, sy / this.scale + this.corner[1] - 0.5];
  }

  zoomAt(sx, sy, factor) {
    const [x, y] = this.toImage(sx, sy);
    const before = this.zoom;
    this.zoom = Math.max(1, Math.min(40, this.zoom * factor));
    const [cx, cy] = this.centre ?? [this.info.cols_px / 2, this.info.rows_px / 2];
    const k = before / this.zoom;
    this.centre = this.zoom === 1 ? null : [x + 0.5 + (cx - x - 0.5) * k, y + 0.5 + (cy - y - 0.5) * k];
  }

  moveBy(dx, dy) {
    if (this.zoom === 1) return;
    const [cx, cy] = this.centre;
    this.centre = [cx - dx / this.scale, cy - dy / this.scale];
  }

  whole() {
    this.zoom = 1;
    this.centre = null;
  }

  draw(options) {
    const ratio = window.devicePixelRatio || 1;
    const { clientWidth: w, clientHeight: h } = this.canvas;
    Object.assign(this.canvas, { width: Math.round(w * ratio), height: Math.round(h * ratio) });
    this.pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.place();
    this.drawRaster(options);
    this.drawUnscanned(options);
    if (options.showAtoms) this.drawAtoms(options);
    this.drawScaleBar(options);
  }

  drawRaster({ showImage, showMap, dim }) {
    const { pen, scale } = this;
    const [x, y] = this.toScreen(-0.5, -0.5);
    if (showImage) {
      const side = this.info.factor * scale;
      pen.imageSmoothingEnabled = side < 3;
      pen.globalAlpha = dim ? 0.5 : 1;
      pen.drawImage(this.image, x, y, this.image.width * side, this.image.height * side);
    }
    if (showMap) {
      pen.imageSmoothingEnabled = false;
      pen.globalAlpha = showImage ? 0.7 : 1;
      pen.drawImage(this.map, x, y, this.map.width * this.mapStep * scale, this.map.height * this.mapStep * scale);
    }
    pen.globalAlpha = 1;
  }

  /// Hatches the rows not scanned (or lost), and marks where the beam is.
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
    if (this.previous) this.drawPrevious(x, y, last[0] + last[1]);
    pen.fillStyle = '#3fc380';
    pen.fillRect(x, y - 1, width * scale, 2);
  }

  /// Only where the beam is still to come, dim, and with its number: nobody shall take it for this frame.
  drawPrevious(x, y, row) {
    const { pen, scale } = this;
    const { factor, cols_px: cols, rows_px: rows } = this.info;
    const from = row / factor;
    const { canvas, number } = this.previous;
    pen.globalAlpha = 0.28;
    pen.drawImage(canvas, 0, from, canvas.width, canvas.height - from,
      x, y, canvas.width * factor * scale, (canvas.height - from) * factor * scale);
    pen.globalAlpha = 1;
    pen.font = '12px system-ui, "DejaVu Sans", sans-serif';
    pen.fillStyle = '#b8c4d2';
    if ((rows - row) * scale > 40) pen.fillText(`not scanned yet (dim: frame ${number})`, x + cols * scale - 205, y + 18);
  }

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

  /// Species: outlines, so that the image is seen through them; scores: filled in the colour of the score.
  drawAtoms({ atoms, values, range, spacing, showImage }) {
    const { pen, scale } = this;
    const full = Math.max(2, values ? Math.min(15, 0.27 * spacing * scale) : 0.2 * spacing * scale);
    const { clientWidth: w, clientHeight: h } = this.canvas;
    for (let k = 0; k < atoms.count; ++k) {
      const [x, y] = this.toScreen(atoms.x_px[k], atoms.y_px[k]);
      if (x < -full || y < -full || x > w + full || y > h + full) continue;
      const mark = marks[atoms.species[k]];
      const flags = atoms.flags[k];
      const r = mark.shape === 'small' ? 0.55 * full : full;
      const value = values ? values[k] : NaN;
      outline(pen, mark.shape, x, y, r);
      if (Number.isFinite(value)) {
        pen.fillStyle = css(colourOf(value, range));
        pen.fill();
        pen.lineWidth = 0.8;
        pen.strokeStyle = '#0009';
      } else {
        pen.lineWidth = full > 8 ? 1.6 : 1.1;
        pen.strokeStyle = values ? '#7d8a9955' : mark.colour;
        pen.globalAlpha = flags & INCOMPLETE ? 0.4 : 1;
        if (!values && !showImage) {
          pen.fillStyle = mark.colour;
          pen.fill();
        }
      }
      pen.stroke();
      pen.globalAlpha = 1;
      if (flags & WRONG) cross(pen, x, y, Math.max(3, 0.8 * full));
    }
  }

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
