// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/cells.hpp"
#include "dwellmap/helper.hpp"
#include "dwellmap/types.hpp"

#include <vector>

namespace dwellmap {

/// Fills a_px, rotation_rad and anisotropy of a lattice from its two vectors.
void describe(Lattice& lattice) noexcept;

/// Chooses, of the six equivalent pairs of vectors, the one whose a1 is nearest to an angle (a2 stays 60 degrees
/// counter-clockwise on screen), so that a whole series names its directions alike.
/// Without a reference (NaN) the angle is brought into [0, 60) degrees.
/// @return by how many sixth turns the pair was rotated, counter-clockwise
int choose_direction(Lattice& lattice, double reference_rad) noexcept;

/// Least squares of a1, a2 over all pairs of neighbouring usable cations, and the standard error of a from the scatter of
/// the pairs: r_j − r_i = Δi a1 + Δj a2. Needs site and flags of the atoms; keeps the lattice where there are no pairs.
void fit_cation_lattice(const std::vector<Atom>& atoms, const Cells& cells, Lattice& lattice,
                        Helper& helper = no_helper()) noexcept;

}  // namespace dwellmap
