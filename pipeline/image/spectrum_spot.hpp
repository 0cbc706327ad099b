// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "image/fourier.hpp"

#include <Eigen/Core>

namespace dwellmap {

/// A disc of the power spectrum and the ring around it, twice as wide. In bins.
struct SpotDisc {
    /// Of a bin under a logarithm, in units of counting noise.
    static constexpr double least_power = 1e-6;

    const Image& power;
    Eigen::Vector2d centre;
    double radius;

    bool inside(double reach) const noexcept {
        return centre.minCoeff() - reach >= 1 &&
               centre.maxCoeff() + reach <= static_cast<double>(power.cols() - 2);
    }

    /// f(x, y, distance²) of all bins up to `reach` from the centre.
    template <class F>
    void each(double reach, const F& f) const {
        const auto low = (centre.array() - reach).ceil().cast<int>().eval(),
                   high = (centre.array() + reach).floor().cast<int>().eval();
        for (int y = low.y(); y <= high.y(); ++y) {
            for (int x = low.x(); x <= high.x(); ++x) {
                const double d2 = (Eigen::Vector2d(x, y) - centre).squaredNorm();
                if (d2 <= reach * reach) {
                    f(x, y, d2);
                }
            }
        }
    }
};

struct SpotSum {
    double above = 0;       ///< the background, over the disc
    double error = 0;       ///< of that, from the scatter of the ring
    double background = 0;  ///< per bin
};

SpotSum add_up(const SpotDisc& disc);

/// Centre and covariance of a peak, bins.
struct SpotShape {
    Eigen::Vector2d centre;
    Eigen::Matrix2d covariance;
    bool found;
};

/// Moments under a Gaussian weight W: of a Gaussian peak C at the weight's centre they have the covariance
/// M = (C⁻¹ + W⁻¹)⁻¹, off the centre by δ the mean M C⁻¹ δ. W = C + 1.5² bins².
/// @param background  per bin
SpotShape measure_shape(const SpotDisc& disc, double background);

/// Of an ideal peak under a Hann window, |sinc(d) / (1 − d²)|² in each direction, between the bins on average. Bins².
double variance_of_hann();

/// Sets the splitting of `peak`, if there is one: of power P on a background b (per bin) the noise has the variance
/// b² + 2 P b, as of a wave that interferes with random ones.
/// @param step_per_px  frequency from bin to bin
void measure_splitting(const SpotDisc& disc, double background, double step_per_px,
                       BraggPeak& peak);

}  // namespace dwellmap
