// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/vec8.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <numbers>

namespace dwellmap {

/// Eight doubles at once, as vec8.hpp has it for floats.
using Vec8d = double __attribute__((vector_size(64)));

/// Up to eight numbers from `from` on, then zeros.
template <class T>
DWELLMAP_INLINE Vec8d load8(const T* from, std::size_t count) {
    T lane[kVec]{};
    if (count >= kVec) {
        std::memcpy(lane, from, sizeof lane);
    } else {
        std::memcpy(lane, from, count * sizeof(T));
    }
    Vec8d v;
    for (int l = 0; l < kVec; ++l) {
        v[l] = static_cast<double>(lane[l]);
    }
    return v;
}

DWELLMAP_INLINE double sum8(const Vec8d& v) {
    return ((v[0] + v[1]) + (v[2] + v[3])) + ((v[4] + v[5]) + (v[6] + v[7]));
}

/// Σ ln of the lanes, by one logarithm.
DWELLMAP_INLINE double log_product8(const Vec8d& v) {
    return std::log(((v[0] * v[1]) * (v[2] * v[3])) * ((v[4] * v[5]) * (v[6] * v[7])));
}

/// exp to 1e-15 relative, for x <= 0; below −700 it is exp(−700).
DWELLMAP_INLINE Vec8d exp8(const Vec8d& power) {
    using Bits = std::int64_t __attribute__((vector_size(64)));
    constexpr double kRound = 6755399441055744.0;  // 1.5 · 2^52: its last bits count units
    const Vec8d least = Vec8d{} - 700.0, x = power > least ? power : least;
    const Vec8d shifted = x * std::numbers::log2e + kRound;
    const Vec8d n = shifted - kRound;
    const Vec8d r = x - n * 6.93145751953125e-1 - n * 1.42860682030941723212e-6;
    Vec8d p = Vec8d{} + 1.0;
    for (int k = 13; k > 0; --k) {
        p = p * r * (1.0 / k) + 1.0;
    }
    Bits exponent;
    std::memcpy(&exponent, &shifted, sizeof exponent);
    exponent = (exponent + 1023) << 52;
    Vec8d scale;
    std::memcpy(&scale, &exponent, sizeof scale);
    return p * scale;
}

}  // namespace dwellmap
