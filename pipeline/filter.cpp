// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/filter.hpp"

#include <algorithm>
#include <cmath>

namespace dwellmap {

Filter::Filter(int rows_px, int cols_px)
    : taps_(static_cast<std::size_t>(std::ceil(5 * max_sigma_px)) + 1),
      padded_(static_cast<std::size_t>(cols_px) + 2 * taps_.size()),
      along_x_(rows_px, cols_px) {}

void Filter::filter_along_row(const float* in, float* out) noexcept {
    const auto cols = along_x_.cols();
    const auto r = static_cast<Eigen::Index>(radius_px_);
    using Row = Eigen::Map<const Eigen::ArrayXf>;
    std::fill_n(padded_.begin(), r, in[0]);
    std::copy_n(in, cols, padded_.begin() + r);
    std::fill_n(padded_.begin() + r + cols, r, in[cols - 1]);
    const float* p = padded_.data() + r;
    Eigen::Map<Eigen::ArrayXf> sum(out, cols);
    sum = taps_[0] * Row(p, cols);
    for (Eigen::Index k = 1; k <= r; ++k) {
        sum += taps_[static_cast<std::size_t>(k)] * (Row(p - k, cols) + Row(p + k, cols));
    }
}

int Filter::run(const Image& counts, int rows_in, double sigma_px, int first_row,
                Image& filtered) noexcept {
    const auto rows = static_cast<int>(counts.rows());
    if (first_row == 0) {
        rows_done_ = 0;
        radius_px_ = static_cast<int>(std::lround(5 * sigma_px));
        float sum = 0;
        for (int k = 0; k <= radius_px_; ++k) {
            const auto tap = static_cast<float>(std::exp(-0.5 * k * k / (sigma_px * sigma_px)));
            taps_[static_cast<std::size_t>(k)] = tap;
            sum += k == 0 ? tap : 2 * tap;
        }
        std::for_each(taps_.begin(), taps_.begin() + radius_px_ + 1, [sum](float& t) { t /= sum; });
    }
    for (; rows_done_ < rows_in; ++rows_done_) {
        filter_along_row(counts.row(rows_done_).data(), along_x_.row(rows_done_).data());
    }
    const int last = rows_in == rows ? rows : std::max(first_row, rows_in - radius_px_);
    for (int y = first_row; y < last; ++y) {
        auto out = filtered.row(y);
        out = taps_[0] * along_x_.row(y);
        for (int k = 1; k <= radius_px_; ++k) {
            out += taps_[static_cast<std::size_t>(k)] *
                   (along_x_.row(std::max(0, y - k)) + along_x_.row(std::min(rows - 1, y + k)));
        }
    }
    return last;
}

}  // namespace dwellmap
