// SPDX-License-Identifier: Apache-2.0
#include "fit/background.hpp"

#include "base/vectorise.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace dwellmap {
namespace {

constexpr double kLeastStep_px = 16;
constexpr int kSparse = 4;
constexpr double kStep = 5;  // a
constexpr double kPrior =
    0.05;  // of a mean node's information: one that knows less moves as all do

DWELLMAP_VECTORISE void ramp(float first, float slope, int n, float* out) noexcept {
    for (int k = 0; k < n; ++k) {
        out[k] = first + slope * static_cast<float>(k);
    }
}

}  // namespace

Background::Background(int rows_px, int cols_px) : rows_px_(rows_px), cols_px_(cols_px) {
    const auto most_x = static_cast<std::size_t>(cols_px / kLeastStep_px + 3),
               most_y = static_cast<std::size_t>(rows_px / kLeastStep_px + 3);
    nodes_.reserve(most_x * most_y);
    share_.reserve(2 * most_x * most_y);
    sample_.reserve(static_cast<std::size_t>(rows_px) * static_cast<std::size_t>(cols_px) /
                        (kSparse * kSparse) +
                    static_cast<std::size_t>(rows_px + cols_px) + 1);
}

/// 10th percentile of some pixels within half a step of (cx, cy).
float Background::darkest_tenth(const FitImage& image, int cx, int cy) noexcept {
    const int half = static_cast<int>(step_px_ / 2);
    sample_.clear();
    for (int y = std::max(0, cy - half); y < std::min(rows_in_, cy + half); y += kSparse) {
        const float* row = image.counts(0, y);
        for (int x = std::max(0, cx - half); x < std::min(cols_px_, cx + half); x += kSparse) {
            sample_.push_back(row[x]);
        }
    }
    const auto tenth = sample_.begin() + static_cast<std::ptrdiff_t>(sample_.size() / 10);
    std::nth_element(sample_.begin(), tenth, sample_.end());
    return *tenth;
}

void Background::start(const FitImage& image, int rows_in, double a_px) noexcept {
    rows_in_ = rows_in;
    step_px_ = std::max(kLeastStep_px, kStep * a_px);
    nodes_x_ = static_cast<int>(std::ceil(cols_px_ / step_px_)) + 1;
    nodes_y_ = static_cast<int>(std::ceil(rows_px_ / step_px_)) + 1;
    nodes_.clear();
    for (int ny = 0; ny < nodes_y_; ++ny) {
        for (int nx = 0; nx < nodes_x_; ++nx) {
            nodes_.push_back(
                darkest_tenth(image, std::min(static_cast<int>(nx * step_px_), cols_px_ - 1),
                              std::min(static_cast<int>(ny * step_px_), rows_in_ - 1)));
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

float Background::mean() const noexcept {
    return std::accumulate(nodes_.begin(), nodes_.end(), 0.0F) / static_cast<float>(nodes_.size());
}

void Background::render(FitImage& image, int first_row, int last_row, int first_col,
                        int last_col) const noexcept {
    const int first_node = place(static_cast<float>(first_col), 0).node;
    for (int y = first_row; y < last_row; ++y) {
        float* row = image.model(0, y);
        const Place p = place(0, static_cast<float>(y));
        const auto at_node = [&](int nx) {
            const float* node = nodes_.data() + p.node + nx;
            return (1 - p.v) * node[0] + p.v * node[nodes_x_];
        };
        int x = first_col;
        for (int nx = first_node; nx + 1 < nodes_x_ && x < last_col; ++nx) {
            const auto from = static_cast<float>(nx * step_px_);
            const float left = at_node(nx),
                        slope = (at_node(nx + 1) - left) / static_cast<float>(step_px_);
            const int end =
                nx + 2 < nodes_x_
                    ? std::min(last_col, static_cast<int>(std::ceil(step_px_ * (nx + 1))))
                    : last_col;
            ramp(left + slope * (static_cast<float>(x) - from), slope, end - x, row + x);
            x = end;
        }
    }
}

void Background::begin_step() noexcept { share_.assign(2 * nodes_.size(), {0, 0, 0}); }

void Background::add(int half, float x_px, float y_px, double gradient, double fisher,
                     double fisher_width) noexcept {
    const Place p = place(x_px, y_px);
    Share* const shares = share_.data() + static_cast<std::size_t>(half) * nodes_.size();
    const auto give = [&](int node, double part) {
        Share& s = shares[node];
        s.gradient += part * gradient;
        s.fisher += part * fisher;
        s.fisher_width += part * fisher_width;
    };
    const double u = std::clamp(p.u, 0.0F, 1.0F), v = std::clamp(p.v, 0.0F, 1.0F);
    give(p.node, (1 - u) * (1 - v));
    give(p.node + 1, u * (1 - v));
    give(p.node + nodes_x_, (1 - u) * v);
    give(p.node + nodes_x_ + 1, u * v);
}

void Background::step(double d_width, double limit) noexcept {
    Share all{0, 0, 0};
    for (const Share& s : share_) {
        all.gradient += s.gradient - d_width * s.fisher_width;
        all.fisher += s.fisher;
    }
    if (!(all.fisher > 0)) {
        return;
    }
    const double prior = kPrior * all.fisher / static_cast<double>(nodes_.size()),
                 mean = all.gradient / all.fisher;
    for (std::size_t k = 0; k < nodes_.size(); ++k) {
        const Share &left = share_[k], &right = share_[nodes_.size() + k];
        const Share s{left.gradient + right.gradient, left.fisher + right.fisher,
                      left.fisher_width + right.fisher_width};
        const double d =
            (s.gradient - d_width * s.fisher_width + prior * mean) / (s.fisher + prior);
        nodes_[k] += static_cast<float>(std::clamp(d, -limit, limit));
    }
}

}  // namespace dwellmap
