// SPDX-License-Identifier: Apache-2.0
#include "atoms/covariance_change.hpp"

#include "base/vectorise.hpp"

namespace dwellmap {
namespace {

constexpr Eigen::Index kTile = 4;

Eigen::Index whole_tiles(Eigen::Index dim) noexcept { return (dim + kTile - 1) / kTile * kTile; }

DWELLMAP_VECTORISE void part(const double* __restrict from, const double* __restrict to,
                             const double* __restrict twice_mean, Eigen::Index dim,
                             double* __restrict difference, double* __restrict sum,
                             double* __restrict shift) noexcept {
    for (Eigen::Index d = 0; d < dim; ++d) {
        difference[d] = to[d] - from[d];
        sum[d] = to[d] + from[d] - twice_mean[d];
        shift[d] += difference[d];
    }
}

/// product += Σ_k d_k s_kᵀ for n vectors [dim × n], dim a multiple of kTile: tile by tile, in registers.
DWELLMAP_VECTORISE void add_products(const double* difference, const double* sum, Eigen::Index n,
                                     Eigen::Index dim, double* product) noexcept {
    for (Eigen::Index a = 0; a < dim; a += kTile) {
        for (Eigen::Index b = 0; b < dim; b += kTile) {
            double tile[kTile][kTile] = {};
            for (Eigen::Index k = 0; k < n; ++k) {
                for (Eigen::Index i = 0; i < kTile; ++i) {
                    for (Eigen::Index j = 0; j < kTile; ++j) {
                        tile[i][j] += sum[k * dim + a + i] * difference[k * dim + b + j];
                    }
                }
            }
            for (Eigen::Index i = 0; i < kTile; ++i) {
                for (Eigen::Index j = 0; j < kTile; ++j) {
                    product[(a + i) * dim + b + j] += tile[i][j];
                }
            }
        }
    }
}

}  // namespace

CovarianceChange::CovarianceChange(Eigen::Index dim)
    : dim_(dim),
      twice_mean_(dim),
      shift_(dim),
      product_(whole_tiles(dim), whole_tiles(dim)),
      differences_(Eigen::MatrixXd::Zero(whole_tiles(dim), kBlock)),
      sums_(differences_) {}

void CovarianceChange::begin(const OnlineCovariance& set) noexcept {
    twice_mean_ = 2 * set.mean();
    shift_.setZero();
    product_.setZero();
    size_ = 0;
}

void CovarianceChange::put(const double* from, const double* to) noexcept {
    part(from, to, twice_mean_.data(), dim_, differences_.col(size_).data(),
         sums_.col(size_).data(), shift_.data());
    if (++size_ == kBlock) {
        flush();
    }
}

void CovarianceChange::flush() noexcept {
    add_products(differences_.data(), sums_.data(), size_, product_.rows(), product_.data());
    size_ = 0;
}

void CovarianceChange::merge(CovarianceChange& other) noexcept {
    other.flush();
    shift_ += other.shift_;
    product_ += other.product_;
}

void CovarianceChange::apply(OnlineCovariance& set) noexcept {
    flush();
    set.change(shift_, product_.topLeftCorner(dim_, dim_));
}

}  // namespace dwellmap
