// SPDX-License-Identifier: Apache-2.0
// What is known of the atom under the pointer.
import { fixed, known, scaled, small, withError } from './numbers.js';

/** @import { Frame, FrameMessage, Maybe } from './messages.d.ts' */

/** @param {Frame} frame @param {number} x @param {number} y */
function nearest({ atoms, lattice }, x, y) {
  const reach = 0.35 * (lattice.found ? lattice.a_px : 20);
  let best = -1;
  let distance = reach * reach;
  for (let k = 0; k < atoms.count; ++k) {
    const d = (atoms.x_px[k] - x) ** 2 + (atoms.y_px[k] - y) ** 2;
    if (d < distance) [best, distance] = [k, d];
  }
  return best;
}

/**
 * @param {Pick<FrameMessage, 'frame' | 'flags'>} message @param {number} x @param {number} y image px
 * @return text of several lines, or null if there is no atom at (x, y)
 */
export function describeAtom({ frame, flags }, x, y) {
  const k = nearest(frame, x, y);
  if (k < 0) return null;
  const { atoms, scores } = frame;
  const unit = small(frame.unit);
  const per = frame.length_per_px;
  /** @param {Maybe} v @param {Maybe} se */
  const size = (v, se) => withError(scaled(v, unit.factor), scaled(se, unit.factor), unit.unit);
  const site = ['cation', 'anion', 'other'][atoms.site[k]];
  const name = frame.species_names[atoms.species[k]] ?? 'unknown';
  const lines = [`${name} (${site})   track ${atoms.id[k] >= 0 ? atoms.id[k] : '—'}`,
    `x  ${withError(atoms.x_px[k] * per, scaled(atoms.se_x_px[k], per), frame.unit)}`,
    `y  ${withError(atoms.y_px[k] * per, scaled(atoms.se_y_px[k], per), frame.unit)}`,
    `amplitude  ${withError(atoms.amplitude[k], atoms.se_amplitude[k], '')}   χ² ${fixed(atoms.chi2[k], 2)}`];
  if (atoms.site[k] === 0) {
    const second = frame.species_names[1];
    lines.push(`P(${second}) ${fixed(atoms.p_second[k], 3)}   ${second} neighbours ${atoms.n[k] >= 0 ? atoms.n[k] : '—'}`);
  }
  const s = scores.atom.indexOf(k);
  if (s >= 0) {
    lines.push(`order parameter  ${size(scores.order_parameter[s], scores.se_order_parameter[s])}`,
      `isotropic  ${size(scores.isotropic[s], scores.se_isotropic[s])}`);
    for (let m = 0; m < 3; ++m)
      if (known(scores.pca[m][s])) lines.push(`PCA ${m + 1}  ${size(scores.pca[m][s], scores.se_pca[m][s])}`);
  }
  for (const [bit, meaning] of Object.entries(flags)) if (atoms.flags[k] & Number(bit)) lines.push(`✗ ${meaning}`);
  return lines.join('\n');
}
