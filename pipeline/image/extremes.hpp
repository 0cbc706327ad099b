// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <limits>

namespace dwellmap {

/// The least and the greatest of some counts, and whether all of them are numbers.
struct Extremes {
    float least = std::numeric_limits<float>::max();
    float most = std::numeric_limits<float>::lowest();
    bool all_finite = true;
};

/// Takes a part of an image in: n counts in each of the rows, `stride` apart. One pass.
void look_at(const float* counts, std::size_t n, std::size_t rows, std::size_t stride,
             Extremes& extremes) noexcept;

}  // namespace dwellmap
