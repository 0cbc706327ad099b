// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/cells.hpp"
#include "base/helper.hpp"
#include "dwellmap/types.hpp"

#include <Eigen/Core>

#include <array>
#include <vector>

namespace dwellmap {

/// Least squares of the lattice over all pairs of neighbouring usable cations, r_j − r_i = Δi a1 + Δj a2, from sums that can be
/// gathered part by part. Cost linear in the cations; nothing allocates.
class alignas(kCacheLine) CationPairs {
public:
    /// Pairs whose first cation is one of the columns [first, last). Needs site, flags and position of them and their neighbours.
    void add(const std::vector<Atom>& atoms, const Cells& cells, std::size_t first,
             std::size_t last) noexcept;

    CationPairs& operator+=(const CationPairs& other) noexcept;

    /// a1, a2 and what follows from them; the standard error of a from the scatter of the pairs. Without pairs the lattice stays as it is.
    void fit(Lattice& lattice) const noexcept;

private:
    // of three directions: x, y and their squares, and how many
    std::array<Eigen::Vector3d, 3> sums_{Eigen::Vector3d::Zero(), Eigen::Vector3d::Zero(),
                                         Eigen::Vector3d::Zero()};
    Eigen::Vector3d count_{0, 0, 0};
};

}  // namespace dwellmap
