// SPDX-License-Identifier: Apache-2.0
// Classes of neighbourhoods (k-means): what each looks like, and how often it is at each composition.
import { species as marks } from './colours.js';
import { element, label, part } from './dom.js';
import { drawArrows } from './modes.js';
import { count, fixed } from './numbers.js';

/** @import { Context } from './analysis.js' */
/** @import { Classes } from './messages.d.ts' */

const COLOURS = ['#56b4e9', '#e69f00', '#009e73', '#cc79a7', '#f0e442', '#0072b2', '#d55e00', '#b8c4d2'];
/** @param {number} k */
const colour = (k) => COLOURS[k % COLOURS.length];
const LONGEST = 0.55;  // of the arrows, lattice parameters on the picture

/** @param {number[]} centre @param {number[]} mean */
const deviations = (centre, mean) => centre.map((v, k) => v - mean[k]);
/** @param {number[]} vectors */
const longest = (vectors) => Math.max(...vectors.filter((_, k) => k % 2 === 0).map((u, k) => Math.hypot(u, vectors[2 * k + 1])), 0);

/** @param {number[]} fraction */
function fractionBar(fraction) {
  const bar = element('div', 'fractions');
  fraction.forEach((f, k) => {
    const segment = element('span', '', f > 0.15 ? fixed(100 * f, 0) : '');
    segment.style.flexGrow = String(f);
    segment.style.background = colour(k);
    segment.title = `class ${k + 1}: ${fixed(100 * f, 1)} %`;
    bar.append(segment);
  });
  return bar;
}

/** A line a composition, a bar a species. @param {HTMLElement} box @param {Classes[]} sets */
function showFractions(box, sets) {
  const compositions = [...new Set(sets.flatMap((s) => s.fractions.map((f) => f.composition)))].sort((a, b) => a - b);
  box.style.gridTemplateColumns = `auto repeat(${sets.length}, 1fr)`;
  box.replaceChildren(...compositions.flatMap((x) => [element('span', 'key', `x = ${fixed(x, 2)}`),
    ...sets.map((s) => fractionBar(s.fractions.find((f) => f.composition === x)?.fraction ?? []))]));
}

/** @param {Classes} set @param {string[]} species */
function heading({ species: name, counts, silhouettes, silhouettes_age: age, k }, species) {
  const head = element('div');
  const title = element('b', '', name);
  title.style.color = marks[Math.max(0, species.indexOf(name))].colour;
  const atoms = counts.reduce((a, b) => a + b, 0);
  head.append(title, element('small', '', ` n = ${count(atoms)}, k = ${k}, silhouette ${fixed(silhouettes[k], 2)}${age ? `, up to ${age} updates old` : ''}`));
  return head;
}

/**
 * @param {HTMLElement} panel @param {(Classes & { mean?: number[] })[]} sets mean: what the arrows start from
 * @param {Context} context
 */
export function showClasses(panel, sets, { length, species, fields }) {
  const filled = sets.flatMap(({ mean, ...set }) => (set.k > 0 && mean ? [{ mean, ...set }] : []));
  label(panel, `series, ${fields} · % of the atoms`, filled.length ? '' : 'enough neighbourhoods of a species');
  const box = part(panel, '.classes');
  box.replaceChildren();
  if (!filled.length) return;
  const vectors = filled.map((set) => set.centres.map((centre) => deviations(centre, set.mean)));
  const size = Math.max(...vectors.flat().map(longest), 1e-9);
  /** @type {(() => void)[]} */
  const later = [];
  filled.forEach((set, s) => {
    const motifs = element('div', 'motifs');
    vectors[s].forEach((deviation, k) => {
      const figure = element('figure');
      const canvas = document.createElement('canvas');
      const caption = element('figcaption', '', `${k + 1}: ${count(set.counts[k])}`);
      caption.style.borderColor = colour(k);
      figure.append(canvas, caption);
      motifs.append(figure);
      later.push(() => drawArrows(canvas, deviation, { rotation: 0, colour: colour(k), gain: LONGEST / size }));
    });
    box.append(heading(set, species), motifs);
  });
  showFractions(part(panel, '.by-composition'), filled);
  part(panel, '.note').textContent =
    `arrows: deviation from the species' mean neighbourhood, the longest is ${fixed(size * length.factor, 1)} ${length.unit}`;
  later.forEach((f) => f());
}
