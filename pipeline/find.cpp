// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/find.hpp"

#include <algorithm>
#include <cmath>

namespace dwellmap {
namespace {

/// Highest of the disc around (y, x)? Of equal pixels the first in raster order is: one peak a plateau.
bool is_highest(const Image& f, int y, int x, int radius) noexcept {
    const float v = f(y, x);
    const auto rows = static_cast<int>(f.rows());
    const auto cols = static_cast<int>(f.cols());
    for (int dy = -radius; dy <= radius; ++dy) {
        const int yy = y + dy;
        if (yy < 0 || yy >= rows) {
            continue;
        }
        const int half = static_cast<int>(std::sqrt(static_cast<float>(radius * radius - dy * dy)));
        const int end = std::min(cols - 1, x + half);
        for (int xx = std::max(0, x - half); xx <= end; ++xx) {
            const float other = f(yy, xx);
            const bool before = yy < y || (yy == y && xx < x);
            if (other > v || (before && other == v)) {
                return false;
            }
        }
    }
    return true;
}

/// Vertex of the parabola through three equidistant values, in pixels from the middle one.
float vertex(float left, float middle, float right) noexcept {
    const float curvature = left - 2 * middle + right;
    return curvature < 0 ? std::clamp(0.5F * (left - right) / curvature, -0.5F, 0.5F) : 0.0F;
}

}  // namespace

PeakFinder::PeakFinder(std::size_t max_peaks) { peaks_.reserve(max_peaks); }

void PeakFinder::search_row(const Image& f, int y, int radius) noexcept {
    const auto rows = static_cast<int>(f.rows());
    const auto cols = static_cast<int>(f.cols());
    for (int x = 1; x + 1 < cols; ++x) {
        const float v = f(y, x);
        if (f(y, x - 1) > v || f(y, x + 1) > v || (y > 0 && f(y - 1, x) > v) ||
            (y + 1 < rows && f(y + 1, x) > v) || !is_highest(f, y, x, radius)) {
            continue;
        }
        if (peaks_.size() == peaks_.capacity()) {
            ++dropped_;
            continue;
        }
        const bool inside = y > 0 && y + 1 < rows;
        const float dy = inside ? vertex(f(y - 1, x), v, f(y + 1, x)) : 0.0F;
        peaks_.push_back({static_cast<float>(x) + vertex(f(y, x - 1), v, f(y, x + 1)),
                          static_cast<float>(y) + dy, v});
    }
}

int PeakFinder::run(const Image& filtered, int rows_in, double radius_px, int first_row) noexcept {
    if (first_row == 0) {
        peaks_.clear();
        dropped_ = 0;
    }
    const int radius = std::max(1, static_cast<int>(std::lround(radius_px)));
    const int last = rows_in == filtered.rows() ? rows_in : std::max(first_row, rows_in - radius);
    for (int y = first_row; y < last; ++y) {
        search_row(filtered, y, radius);
    }
    return last;
}

}  // namespace dwellmap
