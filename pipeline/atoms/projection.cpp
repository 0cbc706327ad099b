// SPDX-License-Identifier: Apache-2.0
#include "atoms/projection.hpp"

#include "base/vec8d.hpp"
#include "base/vectorise.hpp"

#include <cstring>

namespace dwellmap {
namespace {

static_assert(Projection::lanes == kVec);

DWELLMAP_INLINE Vec8d load(const double* from) {
    Vec8d v;
    std::memcpy(&v, from, sizeof v);
    return v;
}

// Sums over d, dim even; even and odd d apart: one sum would wait for itself.

/// sum[p] = Σ_d x[d] weight[d][p] − constant[p]
DWELLMAP_VECTORISE void project(const float* x, const double* weight, const double* constant,
                                int dim, double* sum) noexcept {
    Vec8d even{}, odd{};
    for (int d = 0; d < dim; d += 2) {
        even += static_cast<double>(x[d]) * load(weight + std::ptrdiff_t{kVec} * d);
        odd += static_cast<double>(x[d + 1]) * load(weight + std::ptrdiff_t{kVec} * (d + 1));
    }
    even += odd - load(constant);
    std::memcpy(sum, &even, sizeof even);
}

/// sum[p] = Σ_d variance[d] weight2[d][p]
DWELLMAP_VECTORISE void propagate(const float* variance, const float* weight2, int dim,
                                  float* sum) noexcept {
    Vec8 even{}, odd{};
    for (int d = 0; d < dim; d += 2) {
        even += variance[d] * load8(weight2 + std::ptrdiff_t{kVec} * d);
        odd += variance[d + 1] * load8(weight2 + std::ptrdiff_t{kVec} * (d + 1));
    }
    store8(sum, even + odd);
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
        weight2_[at(d)] = static_cast<float>(weight_[at(d)] * weight_[at(d)]);
    }
}

Projection::Lanes Projection::values(const float* offsets_px) const noexcept {
    Lanes sum;
    project(offsets_px, weight_.data() + std::size_t{2} * lanes, constant_.data(), dim_,
            sum.data());
    return sum;
}

Projection::Variances Projection::variances(const float* variances_px2) const noexcept {
    Variances sum;
    propagate(variances_px2, weight2_.data(), dim_ + 2, sum.data());
    return sum;
}

}  // namespace dwellmap
