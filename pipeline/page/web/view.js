// SPDX-License-Identifier: Apache-2.0
// The operator's page: messages in, picture and numbers out; and the buttons.
import { showAnalysis } from './analysis.js';
import { drawBars } from './bars.js';
import { diverging, known, niceBelow, sequential, small } from './colours.js';
import { connect } from './link.js';
import { showModes } from './modes.js';
import { drawTrends, showFrame, showState, showStatus, text } from './panels.js';
import { showRecording } from './record.js';
import { Scene } from './scene.js';
import { connectTabs, openTab } from './tabs.js';
import { describeAtom } from './tip.js';

const $ = (id) => document.getElementById(id);
const scene = new Scene($('scene'));
const pressed = (id) => $(id).getAttribute('aria-pressed') === 'true';
const fitted = new Map();  // range set by autoscale, by quantity; all others have the default
let shown = null;          // the newest frame message
let analysis = null;       // the newest of the series

const QUANTITIES = [['species', 'species'], ['isotropic', 'isotropic'], ['order_parameter', 'order parameter'],
  ...[0, 1, 2].map((k) => [`zigzag.${k}`, `zigzag ${k}`]), ...[0, 1, 2, 3, 4, 5].map((k) => [`pca.${k}`, `PCA ${k + 1}`])];
for (const [value, label] of QUANTITIES) $('colour-by').add(new Option(label, value));

/// A value an atom (NaN: none) in display units, or null where the atoms show their species.
function atomValues({ frame }, quantity, magnitude) {
  if (quantity === 'species') return null;
  const [field, index] = quantity.split('.');
  const column = index === undefined ? frame.scores[field] : frame.scores[field][index];
  const values = new Float32Array(frame.atoms.count).fill(NaN);
  const { factor } = small(frame.unit);
  column.forEach((v, k) => {
    if (v !== null) values[frame.scores.atom[k]] = factor * (magnitude ? Math.abs(v) : v);
  });
  return values;
}

/// The same for every frame unless the operator asks: 7 % of the lattice parameter, symmetric if there are signs.
function rangeOf(key, signed, { frame }, values) {
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
rangeOf.defaults = new Map();

function draw() {
  if (!shown) return;
  const { frame, image, rows, maps } = shown.message;
  const quantity = $('colour-by').value;
  const magnitude = pressed('magnitude') || quantity === 'order_parameter';
  const unit = small(frame.unit);
  const bars = { atoms: null, map: null, names: null };

  const values = atomValues(shown.message, quantity, magnitude);
  let range = null;
  const atomsShown = pressed('show-atoms');
  if (values && atomsShown) {
    const key = `${quantity} ${magnitude} ${unit.unit}`;
    range = rangeOf(key, !magnitude, shown.message, values);
    const label = $('colour-by').selectedOptions[0].text;
    bars.atoms = { title: magnitude && quantity !== 'order_parameter' ? [`|${label}|`] : label.split(' '), range, unit: unit.unit, fitted: fitted.has(key) };
  } else if (atomsShown) {
    bars.names = frame.species_names;
  }

  const layer = maps.find((m) => m.name === $('map-name').value);
  const showMap = pressed('show-map') && Boolean(layer);
  if (showMap) {
    const field = pressed('map-sigma') ? 'sigma' : 'value';
    const scaled = { ...layer, [field]: layer[field].map((v) => v * unit.factor) };
    const signed = field === 'value' && !/order|symmetry|abs|\|/.test(layer.name);
    const key = `map ${layer.name} ${field} ${unit.unit}`;
    const mapRange = rangeOf(key, signed, shown.message, scaled[field].filter(known));
    scene.setMap(scaled, field, mapRange);
    bars.map = { title: ['map:', ...layer.name.split(/[ _]/), ...(field === 'sigma' ? ['std. error'] : [])], range: mapRange, unit: unit.unit, fitted: fitted.has(key) };
  }
  rangeOf.fit = false;

  scene.draw({
    atoms: frame.atoms, values, range, rows, complete: frame.complete, showMap, showAtoms: atomsShown,
    showImage: pressed('show-image'), dim: Boolean(values) && atomsShown,
    spacing: frame.lattice.found ? frame.lattice.a_px : 8, lengthPerPx: frame.length_per_px, unit: frame.unit,
  });
  drawBars($('bars'), bars);
}

function offerMaps(maps) {
  const names = maps.map((m) => m.name);
  const select = $('map-name');
  if ([...select.options].map((o) => o.value).join('\n') === names.join('\n')) return;
  const before = select.value;
  select.replaceChildren(...names.map((name) => new Option(name.replaceAll('_', ' '), name)));
  if (names.includes(before)) select.value = before;
}

/// All pictures of the screen that is open: the others have no size.
function drawScreen() {
  if (openTab() !== 'frame') {
    showAnalysis(openTab(), analysis, shown?.message.frame);
  } else if (shown) {
    draw();
    drawTrends(shown.message);
    showModes($('modes'), shown.message.pca, shown.message.frame.lattice.rotation_rad);
  }
}

function onMessage(message, grey) {
  if (message.frame) {
    shown = { message };
    $('empty').hidden = true;
    scene.setImage(message.image, grey, message.frame);
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
  showStatus(message.status, shown ? shown.message.frame.notes : []);
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
$('scene').addEventListener('dblclick', () => { scene.whole(); draw(); });
$('scene').addEventListener('wheel', (event) => {
  event.preventDefault();
  if (!shown) return;
  $('tip').hidden = true;
  scene.zoomAt(event.offsetX, event.offsetY, Math.exp(-event.deltaY / 400));
  draw();
}, { passive: false });
$('scene').addEventListener('pointermove', (event) => {
  if (!shown) return;
  if (event.buttons & 1) {
    scene.moveBy(event.movementX, event.movementY);
    draw();
  }
  const lines = describeAtom(shown.message, ...scene.toImage(event.offsetX, event.offsetY));
  $('tip').hidden = lines === null;
  if (lines === null) return;
  $('tip').textContent = lines;
  const left = event.offsetX < $('scene').clientWidth / 2;
  $('tip').style.left = left ? `${event.offsetX + 18}px` : '';
  $('tip').style.right = left ? '' : `${$('scene').parentElement.clientWidth - event.offsetX + 14}px`;
  $('tip').style.top = `${Math.min(event.offsetY + 8, $('scene').clientHeight - 190)}px`;
});
$('scene').addEventListener('pointerleave', () => { $('tip').hidden = true; });
const resized = new ResizeObserver(drawScreen);
for (const screen of document.querySelectorAll('main')) resized.observe(screen);

connectTabs(drawScreen);
connect(onMessage, () => {
  showState('disconnected');
  showRecording(null);
});
