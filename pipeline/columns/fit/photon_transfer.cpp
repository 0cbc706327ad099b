// SPDX-License-Identifier: Apache-2.0
#include "fit/photon_transfer.hpp"

#include <Eigen/Core>
#include <Eigen/LU>

#include <algorithm>
#include <cmath>

namespace dwellmap {
namespace {

constexpr double kSignificant = 3;  // standard errors
constexpr double kNearOne = 0.1;

}  // namespace

void PhotonTransfer::begin(float low, float high) noexcept {
    pixels_.fill(0);
    model_.fill(0);
    squares_.fill(0);
    whole_numbers_ = true;
    low_ = low;
    scale_ = static_cast<float>(bins) / std::max(high - low, 1e-30F);
}

void PhotonTransfer::add(const float* counts, const float* model, int n) noexcept {
    for (int x = 0; x < n; x += 2) {
        const float m = model[x], r = counts[x] - m;
        whole_numbers_ = whole_numbers_ && counts[x] == std::floor(counts[x]);
        const auto bin = static_cast<std::size_t>(
            std::clamp((m - low_) * scale_, 0.0F, static_cast<float>(bins - 1)));
        pixels_[bin] += 1;
        model_[bin] += m;
        squares_[bin] += static_cast<double>(r) * r;
    }
}

void PhotonTransfer::merge(const PhotonTransfer& other) noexcept {
    for (std::size_t k = 0; k < bins; ++k) {
        pixels_[k] += other.pixels_[k];
        model_[k] += other.model_[k];
        squares_[k] += other.squares_[k];
    }
    whole_numbers_ = whole_numbers_ && other.whole_numbers_;
}

bool PhotonTransfer::solve(double freedom, double& gain, double& read_variance) const noexcept {
    Eigen::Matrix2d normal = Eigen::Matrix2d::Zero();
    Eigen::Vector2d right(0, 0);
    double all = 0, all_model = 0, all_squares = 0;
    for (std::size_t k = 0; k < bins; ++k) {
        all += pixels_[k];
        all_model += model_[k];
        all_squares += squares_[k] / freedom;
        if (pixels_[k] >= 50 && squares_[k] > 0) {
            const double m = model_[k] / pixels_[k], variance = squares_[k] / pixels_[k] / freedom;
            const double weight = pixels_[k] / (2 * variance * variance);
            const Eigen::Vector2d row(m, 1);
            normal += weight * row * row.transpose();
            right += weight * variance * row;
        }
    }
    if (all < 50) {
        return false;
    }
    const double mean_variance = all_squares / all, mean = all_model / all;
    if (!(mean > 0) || mean_variance < 1e-9 * mean * mean) {  // noise-free: as counted electrons
        gain = 1;
        read_variance = 0;
        return true;
    }
    const Eigen::Matrix2d covariance = normal.inverse();
    const Eigen::Vector2d line = covariance * right;
    gain = line[0];
    read_variance = line[1];
    const bool silent = line[1] < kSignificant * std::sqrt(covariance(1, 1));
    if (!line.allFinite() || line[0] <= 0) {
        gain = 0;
        read_variance = mean_variance;
    } else if (low_ >= 0 && silent) {
        gain = right[0] / normal(0, 0);
        read_variance = 0;
        if (whole_numbers_ && std::abs(gain - 1) < kNearOne) {
            gain = 1;
        }
    }
    return true;
}

}  // namespace dwellmap
