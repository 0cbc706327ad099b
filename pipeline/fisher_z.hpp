// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>

namespace dwellmap {

/// Fisher's z of a correlation coefficient of n pairs, in units of its standard error.
inline double fisher_z(double correlation, double n) noexcept {
    return std::atanh(std::clamp(correlation, -0.999, 0.999)) * std::sqrt(std::max(1.0, n - 3));
}

}  // namespace dwellmap
