// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>

#include <cstddef>
#include <cstdint>

namespace dwellmap {

// Distances between centres and vectors that lie in blocks of eight: the first components of all, then the second ones, …

/// Of eight vectors: squared distances to the nearest centre and to the one after it, and which is nearest.
struct NearestCentres {
    double first2[8], second2[8];
    std::int64_t label[8];
};

/// @param x        [dim × 8] one block
/// @param centres  [dim × k] column after column
void find_nearest_centres(const double* x, const double* centres, Eigen::Index dim, Eigen::Index k,
                          NearestCentres& out) noexcept;

/// distance2 = min(distance2, |x − centre|²) of all vectors of some blocks
void come_nearer(const double* x, std::size_t blocks, Eigen::Index dim, const double* centre,
                 double* distance2) noexcept;

}  // namespace dwellmap
