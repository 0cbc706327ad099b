// SPDX-License-Identifier: Apache-2.0
// Axes and marks as SVG: its text can be selected, its marks say their numbers under the pointer.

const SPACE = 'http://www.w3.org/2000/svg';

/** @typedef {{ text?: string, title?: string }} Content the title is shown under the pointer */
/** @typedef {{ low: number, high: number, ticks: number[], label: string }} Axis */

/** @param {string} tag @param {Record<string, string | number>} attributes @param {Content} content */
export function svg(tag, attributes, { text, title } = {}) {
  const e = document.createElementNS(SPACE, tag);
  for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, String(value));
  if (text !== undefined) e.textContent = text;
  if (title) e.append(svg('title', {}, { text: title }));
  return e;
}

/** Fills a box with a chart. */
export class Chart {
  /** @param {HTMLElement} box @param {Axis} x @param {Axis} y */
  constructor(box, x, y, { top = 6, left = 38 } = {}) {
    const { clientWidth: width, clientHeight: height } = box;
    this.xAxis = x;
    this.yAxis = y;
    this.left = left;
    this.top = top;
    this.right = width - 6;
    this.bottom = Math.max(top + 1, height - 32);
    this.root = svg('svg', { width, height, class: 'chart' });
    this.axes();
    box.replaceChildren(this.root);
  }

  /** @param {number} value */
  x(value) {
    return this.left + ((value - this.xAxis.low) / (this.xAxis.high - this.xAxis.low)) * (this.right - this.left);
  }

  /** @param {number} value */
  y(value) {
    return this.bottom - ((value - this.yAxis.low) / (this.yAxis.high - this.yAxis.low)) * (this.bottom - this.top);
  }

  /** @param {string} tag @param {Record<string, string | number>} attributes @param {Content} [content] */
  add(tag, attributes, content) {
    this.root.append(svg(tag, attributes, content));
  }

  axes() {
    const { left, right, top, bottom } = this;
    /** @param {number} value */
    const text = (value) => String(value).replace('-', '−');
    for (const tick of this.yAxis.ticks) {
      this.add('line', { x1: left, x2: right, y1: this.y(tick), y2: this.y(tick), class: tick === 0 ? 'zero' : 'grid' });
      this.add('text', { x: left - 5, y: this.y(tick) + 3.5, 'text-anchor': 'end' }, { text: text(tick) });
    }
    for (const tick of this.xAxis.ticks) {
      this.add('text', { x: this.x(tick), y: bottom + 13, 'text-anchor': 'middle' }, { text: text(tick) });
    }
    this.add('text', { x: (left + right) / 2, y: bottom + 27, 'text-anchor': 'middle' }, { text: this.xAxis.label });
    const middle = (top + bottom) / 2;
    this.add('text', { x: 9, y: middle, 'text-anchor': 'middle', transform: `rotate(-90 9 ${middle})` }, { text: this.yAxis.label });
  }
}
