// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/projection.hpp"

#include "vectorise.hpp"

namespace dwellmap {
namespace {

constexpr int kLanes = Projection::lanes;

/// sum[p] = Σ_d x[d] weight[d][p] − constant[p]
DWELLMAP_VECTORISE void project(const float* x, const double* weight, const double* constant,
                                int dim, double* sum) noexcept {
    double s[kLanes] = {};
    for (int d = 0; d < dim; ++d) {
        const double value = x[d];
        for (int p = 0; p < kLanes; ++p) {
            s[p] += value * weight[d * kLanes + p];
        }
    }
    for (int p = 0; p < kLanes; ++p) {
        sum[p] = s[p] - constant[p];
    }
}

}  // namespace

void Projection::clear(int dim) noexcept {
    dim_ = dim;
    constant_.fill(0);
    weight_.fill(0);
    weight2_.fill(0);
}

void Projection::set(int lane, const LatticeFrame& frame, const double* pattern,
                     double constant) noexcept {
    const auto at = [lane](int d) { return static_cast<std::size_t>(d * lanes + lane); };
    constant_[static_cast<std::size_t>(lane)] = constant;
    weight_[at(0)] = weight_[at(1)] = 0;
    for (int d = 0; d < dim_; d += 2) {
        const Eigen::Vector2d w =
            frame.turn(pattern[d], pattern[d + 1]);  // its own inverse, but for L
        weight_[at(d + 2)] = w.x();
        weight_[at(d + 3)] = w.y();
        weight_[at(0)] -= w.x();
        weight_[at(1)] -= w.y();
    }
    for (int d = 0; d < dim_ + 2; ++d) {
        weight2_[at(d)] = weight_[at(d)] * weight_[at(d)];
    }
}

Projection::Lanes Projection::values(const float* offsets_px) const noexcept {
    Lanes sum;
    project(offsets_px, weight_.data() + std::size_t{2} * lanes, constant_.data(), dim_,
            sum.data());
    return sum;
}

Projection::Lanes Projection::variances(const float* variances_px2) const noexcept {
    constexpr Lanes none{};
    Lanes sum;
    project(variances_px2, weight2_.data(), none.data(), dim_ + 2, sum.data());
    return sum;
}

}  // namespace dwellmap
