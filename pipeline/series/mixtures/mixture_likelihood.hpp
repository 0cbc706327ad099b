// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>

#include <span>

namespace dwellmap {

/// The scores s of a cell in standard units, z = (s − mean)/sd: so are the parameters and all that follows from them.
struct MixtureSample {
    std::span<const double> scores;
    std::span<const float> errors;  ///< of measurement; empty: taken as 0
    double mean = 0, sd = 0;
};

/// Of component k: ln w (up to a common constant), m, ln v at 3k, 3k+1, 3k+2. Unused places are 0.
using MixtureParameters = Eigen::Matrix<double, 9, 1>;
using MixtureInformation = Eigen::Matrix<double, 9, 9>;

struct MixtureComponents {
    static constexpr double least_variance = 0.05 * 0.05;

    double weight[3], mean[3], variance[3], height[3];  ///< height: weight/√variance
};

MixtureComponents components_of(const MixtureParameters& p, int k) noexcept;

/// Log likelihood, its gradient and minus its second derivatives: at what is not free, zeros and a one on the diagonal.
/// Not free are the last weight, a variance at its least that would fall further, and unused places.
struct MixtureExpansion {
    double log_likelihood;
    MixtureParameters gradient, known_labels;  ///< the second: diagonal of J of fit_mixture()
    MixtureInformation information;

    void fix(int i) noexcept {
        gradient[i] = 0;
        known_labels[i] = 1;
        information.row(i).setZero();
        information.col(i).setZero();
        information(i, i) = 1;
    }
};

/// log L = Σ_i ln Σ_k w_k N(z_i; m_k, v_k + e_i²) of k = 1…3 components, e_i the errors in standard units, with the derivatives
/// that fit_mixture() tells of. Eight scores at a time, in an order that does not depend on the machine.
MixtureExpansion expand(int k, const MixtureSample& sample, const MixtureParameters& p) noexcept;

}  // namespace dwellmap
