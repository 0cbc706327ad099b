// SPDX-License-Identifier: Apache-2.0
// The operator's page: messages in, picture and numbers out; and the buttons.
import { showAnalysis } from './analysis.js';
import { drawBars } from './bars.js';
import { diverging, sequential } from './colours.js';
import { $, part } from './dom.js';
import { connect } from './link.js';
import { showModes } from './modes.js';
import { known, small } from './numbers.js';
import { drawTrends, showFrame, showState, showStatus, text } from './panels.js';
import { showRecording } from './record.js';
import { Scene } from './scene.js';
import { connectTabs, openTab } from './tabs.js';
import { niceBelow } from './ticks.js';
import { describeAtom } from './tip.js';

/** @import { Bar } from './bars.js' */
/** @import { Range } from './colours.js' */
/** @import { Analysis, Frame, FrameMessage, MapLayer, Message } from './messages.d.ts' */

const canvas = $('scene', HTMLCanvasElement);
const colourBy = $('colour-by', HTMLSelectElement);
const mapName = $('map-name', HTMLSelectElement);
const scene = new Scene(canvas);
/** @param {string} id */
const pressed = (id) => $(id).getAttribute('aria-pressed') === 'true';
/** @type {Map<string, number>} */
const fitted = new Map();  // range set by autoscale, by quantity; all others have the default
/** @type {FrameMessage | null} */
let shown = null;          // the newest
/** @type {Analysis | null} */
let analysis = null;       // the newest of the series

const QUANTITIES = [['species', 'species'], ['isotropic', 'isotropic'], ['order_parameter', 'order parameter'],
  ...[0, 1, 2].map((k) => [`zigzag.${k}`, `zigzag ${k}`]), ...[0, 1, 2, 3, 4, 5].map((k) => [`pca.${k}`, `PCA ${k + 1}`])];
for (const [value, label] of QUANTITIES) colourBy.add(new Option(label, value));

/** @param {Frame} frame @param {string} quantity as in QUANTITIES */
function scoresOf({ scores }, quantity) {
  const [field, index] = quantity.split('.');
  if (field === 'zigzag' || field === 'pca') return scores[field][Number(index)];
  return field === 'isotropic' ? scores.isotropic : scores.order_parameter;
}

/**
 * A value an atom (NaN: none) in display units, or null where the atoms show their species.
 * @param {Frame} frame @param {string} quantity @param {boolean} magnitude
 */
function atomValues(frame, quantity, magnitude) {
  if (quantity === 'species') return null;
  const values = new Float32Array(frame.atoms.count).fill(NaN);
  const { factor } = small(frame.unit);
  scoresOf(frame, quantity).forEach((v, k) => {
    if (v !== null) values[frame.scores.atom[k]] = factor * (magnitude ? Math.abs(v) : v);
  });
  return values;
}

/**
 * The same for every frame unless the operator asks: 7 % of the lattice parameter, symmetric if there are signs.
 * @param {string} key of the quantity @param {boolean} signed @param {Frame} frame @param {Float32Array} values
 * @returns {Range}
 */
function rangeOf(key, signed, frame, values) {
  const { factor } = small(frame.unit);
  const lattice = frame.lattice.found ? frame.lattice.a_px * frame.length_per_px * factor : 0;
  if (rangeOf.fit) {
    const sizes = Array.from(values, Math.abs).filter(Number.isFinite).sort((a, b) => a - b);
    if (sizes.length) fitted.set(key, sizes[Math.floor(0.98 * (sizes.length - 1))] || 1e-6);
  }
  if (!fitted.has(key) && lattice > 0 && !rangeOf.defaults.has(key)) rangeOf.defaults.set(key, niceBelow(0.07 * lattice));
  const high = fitted.get(key) ?? rangeOf.defaults.get(key) ?? 1;
  return { low: signed ? -high : 0, high, table: signed ? diverging : sequential };
}
rangeOf.fit = false;
/** @type {Map<string, number>} */
rangeOf.defaults = new Map();

