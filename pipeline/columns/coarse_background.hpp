// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/types.hpp"

namespace dwellmap {

/// What lies under the columns of a filtered image, contamination and all: the least of each block of about 1.5 a, bilinear in between.
/// Cost: one look at every pixel. The constructor allocates, nothing after it.
class CoarseBackground {
public:
    CoarseBackground(int rows_px, int cols_px);

    /// @param filtered rows 0…rows_in−1 are final
    void estimate(const Image& filtered, int rows_in, double a_px) noexcept;

    /// Counts, at a place in the rows that were given.
    float at(float x_px, float y_px) const noexcept;

private:
    int cols_px_, rows_in_ = 0, step_px_ = 1;
    Image least_;  // of each block
};

}  // namespace dwellmap
