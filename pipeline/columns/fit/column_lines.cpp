// SPDX-License-Identifier: Apache-2.0
#include "fit/column_lines.hpp"

#include "base/vec8.hpp"
#include "base/vectorise.hpp"

#include <algorithm>
#include <cmath>

namespace dwellmap {
namespace {

constexpr int kPhases = 64;  // places of the table a pixel
constexpr int kReach_px = 64, kTableRow = 3 * kReach_px;

/// Of a number above −8192; without a call to the library.
int nearest(float v) noexcept { return static_cast<int>(v + 8192.5F) - 8192; }

int whole_px(double radius_sigma, double sigma_px) noexcept {
    return 2 * static_cast<int>(std::lround(radius_sigma * sigma_px)) + 1;
}

DWELLMAP_VECTORISE void fill_table(double sigma_px, float* table) noexcept {
    const auto exponent = static_cast<float>(-0.5 / (sigma_px * sigma_px));
    const Vec8 steps = {0, 1, 2, 3, 4, 5, 6, 7};
    for (int phase = 0; phase < kPhases; ++phase) {
        const float first = static_cast<float>(phase) / kPhases - kReach_px;
        for (int k = 0; k < kTableRow; k += kVec) {
            const Vec8 d = steps + (first + static_cast<float>(k));
            store8(table + phase * kTableRow + k, exp8(d * d * exponent));
        }
    }
}

/// E(d) from E(d − δ), d − δ on the table's grid.
DWELLMAP_VECTORISE void fill_line(const float* on_grid, float first, float delta,
                                  float inverse_variance, int pixels, AxisLine& line) noexcept {
    const Vec8 steps = {0, 1, 2, 3, 4, 5, 6, 7};
    for (int k = 0; k < pixels; k += kVec) {
        const Vec8 d = steps + (first + static_cast<float>(k));
        const Vec8 z = (d - 0.5F * delta) * (-delta * inverse_variance);
        store8(line.d.data() + k, d);
        store8(line.e.data() + k,
               load8(on_grid + k) * (z * (z * (z * (1.0F / 6) + 0.5F) + 1.0F) + 1.0F));
    }
}

}  // namespace

int window_px(double radius_sigma, double sigma_px) noexcept {
    return std::min((whole_px(radius_sigma, sigma_px) + kVec - 1) / kVec * kVec, kMaxWindow);
}

ColumnLines::ColumnLines(double radius_sigma, double inner_radius_sigma)
    : radius_sigma_(radius_sigma),
      inner_radius_sigma_(inner_radius_sigma),
      table_(static_cast<std::size_t>(kPhases) * kTableRow) {}

void ColumnLines::set_width(double sigma_px) noexcept {
    if (sigma_px == sigma_px_) {
        return;
    }
    sigma_px_ = sigma_px;
    inverse_variance_ = static_cast<float>(1 / (sigma_px * sigma_px));
    const auto sides = [&](double radius_sigma, int& nx, int& ny) {
        nx = window_px(radius_sigma, sigma_px);
        ny = std::min(whole_px(radius_sigma, sigma_px), kMaxWindow - 1);
    };
    sides(radius_sigma_, nx_, ny_);
    sides(inner_radius_sigma_, inner_nx_, inner_ny_);
    fill_table(sigma_px, table_.data());
}

void ColumnLines::line(float centre_px, int first, int pixels, AxisLine& line) const noexcept {
    const float d = static_cast<float>(first) - centre_px;
    const int grid = nearest(d * kPhases);
    const int phase = grid & (kPhases - 1);
    const int whole =
        std::clamp((grid - phase) / kPhases, -kReach_px, kTableRow - kReach_px - pixels - kVec);
    fill_line(table_.data() + phase * kTableRow + kReach_px + whole, d,
              d - static_cast<float>(grid) / kPhases, inverse_variance_, pixels, line);
}

void ColumnLines::open(float x_px, float y_px, ColumnWindow& window) const noexcept {
    window.nx = nx_;
    window.ny = ny_;
    window.x0 = nearest(x_px) - nx_ / 2;
    window.y0 = nearest(y_px) - ny_ / 2;
    line(x_px, window.x0, window.nx, window.x);
    line(y_px, window.y0, window.ny, window.y);
}

void ColumnLines::open_at(const ColumnWindow& other, float x_px, float y_px,
                          ColumnWindow& window) const noexcept {
    window.x0 = other.x0;
    window.y0 = other.y0;
    window.nx = other.nx;
    window.ny = other.ny;
    line(x_px, window.x0, window.nx, window.x);
    line(y_px, window.y0, window.ny, window.y);
}

}  // namespace dwellmap
