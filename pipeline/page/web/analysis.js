// SPDX-License-Identifier: Apache-2.0
// The screens beside the frame's: what a field of view shows as a whole, and the statistics of the series.
import { showClasses } from './classes.js';
import { showClusters } from './clusters.js';
import { compositionColour } from './colours.js';
import { showDensities } from './densities.js';
import { $, element, label, part } from './dom.js';
import { showMixtures } from './mixtures.js';
import { showModes } from './modes.js';
import { showNeighbours } from './neighbours.js';
import { count, fixed, known, small } from './numbers.js';
import { showReciprocal } from './reciprocal.js';
import { showRegression } from './regression.js';
import { showSurface } from './surface.js';

/** @import { Analysis, Frame, Statistics } from './messages.d.ts' */
/** @typedef {ReturnType<typeof contextOf>} Context */

/** @type {Statistics} */
const EMPTY = { fields: [], pca: [], mixtures: [], kmeans: [], regression: [] };
/** @type {string | null} */
let chosen = null;  // species of the panels that show one

/** @param {number} n @param {string} word */
const plural = (n, word) => `${count(n)} ${word}${n === 1 ? '' : 's'}`;
/** @param {number[]} list */
const sum = (list) => list.reduce((total, entry) => total + entry, 0);

/**
 * What the panels need to know beside their own data. The scale is the newest frame's.
 * @param {Analysis | null} analysis @param {Frame | undefined} frame
 */
function contextOf(analysis, frame) {
  const statistics = analysis?.statistics ?? EMPTY;
  const unit = analysis?.unit ?? 'px';
  const here = statistics.fields.filter(({ key }) => key === analysis?.uuid || key.startsWith(`${analysis?.uuid}/`)).at(-1);
  const order = statistics.pca.map((p) => p.species);
  return {
    statistics, unit, length: small(unit), frame: analysis?.frame, leftOut: analysis?.left_out, library: analysis?.library,
    perPx: frame?.length_per_px, a: frame?.lattice.found ? frame.lattice.a_px * frame.length_per_px : null,
    species: frame ? frame.species_names.slice(0, 2) : order,
    x: here?.composition ?? frame?.species.fraction_second,
    fields: plural(statistics.fields.length, 'field'), framesHere: here ? `, ${plural(here.frames, 'frame')}` : '',
  };
}

/** @param {Context} context */
function showFields({ statistics: { fields }, leftOut, library }) {
  $('fields').replaceChildren(...fields.flatMap(({ name, composition, frames, atoms }) => {
    const dot = element('span', 'dot');
    dot.style.background = known(composition) ? compositionColour(composition) : '#8796a8';
    const text = element('span', 'field', `x = ${fixed(composition, 2)} `);
    text.append(element('small', '', `${name}, ${plural(frames, 'frame')}, ${plural(atoms, 'atom')}`));
    return [dot, text];
  }));
  $('fields-total').textContent = fields.length
    ? `Series: ${plural(fields.length, 'field')}, ${plural(sum(fields.map((f) => f.frames)), 'frame')}, ${plural(sum(fields.map((f) => f.atoms)), 'atom')}`
    : 'Series: waiting for a complete frame';
  $('series-notes').textContent = [leftOut && `this field is left out: ${leftOut}`, library && `library: ${library}`].filter(Boolean).join('; ');
}

/** Species of which there is a regression; the one chosen stays chosen. @param {Context} context */
function offerSpecies({ statistics }) {
  const offered = statistics.regression.map((r) => r.species);
  if (!chosen || !offered.includes(chosen)) chosen = offered.at(-1) ?? null;
  const buttons = [...$('of-species').querySelectorAll('button')];
  if (buttons.map((b) => b.textContent).join() !== offered.join()) {
    $('of-species').replaceChildren(...offered.map((name) => element('button', '', name)));
  }
  for (const b of $('of-species').children) b.ariaPressed = String(b.textContent === chosen);
}

/** @param {Analysis | null} analysis @param {Context} context */
function showSeries(analysis, context) {
  const { statistics, species } = context;
  /** @param {string} name */
  const pca = (name) => statistics.pca.find((p) => p.species === name);
  showFields(context);
  offerSpecies(context);
  label($('series-modes'), `series, ${context.fields}`, statistics.pca.length ? '' : 'complete neighbourhoods');
  showModes(part(document, '#series-modes .mode-grid'), species.map((name) => pca(name) ?? { species: name, count: 0, modes: [] }), 0);
  showDensities($('series-densities'), analysis?.densities, (name, mode) => pca(name)?.modes[mode]?.name ?? '', context);
  showMixtures($('series-mixtures'), statistics.mixtures.filter((m) => m.species === chosen), context);
  const regression = statistics.regression.find((r) => r.species === chosen);
  showSurface($('series-surface'), regression, context);
  showRegression($('series-regression'), regression, context);
  showClasses($('series-classes'), statistics.kmeans.map((set) => ({ ...set, mean: pca(set.species)?.mean })), context);
}

/**
 * @param {string} screen "neighbours" or "series"
 * @param {Analysis | null} analysis the newest @param {Frame | undefined} frame the newest
 */
export function showAnalysis(screen, analysis, frame) {
  const context = contextOf(analysis, frame);
  if (screen === 'series') {
    showSeries(analysis, context);
    $('of-species').onclick = ({ target }) => {
      if (!(target instanceof HTMLButtonElement)) return;
      chosen = target.textContent;
      showSeries(analysis, context);
    };
    return;
  }
  const views = analysis?.views;
  showReciprocal($('reciprocal'), views, context);
  showNeighbours($('neighbours'), views, context);
  showClusters($('clusters'), views, context);
}
