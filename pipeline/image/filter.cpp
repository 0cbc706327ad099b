// SPDX-License-Identifier: Apache-2.0
#include "image/filter.hpp"

#include "base/buffers.hpp"
#include "base/vec8.hpp"
#include "base/vectorise.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace dwellmap {
namespace {

constexpr int kStrip_px = 128;  // so that all rows under the Gaussian stay in the first cache
constexpr int kRowsKept = 64;   // smoothed along x, besides those above them; even

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

/// The same along the step for two rows, one step from each other: they are sums of the same rows but for two.
DWELLMAP_VECTORISE void convolve_two(const float* in, std::ptrdiff_t step, const float* taps,
                                     int radius, int n, float* first, float* second) noexcept {
    int x = 0;
    for (; x + 4 * kVec <= n; x += 4 * kVec) {
        std::array<Vec8, 4> a, b, above, below;
        for (float* row : {first + x, second + x}) {  // the next two rows
            __builtin_prefetch(row + 2 * (second - first), 1);
            __builtin_prefetch(row + 2 * (second - first) + 2 * kVec, 1);
        }
        for (std::size_t v = 0; v < a.size(); ++v) {
            above[v] = load8(in + x + v * kVec);
            below[v] = load8(in + x + step + v * kVec);
            a[v] = taps[0] * above[v];
            b[v] = taps[0] * below[v];
        }
        for (int k = 1; k <= radius; ++k) {
            const float *before = in + x - k * step, *after = in + x + (k + 1) * step;
            for (std::size_t v = 0; v < a.size(); ++v) {
                const Vec8 up = load8(before + v * kVec), down = load8(after + v * kVec);
                a[v] += taps[k] * (up + below[v]);
                b[v] += taps[k] * (above[v] + down);
                above[v] = up;
                below[v] = down;
            }
        }
        for (std::size_t v = 0; v < a.size(); ++v) {
            store8(first + x + v * kVec, a[v]);
            store8(second + x + v * kVec, b[v]);
        }
    }
    convolve(in + x, step, taps, radius, n - x, first + x);
    convolve(in + x + step, step, taps, radius, n - x, second + x);
}

}  // namespace

Filter::Filter(int rows_px, int cols_px)
    : max_radius_px_(static_cast<int>(std::ceil(5 * max_sigma_px))),
      taps_(static_cast<std::size_t>(max_radius_px_) + 1),
      along_x_(make_image(std::min(kRowsKept, rows_px) + 3 * max_radius_px_ + 2,
                          cols_px + odd_stride_px)) {
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

/// Where a row smoothed along x is kept: after those above it that are still needed.
float* Filter::along_x(int y, int first_row_kept, int col) noexcept {
    return along_x_.row(y - first_row_kept + 2 * radius_px_ + 2).data() + col;
}

/// A row smoothed along x, in these columns; the first and the last one also stand for those beyond them.
void Filter::filter_along_row(const Image& counts, int y, const Part& part) noexcept {
    const auto cols = static_cast<int>(counts.cols());
    const float* in = counts.row(y).data();
    std::vector<float>& padded = padded_[static_cast<std::size_t>(part.half)];
    const int left = part.first_col - radius_px_, right = part.last_col + radius_px_;
    const int from = std::max(0, left), to = std::min(cols, right);
    auto end = std::fill_n(padded.begin(), from - left, in[0]);
    end = std::copy(in + from, in + to, end);
    std::fill_n(end, right - to, in[cols - 1]);
    const int n = part.last_col - part.first_col;
    const int kept = y / kRowsKept * kRowsKept;
    const auto line = [&](int row) { return along_x(row, kept, part.first_col); };
    convolve(padded.data() + radius_px_, 1, taps_.data(), radius_px_, n, line(y));
    for (int k = 1; k <= radius_px_; ++k) {
        if (y == 0) {
            std::copy_n(line(0), n, line(-k));
        }
        if (y + 1 == counts.rows()) {
            std::copy_n(line(y), n, line(y + k));
        }
    }
}

/// Rows smoothed along x, down their columns.
void Filter::filter_down(int first_row, int last_row, int first_row_kept, const Part& part,
                         Image& filtered) noexcept {
    for (int x = part.first_col; x < part.last_col; x += kStrip_px) {
        const int n = std::min(kStrip_px, part.last_col - x);
        const auto in = [&](int y) { return along_x(y, first_row_kept, x); };
        const auto out = [&](int y) { return filtered.row(y).data() + x; };
        for (int y = first_row; y + 1 < last_row; y += 2) {
            convolve_two(in(y), along_x_.cols(), taps_.data(), radius_px_, n, out(y), out(y + 1));
        }
        if (last_row % 2 != 0) {
            convolve(in(last_row - 1), along_x_.cols(), taps_.data(), radius_px_, n,
                     out(last_row - 1));
        }
    }
}

/// Of these columns all that the rows allow; a few rows at a time, so that what is kept of them stays in the cache.
void Filter::filter_part(const Image& counts, int rows_in, int first_row, const Part& part,
                         Image& filtered) noexcept {
    for (int y = rows_done_; y < rows_in;) {
        const int kept = y / kRowsKept * kRowsKept;
        if (y == kept && y > 0) {
            for (int above = 2 * radius_px_ + 2; above > 0; --above) {
                std::copy_n(along_x(kept - above, kept - kRowsKept, part.first_col),
                            part.last_col - part.first_col,
                            along_x(kept - above, kept, part.first_col));
            }
        }
        const int end = std::min(kept + kRowsKept, rows_in);
        for (; y < end; ++y) {
            filter_along_row(counts, y, part);
        }
        const int last = std::max(first_row, last_row(end, static_cast<int>(counts.rows())));
        filter_down(first_row, last, kept, part, filtered);
        first_row = last;
    }
}

/// Rows before it are final once `rows_in` are there; in pairs.
int Filter::last_row(int rows_in, int rows) const noexcept {
    return rows_in == rows ? rows : (rows_in - radius_px_) / 2 * 2;
}

int Filter::run(const Image& counts, int rows_in, double sigma_px, int first_row, Image& filtered,
                Helper& helper) noexcept {
    const auto rows = static_cast<int>(counts.rows()), cols = static_cast<int>(counts.cols());
    if (first_row == 0) {
        rows_done_ = 0;
        set_taps(sigma_px);
    }
    const auto strips = static_cast<std::size_t>((cols + kStrip_px - 1) / kStrip_px);
    helper.halves(strips, [&](int half, std::size_t first_strip, std::size_t last_strip) {
        const int first_col = static_cast<int>(first_strip) * kStrip_px,
                  last_col = std::min(static_cast<int>(last_strip) * kStrip_px, cols);
        if (first_col < last_col) {
            filter_part(counts, rows_in, first_row, {half, first_col, last_col}, filtered);
        }
    });
    rows_done_ = std::max(rows_done_, rows_in);
    return std::max(first_row, last_row(rows_in, rows));
}

}  // namespace dwellmap
