// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/regression.hpp"

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

void BlockCovariance::add(int image, int block, const Eigen::Vector4d& influence) {
    const auto key = (static_cast<std::int64_t>(image) << 32) + block;
    sums_.try_emplace(key, Eigen::Vector4d::Zero()).first->second += influence;
}

Eigen::Matrix4d BlockCovariance::covariance() const {
    const auto blocks = static_cast<double>(sums_.size());
    if (blocks < 2) {
        return Eigen::Matrix4d::Constant(kUnknown);
    }
    Eigen::Matrix4d sum = Eigen::Matrix4d::Zero();
    for (const auto& [key, influence] : sums_) {
        sum += influence * influence.transpose();
    }
    return blocks / (blocks - 1) * sum;
}

void Range::add(double value) noexcept {
    low = std::fmin(low, value);
    high = std::fmax(high, value);
}

}  // namespace dwellmap
