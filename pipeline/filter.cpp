// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/filter.hpp"

#include "dwellmap/buffers.hpp"
#include "vec8.hpp"
#include "vectorise.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace dwellmap {
namespace {

constexpr int kStrip_px = 128;  // so that all rows under the Gaussian stay in the first cache

/// out[x] = taps[0] in[x] + Σ_k taps[k] (in[x − k step] + in[x + k step]), 0 <= x < n
DWELLMAP_VECTORISE void convolve(const float* in, std::ptrdiff_t step, const float* taps,
                                 int radius, int n, float* out) noexcept {
    int x = 0;
    for (; x + 4 * kVec <= n;
         x += 4 * kVec) {  // four sums at a time: none waits for its last addition
        std::array<Vec8, 4> sum;
        for (std::size_t v = 0; v < sum.size(); ++v) {
            sum[v] = taps[0] * load8(in + x + v * kVec);
        }
        for (int k = 1; k <= radius; ++k) {
            const float *before = in + x - k * step, *after = in + x + k * step;
            for (std::size_t v = 0; v < sum.size(); ++v) {
                sum[v] += taps[k] * (load8(before + v * kVec) + load8(after + v * kVec));
            }
        }
        for (std::size_t v = 0; v < sum.size(); ++v) {
            store8(out + x + v * kVec, sum[v]);
        }
    }
    for (; x < n; ++x) {
        float sum = taps[0] * in[x];
        for (int k = 1; k <= radius; ++k) {
            sum += taps[k] * (in[x - k * step] + in[x + k * step]);
        }
        out[x] = sum;
    }
}

}  // namespace

Filter::Filter(int rows_px, int cols_px)
    : max_radius_px_(static_cast<int>(std::ceil(5 * max_sigma_px))),
      taps_(static_cast<std::size_t>(max_radius_px_) + 1),
      along_x_(make_image(rows_px + 2 * max_radius_px_, cols_px + odd_stride_px)) {
    for (auto& padded : padded_) {
        padded.resize(static_cast<std::size_t>(cols_px) + 2 * taps_.size());
    }
}

void Filter::set_taps(double sigma_px) noexcept {
    radius_px_ = static_cast<int>(std::lround(5 * sigma_px));
    float sum = 0;
    for (int k = 0; k <= radius_px_; ++k) {
        const auto tap = static_cast<float>(std::exp(-0.5 * k * k / (sigma_px * sigma_px)));
        taps_[static_cast<std::size_t>(k)] = tap;
        sum += k == 0 ? tap : 2 * tap;
    }
    std::for_each(taps_.begin(), taps_.begin() + radius_px_ + 1, [sum](float& t) { t /= sum; });
}

/// A row smoothed along x, in these columns; the first and the last one also stand for those beyond them.
void Filter::filter_along_row(const Image& counts, int y, int first_col, int last_col,
                              std::vector<float>& padded) noexcept {
    const auto cols = static_cast<int>(counts.cols());
    const float* in = counts.row(y).data();
    const int left = first_col - radius_px_, right = last_col + radius_px_;
    const int from = std::max(0, left), to = std::min(cols, right);
    auto end = std::fill_n(padded.begin(), from - left, in[0]);
    end = std::copy(in + from, in + to, end);
    std::fill_n(end, right - to, in[cols - 1]);
    const int n = last_col - first_col;
    const auto line = [&](int row) { return along_x_.row(row).segment(first_col, n); };
    convolve(padded.data() + radius_px_, 1, taps_.data(), radius_px_, n,
             line(y + max_radius_px_).data());
    for (int k = 1; k <= radius_px_; ++k) {
        if (y == 0) {
            line(max_radius_px_ - k) = line(max_radius_px_);
        }
        if (y + 1 == counts.rows()) {
            line(y + max_radius_px_ + k) = line(y + max_radius_px_);
        }
    }
}

int Filter::run(const Image& counts, int rows_in, double sigma_px, int first_row, Image& filtered,
                Helper& helper) noexcept {
    const auto rows = static_cast<int>(counts.rows()), cols = static_cast<int>(counts.cols());
    if (first_row == 0) {
        rows_done_ = 0;
        set_taps(sigma_px);
    }
    const int last = rows_in == rows ? rows : std::max(first_row, rows_in - radius_px_);
    const auto strips = static_cast<std::size_t>((cols + kStrip_px - 1) / kStrip_px);
    helper.halves(strips, [&](int half, std::size_t first_strip, std::size_t last_strip) {
        const int first_col = static_cast<int>(first_strip) * kStrip_px,
                  last_col = std::min(static_cast<int>(last_strip) * kStrip_px, cols);
        for (int y = rows_done_; first_col < last_col && y < rows_in; ++y) {
            filter_along_row(counts, y, first_col, last_col,
                             padded_[static_cast<std::size_t>(half)]);
        }
        for (int x = first_col; x < last_col; x += kStrip_px) {
            for (int y = first_row; y < last; ++y) {
                convolve(along_x_.row(y + max_radius_px_).data() + x, along_x_.cols(), taps_.data(),
                         radius_px_, std::min(kStrip_px, cols - x), filtered.row(y).data() + x);
            }
        }
    });
    rows_done_ = std::max(rows_done_, rows_in);
    return last;
}

}  // namespace dwellmap
