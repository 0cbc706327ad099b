// SPDX-License-Identifier: Apache-2.0
#include "regression/regression.hpp"

#include <cmath>

namespace dwellmap {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

double error(double variance, double value) noexcept {
    return std::isnan(value) ? kUnknown : std::sqrt(variance);
}

Coefficients errors(const Eigen::Matrix4d& covariance, const Coefficients& value) noexcept {
    return {error(covariance(0, 0), value.a), error(covariance(1, 1), value.b),
            error(covariance(2, 2), value.c), error(covariance(3, 3), value.d)};
}

/// Of b/(6a), to first order in the errors of a and b.
double ratio_error(const Eigen::Matrix4d& covariance, const Coefficients& value) noexcept {
    const Eigen::Vector2d slope(-value.b / (6 * value.a * value.a), 1 / (6 * value.a));
    return std::sqrt(slope.dot(covariance.topLeftCorner<2, 2>() * slope));
}

}  // namespace

void set_values(const Eigen::Vector4d& values, const Eigen::Array4i& known,
                RegressionEstimate& estimate) noexcept {
    const auto value = [&](int k) { return known[k] != 0 ? values[k] : kUnknown; };
    estimate.value = {value(0), value(1), value(2), value(3)};
    estimate.ratio = estimate.value.b / (6 * estimate.value.a);
}

void set_model_errors(const Eigen::Matrix4d& covariance, RegressionEstimate& estimate) noexcept {
    estimate.se_model = errors(covariance, estimate.value);
    estimate.se_ratio_model = ratio_error(covariance, estimate.value);
}

void set_errors(const Eigen::Matrix4d& covariance, RegressionEstimate& estimate) noexcept {
    estimate.se = errors(covariance, estimate.value);
    estimate.se_ratio = ratio_error(covariance, estimate.value);
}

void BlockCovariance::add(const Eigen::Vector4d& influence_of_block) noexcept {
    blocks_ += 1;
    sum_ += influence_of_block * influence_of_block.transpose();
}

void BlockCovariance::add(const BlockCovariance& others) noexcept {
    blocks_ += others.blocks_;
    sum_ += others.sum_;
}

Eigen::Matrix4d BlockCovariance::covariance() const noexcept {
    const double scale = blocks_ < 2 ? kUnknown : blocks_ / (blocks_ - 1);
    return scale * sum_;
}

void Range::add(double value) noexcept {
    low = std::fmin(low, value);
    high = std::fmax(high, value);
}

}  // namespace dwellmap
