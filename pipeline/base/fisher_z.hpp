// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>

namespace dwellmap {

/// Of a correlation coefficient: nearly normal, with a variance that depends on the number of pairs only.
inline double fisher_z(double correlation) noexcept {
    return std::atanh(std::clamp(correlation, -0.999, 0.999));
}

inline double fisher_z_variance(double pairs) noexcept { return 1 / std::max(1.0, pairs - 3); }

}  // namespace dwellmap
