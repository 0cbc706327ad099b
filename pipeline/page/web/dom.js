// SPDX-License-Identifier: Apache-2.0
// Elements, tables and canvases. Text from the stream only ever goes through textContent.

export function element(tag, className = '', text = undefined) {
  const e = document.createElement(tag);
  e.className = className;
  if (text !== undefined) e.textContent = text;
  return e;
}

/// @param head [columns]; @param rows [{cells: [columns], faint}]; the first column is the rows' heading
export function fillTable(table, head, rows) {
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

/// What a panel is of, or what it waits for; an empty panel shows that in its middle.
export function label(panel, population, missing) {
  panel.classList.toggle('waiting', Boolean(missing));
  panel.querySelector('h2 small').textContent = missing ? '' : population;
  panel.dataset.waiting = missing ? `waiting for ${missing}` : '';
}

/// As large as its box, cleared, in CSS px from its upper left corner.
export function sizedPen(canvas) {
  const ratio = window.devicePixelRatio || 1;
  const { clientWidth: width, clientHeight: height } = canvas;
  canvas.width = Math.max(1, Math.round(width * ratio));
  canvas.height = Math.max(1, Math.round(height * ratio));
  const pen = canvas.getContext('2d');
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  return { pen, width, height };
}

/// @param colourAt(k) [red, green, blue] of pixel k, row by row from the top
export function raster(size, colourAt) {
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width: size, height: size });
  const pen = canvas.getContext('2d');
  const rgba = pen.createImageData(size, size);
  for (let k = 0; k < size * size; ++k) rgba.data.set([...colourAt(k), 255], 4 * k);
  pen.putImageData(rgba, 0, 0);
  return canvas;
}
