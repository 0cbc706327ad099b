// SPDX-License-Identifier: Apache-2.0
#include "image/find.hpp"

#include "base/buffers.hpp"
#include "base/vec8.hpp"
#include "base/vectorise.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace dwellmap {
namespace {

/// Writes the columns of a row, from 1 to n−2, that are not lower than their four neighbours. @return how many
DWELLMAP_VECTORISE int candidates(const float* above, const float* row, const float* below, int n,
                                  std::int32_t* found) noexcept {
    int count = 0;
    const auto test = [&](int x) {
        const float v = row[x];
        if (row[x - 1] <= v && row[x + 1] <= v && above[x] <= v && below[x] <= v) {
            found[count++] = x;
        }
    };
    int x = 1;
    for (; x + kVec < n; x += kVec) {
        const Vec8 v = load8(row + x);
        const auto high = (load8(row + x - 1) <= v) & (load8(row + x + 1) <= v) &
                          (load8(above + x) <= v) & (load8(below + x) <= v);
        std::array<std::uint64_t, 4> pairs;
        std::memcpy(pairs.data(), &high, sizeof pairs);
        if ((pairs[0] | pairs[1] | pairs[2] | pairs[3]) != 0) {
            for (int k = 0; k < kVec; ++k) {
                test(x + k);
            }
        }
    }
    for (; x + 1 < n; ++x) {
        test(x);
    }
    return count;
}

/// Vertex of the parabola through three equidistant values, in pixels from the middle one.
float vertex(float left, float middle, float right) noexcept {
    const float curvature = left - 2 * middle + right;
    return curvature < 0 ? std::clamp(0.5F * (left - right) / curvature, -0.5F, 0.5F) : 0.0F;
}

}  // namespace

PeakFinder::PeakFinder(int cols_px, std::size_t max_peaks) : cols_px_(cols_px) {
    for (Found& found : found_) {
        found.candidate.resize(static_cast<std::size_t>(cols_px));
        make_room(found.peaks, max_peaks);
    }
    half_.reserve(static_cast<std::size_t>(cols_px));
}

void PeakFinder::Found::add(const Peak& peak) noexcept {
    if (peaks.size() == peaks.capacity()) {
        ++dropped;
    } else {
        peaks.push_back(peak);
    }
}

/// Highest of the disc around (y, x)? Of equal pixels the first in raster order is: one peak a plateau.
bool PeakFinder::is_highest(const Image& f, int y, int x) const noexcept {
    const float v = f(y, x);
    const int radius = static_cast<int>(half_.size()) - 1;
    const int first = std::max(0, y - radius),
              last = std::min(static_cast<int>(f.rows()) - 1, y + radius);
    for (int yy = first; yy <= last; ++yy) {
        const int half = half_[static_cast<std::size_t>(std::abs(yy - y))];
        const int end = std::min(cols_px_ - 1, x + half);
        const float* row = f.row(yy).data();
        for (int xx = std::max(0, x - half); xx <= end; ++xx) {
            const bool before = yy < y || (yy == y && xx < x);
            if (row[xx] > v || (before && row[xx] == v)) {
                return false;
            }
        }
    }
    return true;
}

void PeakFinder::search_row(const Image& f, int y, Found& found) const noexcept {
    const bool top = y == 0, bottom = y + 1 == f.rows();
    const float *row = f.row(y).data(), *above = f.row(top ? y : y - 1).data(),
                *below = f.row(bottom ? y : y + 1).data();
    const int count = candidates(above, row, below, cols_px_, found.candidate.data());
    for (int k = 0; k < count; ++k) {
        const int x = found.candidate[static_cast<std::size_t>(k)];
        if (!is_highest(f, y, x)) {
            continue;
        }
        const float v = row[x];
        const float dy = top || bottom ? 0.0F : vertex(above[x], v, below[x]);
        found.add({static_cast<float>(x) + vertex(row[x - 1], v, row[x + 1]),
                   static_cast<float>(y) + dy, v});
    }
}

int PeakFinder::run(const Image& filtered, int rows_in, double radius_px, int first_row,
                    Helper& helper) noexcept {
    const int radius = std::clamp(static_cast<int>(std::lround(radius_px)), 1,
                                  static_cast<int>(half_.capacity()) - 1);
    if (first_row == 0) {
        found_[0].peaks.clear();
        found_[0].dropped = 0;
        half_.clear();
        for (int dy = 0; dy <= radius; ++dy) {
            half_.push_back(
                static_cast<int>(std::sqrt(static_cast<float>(radius * radius - dy * dy))));
        }
    }
    const int last = rows_in == filtered.rows() ? rows_in : std::max(first_row, rows_in - radius);
    found_[1].peaks.clear();
    helper.halves(static_cast<std::size_t>(last - first_row),
                  [&](int half, std::size_t first, std::size_t end) {
                      for (std::size_t k = first; k < end; ++k) {
                          search_row(filtered, first_row + static_cast<int>(k),
                                     found_[static_cast<std::size_t>(half)]);
                      }
                  });
    for (const Peak& peak : found_[1].peaks) {
        found_[0].add(peak);
    }
    return last;
}

}  // namespace dwellmap
