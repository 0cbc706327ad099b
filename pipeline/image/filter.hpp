// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/helper.hpp"
#include "dwellmap/types.hpp"

#include <array>
#include <vector>

namespace dwellmap {

/// Gaussian smoothing of an image whose rows arrive one block after the other; for finding and for
/// display only: fits run on the raw counts (a filtered image pulls the positions).
///
///   out(y, x) = Σ_k Σ_l g_k g_l in(y+k, x+l),   g_k ∝ exp(−k²/2σ²),   |k| <= ceil(5σ),   edges replicated
///
/// A row is filtered once, when the last row it needs has come: cutting the frame into blocks changes no bit.
/// Cost 2(2·5σ+1) multiplications a pixel. The constructor allocates, run() does not.
class Filter {
public:
    static constexpr double max_sigma_px = 16;
    /// Room at the end of a row: rows a power of two apart would fight for the same lines of the cache.
    static constexpr int odd_stride_px = 24;

    Filter(int rows_px, int cols_px);

    /// @param sigma_px  (0, max_sigma_px]  of the Gaussian; the same for all blocks of a frame
    /// @param first_row 0: a new frame begins; otherwise what the previous call returned
    /// @param rows_in   rows 0…rows_in−1 of `counts` can be used (all: the frame is complete)
    /// @param filtered  at least as large as `counts`
    /// @return rows 0…n−1 of `filtered` are final
    int run(const Image& counts, int rows_in, double sigma_px, int first_row, Image& filtered,
            Helper& helper = no_helper()) noexcept;

private:
    /// The columns that one thread works on.
    struct Part {
        int half, first_col, last_col;
    };

    void set_taps(double sigma_px) noexcept;
    int last_row(int rows_in, int rows) const noexcept;
    float* along_x(int y, int first_row_kept, int col) noexcept;
    void filter_along_row(const Image& counts, int y, const Part& part) noexcept;
    void filter_down(int first_row, int last_row, int first_row_kept, const Part& part,
                     Image& filtered) noexcept;
    void filter_part(const Image& counts, int rows_in, int first_row, const Part& part,
                     Image& filtered) noexcept;

    int rows_done_ = 0;  // rows already smoothed along x
    int max_radius_px_, radius_px_ = 0;
    std::vector<float> taps_;  // [radius + 1]
    std::array<std::vector<float>, 2>
        padded_;  // half a row with what is beside it, replicated beyond the edges
    Image
        along_x_;  // some rows, with those above that are still needed, and the last one replicated
};

}  // namespace dwellmap
