// SPDX-License-Identifier: Apache-2.0
// Elements, tables and canvases. Text from the stream only ever goes through textContent.

/** @import { Colour } from './colours.js' */

/**
 * The first element that a CSS selector finds in a part of the page.
 * @template {HTMLElement} [T=HTMLElement]
 * @param {ParentNode} box @param {string} selector @param {new () => T} kind
 */
export function part(box, selector, kind = /** @type {new () => T} */ (HTMLElement)) {
  const found = box.querySelector(selector);
  if (!(found instanceof kind)) throw new TypeError(`the page has no ${kind.name} ${selector}`);
  return found;
}

/** @template {HTMLElement} [T=HTMLElement] @param {string} id @param {new () => T} [kind] */
export const $ = (id, kind) => part(document, `#${id}`, kind);

/** @template {keyof HTMLElementTagNameMap} T @param {T} tag @param {string} [text] */
export function element(tag, className = '', text = undefined) {
  const e = document.createElement(tag);
  e.className = className;
  if (text !== undefined) e.textContent = text;
  return e;
}

/**
 * @param {HTMLTableElement} table @param {string[]} head of the columns
 * @param {{ cells: string[], faint?: boolean }[]} rows the first column is the rows' heading
 */
export function fillTable(table, head, rows) {
  /** @param {'th' | 'td'} tag @param {string[]} cells */
  const line = (tag, cells) => {
    const tr = element('tr');
    tr.append(...cells.map((cell, k) => element(k === 0 ? 'th' : tag, '', cell)));
    return tr;
  };
  const [thead, tbody] = [element('thead'), element('tbody')];
  thead.append(line('th', head));
  for (const { cells, faint } of rows) {
    const tr = line('td', cells);
    tr.classList.toggle('faint', Boolean(faint));
    tbody.append(tr);
  }
  table.replaceChildren(thead, tbody);
}

/**
 * What a panel is of, or what it waits for; an empty panel shows that in its middle.
 * @param {HTMLElement} panel @param {string} population @param {string} missing
 */
export function label(panel, population, missing) {
  panel.classList.toggle('waiting', Boolean(missing));
  part(panel, 'h2 small').textContent = missing ? '' : population;
  panel.dataset.waiting = missing ? `waiting for ${missing}` : '';
}

/** @param {HTMLCanvasElement} canvas */
export function penOf(canvas) {
  const pen = canvas.getContext('2d');
  if (!pen) throw new Error('the browser has no memory for a canvas');
  return pen;
}

/** As large as its box, cleared, in CSS px from its upper left corner. @param {HTMLCanvasElement} canvas */
export function sizedPen(canvas) {
  const ratio = window.devicePixelRatio || 1;
  const { clientWidth: width, clientHeight: height } = canvas;
  canvas.width = Math.max(1, Math.round(width * ratio));
  canvas.height = Math.max(1, Math.round(height * ratio));
  const pen = penOf(canvas);
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  return { pen, width, height };
}

/** @param {number} size @param {(k: number) => Colour} colourAt of pixel k, row by row from the top */
export function raster(size, colourAt) {
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width: size, height: size });
  const pen = penOf(canvas);
  const rgba = pen.createImageData(size, size);
  for (let k = 0; k < size * size; ++k) rgba.data.set([...colourAt(k), 255], 4 * k);
  pen.putImageData(rgba, 0, 0);
  return canvas;
}
