// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/background.hpp"

#include <algorithm>
#include <cmath>

namespace dwellmap {
namespace {

constexpr double kLeastStep_px = 16;
constexpr double kStep = 5;     // a
constexpr double kDark = 0.03;  // of the cations' amplitude

}  // namespace

Background::Background(int rows_px, int cols_px) : rows_px_(rows_px), cols_px_(cols_px) {
    const auto most_x = static_cast<std::size_t>(cols_px / kLeastStep_px + 3),
               most_y = static_cast<std::size_t>(rows_px / kLeastStep_px + 3);
    nodes_.reserve(most_x * most_y);
    sum_.reserve(most_x * most_y);
    weight_.reserve(most_x * most_y);
    line_.reserve(most_x);
    sample_.reserve(static_cast<std::size_t>(rows_px) * static_cast<std::size_t>(cols_px) / 9 +
                    static_cast<std::size_t>(rows_px + cols_px) + 1);
}

void Background::start(const Image& counts, int rows_in, double a_px) noexcept {
    rows_in_ = rows_in;
    a_px_ = a_px;
    step_px_ = std::max(kLeastStep_px, kStep * a_px);
    nodes_x_ = static_cast<int>(std::ceil(cols_px_ / step_px_)) + 1;
    nodes_y_ = static_cast<int>(std::ceil(rows_px_ / step_px_)) + 1;
    const auto nodes = static_cast<std::size_t>(nodes_x_) * static_cast<std::size_t>(nodes_y_);
    nodes_.resize(nodes);
    sum_.resize(nodes);
    weight_.resize(nodes);
    line_.resize(static_cast<std::size_t>(nodes_x_));
    const int half = static_cast<int>(step_px_ / 2);
    for (int ny = 0; ny < nodes_y_; ++ny) {
        for (int nx = 0; nx < nodes_x_; ++nx) {
            const int cy = std::min(static_cast<int>(ny * step_px_), rows_in_ - 1),
                      cx = std::min(static_cast<int>(nx * step_px_), cols_px_ - 1);
            sample_.clear();
            for (int y = std::max(0, cy - half); y < std::min(rows_in_, cy + half); y += 3) {
                for (int x = std::max(0, cx - half); x < std::min(cols_px_, cx + half); x += 3) {
                    sample_.push_back(counts(y, x));
                }
            }
            const auto fifth = sample_.begin() + static_cast<std::ptrdiff_t>(sample_.size() / 5);
            std::nth_element(sample_.begin(), fifth, sample_.end());
            nodes_[static_cast<std::size_t>(ny) * static_cast<std::size_t>(nodes_x_) +
                   static_cast<std::size_t>(nx)] = *fifth;
        }
    }
}

Background::Place Background::place(float x_px, float y_px) const noexcept {
    const float fx = x_px / static_cast<float>(step_px_), fy = y_px / static_cast<float>(step_px_);
    const int nx = std::clamp(static_cast<int>(fx), 0, nodes_x_ - 2),
              ny = std::clamp(static_cast<int>(fy), 0, nodes_y_ - 2);
    return {ny * nodes_x_ + nx, fx - static_cast<float>(nx), fy - static_cast<float>(ny)};
}

float Background::at(float x_px, float y_px) const noexcept {
    const Place p = place(x_px, y_px);
    const float* n = nodes_.data() + p.node;
    return (1 - p.v) * ((1 - p.u) * n[0] + p.u * n[1]) +
           p.v * ((1 - p.u) * n[nodes_x_] + p.u * n[nodes_x_ + 1]);
}

/// The nodes interpolated to one row of the image. @return how far it lies from the node row above to the one below
float Background::interpolate_row(int y) const noexcept {
    const Place p = place(0, static_cast<float>(y));
    for (int nx = 0; nx < nodes_x_; ++nx) {
        const float* node = nodes_.data() + p.node + nx;
        line_[static_cast<std::size_t>(nx)] = (1 - p.v) * node[0] + p.v * node[nodes_x_];
    }
    return p.v;
}

/// First pixel beyond the interval right of a node.
int Background::interval_end(int nx) const noexcept {
    return nx + 2 < nodes_x_ ? std::min(cols_px_, static_cast<int>(std::ceil(step_px_ * (nx + 1))))
                             : cols_px_;
}

void Background::render(Image& model) const noexcept {
    for (int y = 0; y < rows_in_; ++y) {
        interpolate_row(y);
        float* row = model.row(y).data();
        int x = 0;
        for (int nx = 0; nx + 1 < nodes_x_; ++nx) {
            const float left = line_[static_cast<std::size_t>(nx)],
                        slope = (line_[static_cast<std::size_t>(nx) + 1] - left) /
                                static_cast<float>(step_px_);
            const float from = static_cast<float>(nx * step_px_);
            for (const int end = interval_end(nx); x < end; ++x) {
                row[x] = left + slope * (static_cast<float>(x) - from);
            }
        }
    }
}

void Background::update(const Image& counts, const Image& model,
                        const std::vector<std::uint8_t>& row_valid,
                        double cation_amplitude) noexcept {
    std::fill(sum_.begin(), sum_.end(), 0.0F);
    std::fill(weight_.begin(), weight_.end(), 0.0F);
    const float dark = 1 / static_cast<float>(std::max(kDark * cation_amplitude, 1e-30)),
                per_step = 1 / static_cast<float>(step_px_);
    const int border = border_px(a_px_);
    for (int y = border; y < rows_in_ - border; y += 2) {
        if (row_valid[static_cast<std::size_t>(y)] == 0) {
            continue;
        }
        const float v = interpolate_row(y);
        const auto above = static_cast<std::size_t>(place(0, static_cast<float>(y)).node),
                   below = above + static_cast<std::size_t>(nodes_x_);
        const float* m = model.row(y).data();
        const float* c = counts.row(y).data();
        int x = border + y / 2 % 2;
        for (int nx = 0; nx + 1 < nodes_x_; ++nx) {
            const float left = line_[static_cast<std::size_t>(nx)],
                        rise = line_[static_cast<std::size_t>(nx) + 1] - left;
            float r = 0, ur = 0, w = 0, uw = 0;
            for (const int end = std::min(interval_end(nx), cols_px_ - border); x < end; x += 2) {
                const float u = static_cast<float>(x) * per_step - static_cast<float>(nx);
                const float light = (m[x] - left - rise * u) * dark;
                const float weight = 1 / (1 + light * light), residual = weight * (c[x] - m[x]);
                r += residual;
                ur += u * residual;
                w += weight;
                uw += u * weight;
            }
            const auto n = static_cast<std::size_t>(nx);
            sum_[above + n] += (1 - v) * (r - ur);
            sum_[above + n + 1] += (1 - v) * ur;
            sum_[below + n] += v * (r - ur);
            sum_[below + n + 1] += v * ur;
            weight_[above + n] += (1 - v) * (w - uw);
            weight_[above + n + 1] += (1 - v) * uw;
            weight_[below + n] += v * (w - uw);
            weight_[below + n + 1] += v * uw;
        }
    }
    for (std::size_t k = 0; k < nodes_.size(); ++k) {
        nodes_[k] += weight_[k] > 1 ? sum_[k] / weight_[k] : 0;
    }
}

}  // namespace dwellmap
