// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/types.hpp"

#include <cstdint>
#include <vector>

namespace dwellmap {

/// A frame as 8-bit grey for the eye; never analysed.
struct GreyImage {
    int width = 0, height = 0;
    int factor = 1;                    ///< image pixels a grey pixel, each way
    float low = 0, high = 0;           ///< counts shown as 0 and as 255
    std::vector<std::uint8_t> pixels;  ///< [height × width], row-major; 0 where no row was scanned
};

/// Averages blocks of the smallest integer factor that brings both sides to `max_side_px`, then stretches
/// the 0.5 and 99.7 percentiles of the scanned part to 0 and 255. `into` keeps its buffer.
void make_grey(const Frame& frame, int max_side_px, GreyImage& into);

}  // namespace dwellmap
