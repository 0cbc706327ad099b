// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "atoms/online_covariance.hpp"
#include "base/helper.hpp"

#include <Eigen/Core>

namespace dwellmap {

/// Vectors of a set that get other values, summed up so that the set is changed once:
///
///   d = new − old,  s = new + old − 2μ:   M += (P + Pᵀ)/2 − ΔΔᵀ/n,   μ += Δ/n   with  Δ = Σ d,  P = Σ d sᵀ
///
/// which is remove(old) and add(new) of each, for half the work and without the cancellation of what they share. Parts of a frame
/// may be summed at the same time, each in a change of its own.
/// Cost O(dim²) a vector. The constructor allocates, nothing after it does.
class alignas(kCacheLine) CovarianceChange {
public:
    explicit CovarianceChange(Eigen::Index dim);

    /// Begins anew, with the mean of the set as it is; the set stays so until apply().
    void begin(const OnlineCovariance& set) noexcept;

    /// @param from [dim] exactly what the set holds
    /// @param to   [dim] what it is to hold instead, finite
    void put(const double* from, const double* to) noexcept;

    /// Takes what `other`, begun with the same set, has summed up.
    void merge(CovarianceChange& other) noexcept;

    /// To the set it was begun with.
    void apply(OnlineCovariance& set) noexcept;

private:
    static constexpr Eigen::Index kBlock = 64;  // vectors multiplied at a time

    void flush() noexcept;

    Eigen::Index dim_, size_ = 0;
    Eigen::VectorXd twice_mean_, shift_;            // 2μ, Δ
    Eigen::MatrixXd product_, differences_, sums_;  // P; [dim × kBlock] d, s; padded to whole tiles
};

}  // namespace dwellmap
