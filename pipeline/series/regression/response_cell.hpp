// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

namespace dwellmap {

/// All atoms of one input (n, x), as far as a least-squares or Gaussian-process fit can tell: their count, the mean of their
/// response y and its sum of squares about that mean. Exact whatever was added, removed or replaced [Welford 1962]. O(1).
/// [Welford 1962] Technometrics 4, 419.
struct ResponseCell {
    double n = 0;  ///< second-species cations among the six neighbours
    double x = 0;  ///< composition of the image
    std::int64_t count = 0;
    double mean = 0;
    double sum_of_squares = 0;  ///< Σ(y − mean)²

    void add(double y) noexcept {
        const double deviation = y - mean;
        mean += deviation / static_cast<double>(++count);
        sum_of_squares += deviation * (y - mean);
    }

    /// @param y a response that was added before
    void remove(double y) noexcept {
        if (--count == 0) {
            mean = sum_of_squares = 0;
            return;
        }
        const double deviation = y - mean;
        mean -= deviation / static_cast<double>(count);
        sum_of_squares = count == 1 ? 0 : std::max(0.0, sum_of_squares - deviation * (y - mean));
    }

    /// The same atom, measured better.
    void replace(double before, double after) noexcept {
        const double old_mean = mean;
        mean += (after - before) / static_cast<double>(count);
        sum_of_squares =
            std::max(0.0, sum_of_squares + (after - before) * (after - mean + before - old_mean));
    }
};

}  // namespace dwellmap
