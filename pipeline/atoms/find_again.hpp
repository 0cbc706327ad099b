// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/field_of_view.hpp"
#include "dwellmap/types.hpp"

#include <Eigen/Core>

#include <optional>
#include <vector>

namespace dwellmap {

/// Where in a frame the atoms of an earlier field of view are, however far the specimen has drifted in between.
///
/// The drift within a cell is the difference between the origins of the two lattices (circular means of the cations'
/// fractional coordinates). Which cell follows from the species, which do not repeat in an alloy: their correlation
///
///   r = (n_11 n_22 − n_12 n_21) / √(n_1· n_2· n_·1 n_·2)      n_st: pairs of species s in the field, t in the frame
///
/// of the best cell must have a Fisher's z clearly above (by 5 standard errors of the difference) that of every other cell in
/// which field and frame share 30 % of the frame's cations, and ten pairs at least of either species: few dopants coincide somewhere.
/// Cost: 600 cations times the cells that field and frame cover together. Allocates.
///
/// @param length_per_px unit of the field's lengths
/// @param atoms         of a complete frame, with their species
/// @return drift of the frame against the field's first frame, px; nothing: another place, or it can't be told (a crystal of one species)
std::optional<Eigen::Vector2d> find_again(const FieldOfView& field, double length_per_px,
                                          const std::vector<Atom>& atoms, const Lattice& lattice);

}  // namespace dwellmap
