// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/helper.hpp"

#include <cstddef>
#include <vector>

namespace dwellmap {

/// Two Gaussians, p(c) = w_0 N(c; m_0, v_0) + w_1 N(c; m_1, v_1), and how a sample is parted by them. Nothing allocates.
struct Mixture {
    double weight[2], mean[2], variance[2];  ///< 0: darker, 1: brighter
    double log_likelihood = 0;               ///< of the whole sample
};

/// Log odds that c is of the brighter one; not beyond the two means, where it can only get surer.
class LogOdds {
public:
    explicit LogOdds(const Mixture& m) noexcept;
    double operator()(double c) const noexcept;

    /// p = 1 / (1 + exp(∓log odds)) of n contrasts: of being the brighter one, or the darker.
    void probabilities(const float* c, std::size_t n, bool brighter, float* p) const noexcept;

private:
    double low_, high_, constant_, half_[2];
};

/// Two halves of a sorted sample, cut where the mean spread inside them is least; `fraction_bright` places the
/// cut to within `margin`, a negative one leaves it free.
Mixture cut(const std::vector<double>& sorted, double fraction_bright, double margin) noexcept;

/// Expectation-maximisation from m on until the means stand still. Cost O(n) a step. The order of the sample does not matter, but to the last digits.
void maximise(const std::vector<double>& sample, bool fixed_weights, Mixture& m,
              Helper& helper = no_helper()) noexcept;

/// Is the mixture better than one Gaussian by BIC, and are its parts three sigma apart?
bool is_twofold(const std::vector<double>& sample, const Mixture& m) noexcept;

}  // namespace dwellmap
