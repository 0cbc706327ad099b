// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/map.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace dwellmap {
namespace {

constexpr int kLongestSide = 256;  // map pixels
constexpr double kReach = 0.62;    // of a

}  // namespace

MapPainter::MapPainter(int rows_px, int cols_px)
    : step_px_(std::max(1, (std::max(rows_px, cols_px) + kLongestSide - 1) / kLongestSide)),
      rows_((rows_px + step_px_ - 1) / step_px_),
      cols_((cols_px + step_px_ - 1) / step_px_),
      nearest_(static_cast<std::size_t>(rows_) * static_cast<std::size_t>(cols_)),
      distance2_(nearest_.size()) {}

std::vector<MapLayer> MapPainter::make_layers() const {
    std::vector<MapLayer> layers;
    for (const char* name : {"isotropic", "order_parameter", "mode_1", "mode_2", "mode_3"}) {
        layers.push_back(
            {name, Image::Constant(rows_, cols_, kNaN), Image::Constant(rows_, cols_, kNaN)});
    }
    return layers;
}

void MapPainter::run(const std::vector<Atom>& atoms, const std::vector<Scores>& scores, double a_px,
                     std::vector<MapLayer>& layers) noexcept {
    std::fill(nearest_.begin(), nearest_.end(), -1);
    const auto step = static_cast<float>(step_px_);
    const auto reach = static_cast<float>(kReach * a_px) / step;
    std::fill(distance2_.begin(), distance2_.end(), reach * reach);
    for (std::size_t k = 0; k < atoms.size(); ++k) {
        if (!std::isfinite(scores[k].isotropic)) {
            continue;
        }
        const float x = (atoms[k].x_px + 0.5F) / step - 0.5F,
                    y = (atoms[k].y_px + 0.5F) / step - 0.5F;
        const int x0 = std::max(0, static_cast<int>(std::ceil(x - reach))),
                  x1 = std::min(cols_ - 1, static_cast<int>(x + reach));
        const int y0 = std::max(0, static_cast<int>(std::ceil(y - reach))),
                  y1 = std::min(rows_ - 1, static_cast<int>(y + reach));
        for (int py = y0; py <= y1; ++py) {
            for (int px = x0; px <= x1; ++px) {
                const float dx = static_cast<float>(px) - x, dy = static_cast<float>(py) - y;
                const auto at = static_cast<std::size_t>(py * cols_ + px);
                if (dx * dx + dy * dy < distance2_[at]) {
                    distance2_[at] = dx * dx + dy * dy;
                    nearest_[at] = static_cast<std::int32_t>(k);
                }
            }
        }
    }
    for (std::size_t at = 0; at < nearest_.size(); ++at) {
        const auto pixel = static_cast<Eigen::Index>(at);
        const auto put = [&](std::size_t layer, float value, float sigma) {
            layers[layer].value.data()[pixel] = value;
            layers[layer].sigma.data()[pixel] = sigma;
        };
        if (nearest_[at] < 0) {
            for (std::size_t layer = 0; layer < layers.size(); ++layer) {
                put(layer, kNaN, kNaN);
            }
            continue;
        }
        const Scores& s = scores[static_cast<std::size_t>(nearest_[at])];
        put(0, s.isotropic, s.se_isotropic);
        put(1, s.order_parameter, s.se_order_parameter);
        for (std::size_t m = 0; m < 3; ++m) {
            put(2 + m, s.pca[m], s.se_pca[m]);
        }
    }
}

}  // namespace dwellmap
