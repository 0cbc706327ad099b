// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/helper.hpp"
#include "dwellmap/types.hpp"

#include <array>
#include <cstdint>
#include <vector>

namespace dwellmap {

/// A local maximum of the filtered image, to a fraction of a pixel (parabola through 3 pixels each way).
struct Peak {
    float x_px, y_px;
    float height;  ///< of the filtered image, counts
};

/// Local maxima in a disc: candidates for columns, taken or left by the lattice (sites.hpp).
class PeakFinder {
public:
    /// @param max_peaks capacity: what is beyond is counted, not kept
    PeakFinder(int cols_px, std::size_t max_peaks);

    /// @param radius_px of the disc in which a peak is the highest pixel
    /// @param first_row 0: a new frame begins; otherwise what the previous call returned
    /// @param rows_in   rows 0…rows_in−1 of `filtered` are final
    /// @return rows 0…n−1 have been searched; peaks() holds what they contain, in raster order
    int run(const Image& filtered, int rows_in, double radius_px, int first_row,
            Helper& helper = no_helper()) noexcept;

    const std::vector<Peak>& peaks() const noexcept { return found_[0].peaks; }
    std::size_t dropped() const noexcept { return found_[0].dropped; }

private:
    struct alignas(kCacheLine) Found {
        std::vector<std::int32_t> candidate;  // columns of a row
        std::vector<Peak> peaks;
        std::size_t dropped = 0;

        void add(const Peak& peak) noexcept;
    };

    void search_row(const Image& filtered, int y, Found& found) const noexcept;
    bool is_highest(const Image& filtered, int y, int x) const noexcept;

    int cols_px_;
    std::vector<int> half_;         // of the disc, [distance in rows]
    std::array<Found, 2> found_{};  // all so far; in the lower half of the rows at hand
};

}  // namespace dwellmap
