// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/types.hpp"

namespace dwellmap {

/// Fills a_px, rotation_rad and anisotropy of a lattice from its two vectors.
void describe(Lattice& lattice) noexcept;

/// Chooses, of the six equivalent pairs of vectors, the one whose a1 is nearest to an angle (a2 stays 60 degrees
/// counter-clockwise on screen), so that a whole series names its directions alike.
/// Without a reference (NaN) the angle is brought into [0, 60) degrees.
/// @return by how many sixth turns the pair was rotated, counter-clockwise
int choose_direction(Lattice& lattice, double reference_rad) noexcept;

}  // namespace dwellmap
