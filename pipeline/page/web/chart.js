// SPDX-License-Identifier: Apache-2.0
// Axes and marks as SVG: its text can be selected, its marks say their numbers under the pointer.

const SPACE = 'http://www.w3.org/2000/svg';

/// @param title shown under the pointer
export function svg(tag, attributes, { text, title } = {}) {
  const e = document.createElementNS(SPACE, tag);
  for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, value);
  if (text !== undefined) e.textContent = text;
  if (title) e.append(svg('title', {}, { text: title }));
  return e;
}

/// About `count` round numbers from low to high.
export function roundTicks(low, high, count) {
  const raw = (high - low) / count;
  const unit = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].find((m) => m * unit >= raw) * unit;
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, k) => Number(((first + k) * step).toPrecision(12)));
}

/// Fills a box with a chart.
export class Chart {
  /// @param x, y {low, high, ticks, label}
  constructor(box, x, y, { top = 6, left = 38 } = {}) {
    const { clientWidth: width, clientHeight: height } = box;
    Object.assign(this, { xAxis: x, yAxis: y, left, top, right: width - 6, bottom: Math.max(top + 1, height - 32) });
    this.root = svg('svg', { width, height, class: 'chart' });
    this.axes();
    box.replaceChildren(this.root);
  }

  x(value) {
    return this.left + ((value - this.xAxis.low) / (this.xAxis.high - this.xAxis.low)) * (this.right - this.left);
  }

  y(value) {
    return this.bottom - ((value - this.yAxis.low) / (this.yAxis.high - this.yAxis.low)) * (this.bottom - this.top);
  }

  add(tag, attributes, content) {
    this.root.append(svg(tag, attributes, content));
  }

  axes() {
    const { left, right, top, bottom } = this;
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
