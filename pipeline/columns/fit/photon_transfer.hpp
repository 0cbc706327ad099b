// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/helper.hpp"

#include <array>
#include <cstddef>

namespace dwellmap {

/// Gain and read-out noise of the detector from one frame: variance = gain · counts + read_variance, fitted to the squared
/// residual against the model in 16 bins of the model (Janesick, Photon Transfer, 2007). Read-out
/// noise that is not significant is left out; whole numbers with a gain within 10 % of 1 are counted electrons. gain 1 and read variance
/// 0 for electrons counted one by one.
class alignas(kCacheLine) PhotonTransfer {
public:
    /// @param low, high  range of the model, counts
    void begin(float low, float high) noexcept;

    /// n pixels of a row, every second one.
    void add(const float* counts, const float* model, int n) noexcept;

    /// As if what `other`, begun alike, was given had been added here.
    void merge(const PhotonTransfer& other) noexcept;

    /// @param freedom  degrees of freedom a pixel: the fit has taken some of the noise with it
    /// @return false: too few pixels; gain and variance stay as they are
    bool solve(double freedom, double& gain, double& read_variance) const noexcept;

private:
    static constexpr std::size_t bins = 16;
    std::array<double, bins> pixels_{}, model_{}, squares_{};
    bool whole_numbers_ = true;
    float low_ = 0, scale_ = 1;
};

}  // namespace dwellmap