function draw() {
  if (!shown) return;
  const { frame, rows, maps } = shown;
  const quantity = colourBy.value;
  const magnitude = pressed('magnitude') || quantity === 'order_parameter';
  const unit = small(frame.unit);
  /** @type {{ atoms: Bar | null, map: Bar | null, names: string[] | null }} */
  const bars = { atoms: null, map: null, names: null };

  const values = atomValues(frame, quantity, magnitude);
  let scores = null;
  const atomsShown = pressed('show-atoms');
  if (values && atomsShown) {
    const key = `${quantity} ${magnitude} ${unit.unit}`;
    const range = rangeOf(key, !magnitude, frame, values);
    scores = { values, range };
    const label = colourBy.selectedOptions[0].text;
    bars.atoms = { title: magnitude && quantity !== 'order_parameter' ? [`|${label}|`] : label.split(' '), range, unit: unit.unit, fitted: fitted.has(key) };
  } else if (atomsShown) {
    bars.names = frame.species_names;
  }

  const layer = pressed('show-map') ? maps.find((m) => m.name === mapName.value) : undefined;
  if (layer) {
    const field = pressed('map-sigma') ? 'sigma' : 'value';
    const shownValues = layer[field].map((v) => v * unit.factor);
    const signed = field === 'value' && !/order|symmetry|abs|\|/.test(layer.name);
    const key = `map ${layer.name} ${field} ${unit.unit}`;
    const range = rangeOf(key, signed, frame, shownValues.filter(known));
    scene.setMap(layer, shownValues, range);
    bars.map = { title: ['map:', ...layer.name.split(/[ _]/), ...(field === 'sigma' ? ['std. error'] : [])], range, unit: unit.unit, fitted: fitted.has(key) };
  }
  rangeOf.fit = false;

  scene.draw({
    atoms: frame.atoms, scores, rows, complete: frame.complete, showMap: Boolean(layer), showAtoms: atomsShown,
    showImage: pressed('show-image'),
    spacing: frame.lattice.found ? frame.lattice.a_px : 8, lengthPerPx: frame.length_per_px, unit: frame.unit,
  });
  drawBars($('bars', HTMLCanvasElement), bars);
}

/** @param {MapLayer[]} maps */
function offerMaps(maps) {
  const names = maps.map((m) => m.name);
  if ([...mapName.options].map((o) => o.value).join('\n') === names.join('\n')) return;
  const before = mapName.value;
  mapName.replaceChildren(...names.map((name) => new Option(name.replaceAll('_', ' '), name)));
  if (names.includes(before)) mapName.value = before;
}

/** All pictures of the screen that is open: the others have no size. */
function drawScreen() {
  if (openTab() !== 'frame') {
    showAnalysis(openTab(), analysis, shown?.frame);
  } else if (shown) {
    draw();
    drawTrends(shown);
    showModes($('modes'), shown.pca, shown.frame.lattice.rotation_rad);
  }
}

/** @param {Message} message */
function onMessage(message) {
  if (message.frame) {
    shown = message;
    $('empty').hidden = true;
    scene.setImage(message.image, message.frame);
    offerMaps(message.maps);
    showFrame(message);
    text('modes-population', 'all frames of this series');
    if (openTab() === 'frame') drawScreen();
  }
  if (message.analysis) {
    analysis = message.analysis;
    if (openTab() !== 'frame') drawScreen();
  }
  showRecording(message.status.recording);
  showStatus(message.status, shown ? shown.frame.notes : []);
}

for (const id of ['show-image', 'show-atoms', 'show-map', 'magnitude', 'map-sigma']) {
  $(id).addEventListener('click', () => {
    $(id).setAttribute('aria-pressed', String(!pressed(id)));
    draw();
  });
}
for (const id of ['colour-by', 'map-name']) $(id).addEventListener('change', draw);
$('fit-range').addEventListener('click', () => { rangeOf.fit = true; draw(); });
$('default-range').addEventListener('click', () => { fitted.clear(); draw(); });
$('reset-view').addEventListener('click', () => { scene.whole(); draw(); });
canvas.addEventListener('dblclick', () => { scene.whole(); draw(); });
canvas.addEventListener('wheel', (event) => {
  event.preventDefault();
  if (!shown) return;
  $('tip').hidden = true;
  scene.zoomAt(event.offsetX, event.offsetY, Math.exp(-event.deltaY / 400));
  draw();
}, { passive: false });
canvas.addEventListener('pointermove', (event) => {
  if (!shown) return;
  if (event.buttons & 1) {
    scene.moveBy(event.movementX, event.movementY);
    draw();
  }
  const lines = describeAtom(shown, ...scene.toImage(event.offsetX, event.offsetY));
  $('tip').hidden = lines === null;
  if (lines === null) return;
  $('tip').textContent = lines;
  const left = event.offsetX < canvas.clientWidth / 2;
  $('tip').style.left = left ? `${event.offsetX + 18}px` : '';
  $('tip').style.right = left ? '' : `${part(document, '.stage').clientWidth - event.offsetX + 14}px`;
  $('tip').style.top = `${Math.min(event.offsetY + 8, canvas.clientHeight - 190)}px`;
});
canvas.addEventListener('pointerleave', () => { $('tip').hidden = true; });
const resized = new ResizeObserver(drawScreen);
for (const screen of document.querySelectorAll('main')) resized.observe(screen);

connectTabs(drawScreen);
connect(onMessage, () => {
  showState('disconnected');
  showRecording(null);
});
