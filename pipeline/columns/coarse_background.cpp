// SPDX-License-Identifier: Apache-2.0
#include "columns/coarse_background.hpp"

#include <algorithm>
#include <cmath>

namespace dwellmap {
namespace {

constexpr int kLeastStep_px = 5;
constexpr double kStep = 1.5;  // of a

}  // namespace

CoarseBackground::CoarseBackground(int rows_px, int cols_px)
    : cols_px_(cols_px), least_(rows_px / 4 + 2, cols_px / 4 + 2) {}

void CoarseBackground::estimate(const Image& filtered, int rows_in, double a_px) noexcept {
    rows_in_ = rows_in;
    step_px_ = std::max(kLeastStep_px, static_cast<int>(std::lround(kStep * a_px)));
    for (int by = 0; by * step_px_ < rows_in; ++by) {
        for (int bx = 0; bx * step_px_ < cols_px_; ++bx) {
            const int y0 = std::min(by * step_px_, std::max(0, rows_in - step_px_)),
                      x0 = std::min(bx * step_px_, std::max(0, cols_px_ - step_px_));
            least_(by, bx) = filtered
                                 .block(y0, x0, std::min(step_px_, rows_in - y0),
                                        std::min(step_px_, cols_px_ - x0))
                                 .minCoeff();
        }
    }
}

float CoarseBackground::at(float x_px, float y_px) const noexcept {
    const int bins_x = (cols_px_ - 1) / step_px_, bins_y = (rows_in_ - 1) / step_px_;
    const auto s = static_cast<float>(step_px_);
    const float fx = std::clamp(x_px / s - 0.5F, 0.0F, static_cast<float>(bins_x));
    const float fy = std::clamp(y_px / s - 0.5F, 0.0F, static_cast<float>(bins_y));
    const int x = static_cast<int>(fx), y = static_cast<int>(fy);
    const int x1 = std::min(x + 1, bins_x), y1 = std::min(y + 1, bins_y);
    const float u = fx - static_cast<float>(x), v = fy - static_cast<float>(y);
    return (1 - v) * ((1 - u) * least_(y, x) + u * least_(y, x1)) +
           v * ((1 - u) * least_(y1, x) + u * least_(y1, x1));
}

}  // namespace dwellmap
