// SPDX-License-Identifier: Apache-2.0
#include "atoms/online_covariance.hpp"

#include "base/vectorise.hpp"

#include <algorithm>

namespace dwellmap {
namespace {

constexpr Eigen::Index kTile = 4;
constexpr Eigen::Index kBlock = 64;  // vectors centred at a time

Eigen::Index whole_tiles(Eigen::Index dim) noexcept { return (dim + kTile - 1) / kTile * kTile; }

/// sum += Σ_k x_k for n vectors x [dim], `stride` apart.
DWELLMAP_VECTORISE void add_up(const double* x, Eigen::Index stride, Eigen::Index n,
                               Eigen::Index dim, double* __restrict sum) noexcept {
    for (Eigen::Index k = 0; k < n; ++k) {
        for (Eigen::Index d = 0; d < dim; ++d) {
            sum[d] += x[k * stride + d];
        }
    }
}

/// out_k = x_k − mean
DWELLMAP_VECTORISE void centre(const double* x, Eigen::Index stride, Eigen::Index n,
                               Eigen::Index dim, const double* mean, double* __restrict out,
                               Eigen::Index out_stride) noexcept {
    for (Eigen::Index k = 0; k < n; ++k) {
        for (Eigen::Index d = 0; d < dim; ++d) {
            out[k * out_stride + d] = x[k * stride + d] - mean[d];
        }
    }
}

/// scatter += Σ_k d_k d_kᵀ for n vectors d [dim × n], dim a multiple of kTile: tile by tile, in registers.
DWELLMAP_VECTORISE void add_squares(const double* d, Eigen::Index n, Eigen::Index dim,
                                    double* scatter) noexcept {
    for (Eigen::Index a = 0; a < dim; a += kTile) {
        for (Eigen::Index b = a; b < dim; b += kTile) {
            double sum[kTile][kTile] = {};
            for (Eigen::Index k = 0; k < n; ++k) {
                const double* x = d + k * dim;
                for (Eigen::Index i = 0; i < kTile; ++i) {
                    for (Eigen::Index j = 0; j < kTile; ++j) {
                        sum[i][j] += x[a + i] * x[b + j];
                    }
                }
            }
            for (Eigen::Index i = 0; i < kTile; ++i) {
                for (Eigen::Index j = 0; j < kTile; ++j) {
                    scatter[(a + i) * dim + b + j] += sum[i][j];
                    scatter[(b + j) * dim + a + i] += a < b ? sum[i][j] : 0;
                }
            }
        }
    }
}

}  // namespace

OnlineCovariance::OnlineCovariance(Eigen::Index dim)
    : mean_(Eigen::VectorXd::Zero(dim)),
      delta_(dim),
      scatter_(Eigen::MatrixXd::Zero(dim, dim)),
      batch_mean_(dim),
      batch_scatter_(whole_tiles(dim), whole_tiles(dim)),
      centred_(Eigen::MatrixXd::Zero(whole_tiles(dim), kBlock)) {}

void OnlineCovariance::add(const Eigen::Ref<const Eigen::VectorXd>& x) noexcept {
    ++count_;
    delta_ = x - mean_;
    mean_ += delta_ / count_;
    scatter_.noalias() += ((count_ - 1) / count_) * delta_ * delta_.transpose();
}

void OnlineCovariance::remove(const Eigen::Ref<const Eigen::VectorXd>& x) noexcept {
    if (count_ <= 1) {
        clear();
        return;
    }
    delta_ = x - mean_;
    mean_ -= delta_ / (count_ - 1);
    scatter_.noalias() -= (count_ / (count_ - 1)) * delta_ * delta_.transpose();
    --count_;
}

/// Mean and scatter of a batch, in two passes.
void OnlineCovariance::find_moments(const Eigen::Ref<const Eigen::MatrixXd>& x) noexcept {
    const auto stride = x.outerStride();
    batch_mean_.setZero();
    add_up(x.data(), stride, x.cols(), x.rows(), batch_mean_.data());
    batch_mean_ /= static_cast<double>(x.cols());
    batch_scatter_.setZero();
    for (Eigen::Index first = 0; first < x.cols(); first += kBlock) {
        const Eigen::Index n = std::min(kBlock, x.cols() - first);
        centre(x.data() + first * stride, stride, n, x.rows(), batch_mean_.data(), centred_.data(),
               centred_.rows());
        add_squares(centred_.data(), n, centred_.rows(), batch_scatter_.data());
    }
}

void OnlineCovariance::add_batch(const Eigen::Ref<const Eigen::MatrixXd>& x) noexcept {
    if (x.cols() == 0) {
        return;
    }
    find_moments(x);
    merge(static_cast<double>(x.cols()), batch_mean_, batch_scatter_);
}

void OnlineCovariance::remove_batch(const Eigen::Ref<const Eigen::MatrixXd>& x) noexcept {
    const double n = count_, n_b = static_cast<double>(x.cols());
    if (n <= n_b) {
        clear();
        return;
    }
    if (x.cols() == 0) {
        return;
    }
    find_moments(x);
    delta_ = batch_mean_ - mean_;
    mean_ -= delta_ * (n_b / (n - n_b));
    scatter_ -= batch_scatter_.topLeftCorner(scatter_.rows(), scatter_.cols());
    scatter_.noalias() -= (n * n_b / (n - n_b)) * delta_ * delta_.transpose();
    count_ -= n_b;
}

void OnlineCovariance::change(const Eigen::Ref<const Eigen::VectorXd>& shift,
                              const Eigen::Ref<const Eigen::MatrixXd>& product) noexcept {
    if (count_ <= 0) {
        return;
    }
    delta_ = shift / count_;
    mean_ += delta_;
    scatter_.noalias() += 0.5 * product;
    scatter_.noalias() += 0.5 * product.transpose();
    scatter_.noalias() -= count_ * delta_ * delta_.transpose();
}

void OnlineCovariance::merge(const OnlineCovariance& other) noexcept {
    if (other.count_ > 0) {
        merge(other.count_, other.mean_, other.scatter_);
    }
}

/// @param scatter [at least dim × dim]
void OnlineCovariance::merge(double n_b, const Eigen::VectorXd& mean,
                             const Eigen::MatrixXd& scatter) noexcept {
    const double n_a = count_;
    delta_ = mean - mean_;
    mean_ += delta_ * (n_b / (n_a + n_b));
    scatter_ += scatter.topLeftCorner(scatter_.rows(), scatter_.cols());
    scatter_.noalias() += (n_a * n_b / (n_a + n_b)) * delta_ * delta_.transpose();
    count_ += n_b;
}

void OnlineCovariance::forget(double factor) noexcept {
    count_ *= factor;
    scatter_ *= factor;
}

void OnlineCovariance::clear() noexcept {
    count_ = 0;
    mean_.setZero();
    scatter_.setZero();
}

}  // namespace dwellmap
