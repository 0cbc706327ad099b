// SPDX-License-Identifier: Apache-2.0
// Classes of neighbourhoods (k-means): what each looks like, and how often it is at each composition.
import { count, fixed, species as marks } from './colours.js';
import { element, label } from './dom.js';
import { drawArrows } from './modes.js';

const COLOURS = ['#56b4e9', '#e69f00', '#009e73', '#cc79a7', '#f0e442', '#0072b2', '#d55e00', '#b8c4d2'];
const LONGEST = 0.55;  // of the arrows, lattice parameters on the picture

const deviations = (centre, mean) => centre.map((v, k) => v - mean[k]);
const longest = (vectors) => Math.max(...vectors.filter((_, k) => k % 2 === 0).map((u, k) => Math.hypot(u, vectors[2 * k + 1])), 0);

function fractionBar({ composition, fraction }) {
  const bar = element('div', 'fractions');
  fraction.forEach((f, k) => {
    const part = element('span', '', f > 0.12 ? fixed(100 * f, 0) : '');
    part.style.flexGrow = f;
    part.style.background = COLOURS[k % COLOURS.length];
    part.title = `class ${k + 1}: ${fixed(100 * f, 1)} %`;
    bar.append(part);
  });
  return [element('span', 'key', `x = ${fixed(composition, 2)}`), bar];
}

/// @param sets [{species, centres, counts, fractions, silhouettes}] and mean: what the arrows start from
export function showClasses(panel, sets, { length, species, fields }) {
  const filled = sets.filter((set) => set.k > 0 && set.mean);
  label(panel, `series, ${fields} · % of the atoms`, filled.length ? '' : 'enough neighbourhoods of a species');
  const box = panel.querySelector('.classes');
  box.replaceChildren();
  if (!filled.length) return;
  const vectors = filled.map((set) => set.centres.map((centre) => deviations(centre, set.mean)));
  const size = Math.max(...vectors.flat().map(longest), 1e-9);
  const later = [];
  filled.forEach((set, s) => {
    const head = element('div', 'head');
    const title = element('b', '', set.species);
    title.style.color = marks[Math.max(0, species.indexOf(set.species))].colour;
    const quality = set.silhouettes?.[set.k];
    head.append(title, element('small', '', ` n = ${count(set.counts.reduce((a, b) => a + b, 0))}, silhouette ${fixed(quality, 2)} of k = ${set.k}`));
    const motifs = element('div', 'motifs');
    vectors[s].forEach((deviation, k) => {
      const figure = element('figure');
      const canvas = document.createElement('canvas');
      figure.append(canvas, element('figcaption', '', `${k + 1}: ${count(set.counts[k])}`));
      figure.lastChild.style.borderColor = COLOURS[k % COLOURS.length];
      motifs.append(figure);
      later.push(() => drawArrows(canvas, deviation, { rotation: 0, colour: COLOURS[k % COLOURS.length], gain: LONGEST / size }));
    });
    const table = element('div', 'by-composition');
    table.append(...set.fractions.flatMap(fractionBar));
    box.append(head, motifs, table);
  });
  panel.querySelector('.note').textContent =
    `arrows: deviation from the species' mean neighbourhood, the longest is ${fixed(size * length.factor, 1)} ${length.unit}`;
  later.forEach((f) => f());
}
