// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace dwellmap {

/// Points in square bins, to find the nearest one. build() is linear in the points, nearest() is constant.
/// The constructor allocates for the given field and number of points; nothing after it does.
class PointGrid {
public:
    PointGrid(int rows_px, int cols_px, double min_bin_px, std::size_t max_points)
        : rows_px_(rows_px), cols_px_(cols_px), next_(max_points) {
        const auto bins = [&](int n) { return static_cast<std::size_t>(n / min_bin_px) + 2; };
        first_.reserve(bins(rows_px) * bins(cols_px));
    }

    /// @param bin_px side of a bin; raised where the grid would need more bins than were allocated
    /// @param at     at(k) -> any {x_px, y_px} of point k; points outside the field go to the border bins
    template <class At>
    void build(std::size_t points, double bin_px, const At& at) noexcept {
        bin_px_ = static_cast<float>(bin_px);
        const auto bins = [&](int n) {
            return static_cast<int>(static_cast<float>(n) / bin_px_) + 1;
        };
        while (static_cast<std::size_t>(bins(rows_px_)) * static_cast<std::size_t>(bins(cols_px_)) >
               first_.capacity()) {
            bin_px_ *= 1.25F;
        }
        bins_x_ = bins(cols_px_);
        bins_y_ = bins(rows_px_);
        first_.assign(static_cast<std::size_t>(bins_x_) * static_cast<std::size_t>(bins_y_), -1);
        for (std::size_t k = std::min(points, next_.size());
             k-- > 0;) {  // backwards: bins list points in order
            auto& head = first_[bin_of(at(k).x_px, at(k).y_px)];
            next_[k] = head;
            head = static_cast<std::int32_t>(k);
        }
    }

    /// Index of the point nearest to (x, y) within `radius_px` for which take(k) is true, or -1.
    template <class At, class Take>
    int nearest(float x_px, float y_px, float radius_px, const At& at,
                const Take& take) const noexcept {
        const auto clamp_bin = [](float v, int n) {
            return std::clamp(static_cast<int>(v), 0, n - 1);
        };
        const int bx0 = clamp_bin((x_px - radius_px) / bin_px_, bins_x_),
                  bx1 = clamp_bin((x_px + radius_px) / bin_px_, bins_x_);
        const int by0 = clamp_bin((y_px - radius_px) / bin_px_, bins_y_),
                  by1 = clamp_bin((y_px + radius_px) / bin_px_, bins_y_);
        int best = -1;
        float best2 = radius_px * radius_px;
        for (int by = by0; by <= by1; ++by) {
            for (int bx = bx0; bx <= bx1; ++bx) {
                for (int k = first_[static_cast<std::size_t>(by * bins_x_ + bx)]; k >= 0;
                     k = next_[static_cast<std::size_t>(k)]) {
                    const auto& p = at(static_cast<std::size_t>(k));
                    const float dx = p.x_px - x_px, dy = p.y_px - y_px;
                    const float d2 = dx * dx + dy * dy;
                    if (d2 <= best2 && (d2 < best2 || best < 0) &&
                        take(static_cast<std::size_t>(k))) {
                        best2 = d2;
                        best = k;
                    }
                }
            }
        }
        return best;
    }

private:
    std::size_t bin_of(float x, float y) const noexcept {
        const int bx = std::clamp(static_cast<int>(x / bin_px_), 0, bins_x_ - 1);
        const int by = std::clamp(static_cast<int>(y / bin_px_), 0, bins_y_ - 1);
        return static_cast<std::size_t>(by * bins_x_ + bx);
    }

    int rows_px_, cols_px_;
    float bin_px_ = 1;
    int bins_x_ = 1, bins_y_ = 1;
    std::vector<std::int32_t> first_, next_;
};

}  // namespace dwellmap
