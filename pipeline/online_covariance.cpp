// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/online_covariance.hpp"

namespace dwellmap {

OnlineCovariance::OnlineCovariance(Eigen::Index dim)
    : mean_(Eigen::VectorXd::Zero(dim)), delta_(dim), scatter_(Eigen::MatrixXd::Zero(dim, dim)) {}

void OnlineCovariance::add(const Eigen::Ref<const Eigen::VectorXd>& x) noexcept {
    ++count_;
    const auto n = static_cast<double>(count_);
    delta_ = x - mean_;
    mean_ += delta_ / n;
    scatter_.noalias() += ((n - 1) / n) * delta_ * delta_.transpose();
}

void OnlineCovariance::remove(const Eigen::Ref<const Eigen::VectorXd>& x) noexcept {
    if (count_ <= 1) {
        clear();
        return;
    }
    const auto n = static_cast<double>(count_);
    delta_ = x - mean_;
    mean_ -= delta_ / (n - 1);
    scatter_.noalias() -= (n / (n - 1)) * delta_ * delta_.transpose();
    --count_;
}

void OnlineCovariance::merge(const OnlineCovariance& other) noexcept {
    if (other.count_ == 0) {
        return;
    }
    const auto n_a = static_cast<double>(count_);
    const auto n_b = static_cast<double>(other.count_);
    delta_ = other.mean_ - mean_;
    mean_ += delta_ * (n_b / (n_a + n_b));
    scatter_ += other.scatter_;
    scatter_.noalias() += (n_a * n_b / (n_a + n_b)) * delta_ * delta_.transpose();
    count_ += other.count_;
}

void OnlineCovariance::clear() noexcept {
    count_ = 0;
    mean_.setZero();
    scatter_.setZero();
}

}  // namespace dwellmap
