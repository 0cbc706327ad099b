// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/background.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace dwellmap {
namespace {

constexpr double kLeastStep_px = 16;
constexpr double kStep = 5;      // a
constexpr double kDark = 0.03;   // of the cations' amplitude

}  // namespace

Background::Background(int rows_px, int cols_px) : rows_px_(rows_px), cols_px_(cols_px) {
    const auto most_x = static_cast<std::size_t>(cols_px / kLeastStep_px + 3), most_y = static_cast<std::size_t>(rows_px / kLeastStep_px + 3);
    nodes_.reserve(most_x * most_y);
    sum_.reserve(most_x * most_y);
    weight_.reserve(most_x * most_y);
    line_.reserve(most_x);
    sample_.reserve(static_cast<std::size_t>(rows_px) * static_cast<std::size_t>(cols_px) / 9 + static_cast<std::size_t>(rows_px + cols_px) + 1);
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
            const int cy = std::min(static_cast<int>(ny * step_px_), rows_in_ - 1), cx = std::min(static_cast<int>(nx * step_px_), cols_px_ - 1);
            sample_.clear();
            for (int y = std::max(0, cy - half); y < std::min(rows_in_, cy + half); y += 3) {
                for (int x = std::max(0, cx - half); x < std::min(cols_px_, cx + half); x += 3) {
                    sample_.push_back(counts(y, x));
                }
            }
            const auto fifth = sample_.begin() + static_cast<std::ptrdiff_t>(sample_.size() / 5);
            std::nth_element(sample_.begin(), fifth, sample_.end());
            nodes_[static_cast<std::size_t>(ny * nodes_x_ + nx)] = *fifth;
        }
    }
}

Background::Place Background::place(float x_px, float y_px) const noexcept {
    const float fx = x_px / static_cast<float>(step_px_), fy = y_px / static_cast<float>(step_px_);
    const int nx = std::clamp(static_cast<int>(fx), 0, nodes_x_ - 2), ny = std::clamp(static_cast<int>(fy), 0, nodes_y_ - 2);
    return {ny * nodes_x_ + nx, fx - static_cast<float>(nx), fy - static_cast<float>(ny)};
}

float Background::value(const Place& p) const noexcept {
    const float* n = nodes_.data() + p.node;
    return (1 - p.v) * ((1 - p.u) * n[0] + p.u * n[1]) + p.v * ((1 - p.u) * n[nodes_x_] + p.u * n[nodes_x_ + 1]);
}

float Background::at(float x_px, float y_px) const noexcept { return value(place(x_px, y_px)); }

void Background::render(Image& model) const noexcept {
    const auto step = static_cast<float>(step_px_);
    for (int y = 0; y < rows_in_; ++y) {
        const Place p = place(0, static_cast<float>(y));
        for (int nx = 0; nx < nodes_x_; ++nx) {
            const float* node = nodes_.data() + p.node + nx;
            line_[static_cast<std::size_t>(nx)] = (1 - p.v) * node[0] + p.v * node[nodes_x_];
        }
        float* row = model.row(y).data();
        int x = 0;
        for (int nx = 0; nx + 1 < nodes_x_; ++nx) {
            const float left = line_[static_cast<std::size_t>(nx)], slope = (line_[static_cast<std::size_t>(nx) + 1] - left) / step;
            const int end = nx + 2 < nodes_x_ ? std::min(cols_px_, static_cast<int>(std::ceil(step * static_cast<float>(nx + 1)))) : cols_px_;
            const float from = static_cast<float>(nx) * step;
            for (; x < end; ++x) {
                row[x] = left + slope * (static_cast<float>(x) - from);
            }
        }
    }
}

void Background::update(const Image& counts, const Image& model, const std::vector<std::uint8_t>& row_valid, double cation_amplitude) noexcept {
    std::fill(sum_.begin(), sum_.end(), 0.0F);
    std::fill(weight_.begin(), weight_.end(), 0.0F);
    const float dark = 1 / static_cast<float>(std::max(kDark * cation_amplitude, 1e-30));
    const int border = border_px(a_px_);
    for (int y = border; y < rows_in_ - border; y += 2) {
        if (row_valid[static_cast<std::size_t>(y)] == 0) {
            continue;
        }
        for (int x = border + y / 2 % 2; x < cols_px_ - border; x += 2) {
            const Place p = place(static_cast<float>(x), static_cast<float>(y));
            const float light = (model(y, x) - value(p)) * dark;
            const float w = 1 / (1 + light * light), r = w * (counts(y, x) - model(y, x));
            const std::array<float, 4> share{(1 - p.v) * (1 - p.u), (1 - p.v) * p.u, p.v * (1 - p.u), p.v * p.u};
            const auto n = static_cast<std::size_t>(p.node), below = n + static_cast<std::size_t>(nodes_x_);
            const std::array<std::size_t, 4> node{n, n + 1, below, below + 1};
            for (std::size_t k = 0; k < 4; ++k) {
                sum_[node[k]] += share[k] * r;
                weight_[node[k]] += share[k] * w;
            }
        }
    }
    for (std::size_t k = 0; k < nodes_.size(); ++k) {
        nodes_[k] += weight_[k] > 1 ? sum_[k] / weight_[k] : 0;
    }
}

}  // namespace dwellmap
