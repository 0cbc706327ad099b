// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mixtures/score_mixture.hpp"

#include <span>

namespace dwellmap {

/// The most likely ½ N(s; D, v) + ½ N(s; −D, v). At the maximum v = ⟨s²⟩ − D², which leaves one root in D: ⟨s tanh(D s/v)⟩ = D,
/// looked for beside the most likely of nine values of D.
/// @param scores  [n] finite, not all 0
SymmetricMixture fit_symmetric(std::span<const double> scores) noexcept;

}  // namespace dwellmap
