// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>

#include <array>
#include <vector>

namespace dwellmap {

/// Lattice indices of the N nearest sites of a hexagonal lattice, by shell, then counter-clockwise from a1.
/// 6, 12 and 18 are closed shells; of the 12 sites of the fourth shell, 24 takes the six at +19.1 degrees from
/// the close-packed rows, so that the choice never depends on noise.
/// @param neighbours 6, 12, 18 or 24
std::vector<std::array<int, 2>> neighbour_sites(int neighbours);

/// Ideal distortions of the six nearest neighbours: unit vectors [12] in the lattice frame (u, v of neighbour 0, 1, ...).
struct Patterns {
    using Vector = Eigen::Matrix<double, 12, 1>;
    Vector isotropic;  ///< all six away from the centre
    std::array<Vector, 3>
        zigzag;  ///< the four off row k shift along its normal: two come closer, two recede
    std::array<Vector, 2> shear;        ///< pure shears of the hexagon
    std::array<Vector, 2> translation;  ///< the centre against all six
    Vector rotation;
};
const Patterns& ideal_patterns();

/// Inversion of a neighbourhood through its centre, as a permutation: (P x)(k) = −x(antipode of k).
/// @return [N] index of each site's antipode
std::vector<int> antipodes(int neighbours);

}  // namespace dwellmap
