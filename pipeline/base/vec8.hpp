// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>

namespace dwellmap {

/// Eight floats at once, in the compiler's own vector types: AVX2 where a function is compiled for it, pairs of SSE2 or
/// NEON registers elsewhere. Everything here is inlined into functions marked DWELLMAP_VECTORISE.
using Vec8 = float __attribute__((vector_size(32)));
inline constexpr int kVec = 8;

#define DWELLMAP_INLINE inline __attribute__((always_inline))

DWELLMAP_INLINE Vec8 load8(const float* from) {
    Vec8 v;
    std::memcpy(&v, from, sizeof v);
    return v;
}

DWELLMAP_INLINE void store8(float* to, const Vec8& v) { std::memcpy(to, &v, sizeof v); }

DWELLMAP_INLINE float sum8(const Vec8& v) {
    using Vec4 = float __attribute__((vector_size(16)));
    Vec4 s = __builtin_shufflevector(v, v, 0, 1, 2, 3) + __builtin_shufflevector(v, v, 4, 5, 6, 7);
    s += __builtin_shufflevector(s, s, 2, 3, 0, 1);
    return s[0] + s[1];
}

/// exp to 2e-7 relative (Cephes' polynomial), for x <= 0; below −87 it is 0.
DWELLMAP_INLINE Vec8 exp8(Vec8 x) {
    using Int8 = std::int32_t __attribute__((vector_size(32)));
    const Vec8 least = Vec8{} - 87.0F;
    const auto dark = x < least;
    x = dark ? least : x;
    const Vec8 n = (x * 1.44269504F + 12582912.0F) - 12582912.0F;  // rounded
    const Vec8 r = x - n * 0.693359375F + n * 2.12194440e-4F;
    Vec8 p = r * 1.9875691500e-4F + 1.3981999507e-3F;
    p = p * r + 8.3334519073e-3F;
    p = p * r + 4.1665795894e-2F;
    p = p * r + 1.6666665459e-1F;
    p = p * r + 5.0000001201e-1F;
    const Vec8 y = p * r * r + r + 1.0F;
    const Int8 exponent = (__builtin_convertvector(n, Int8) + 127) << 23;
    Vec8 scale;
    std::memcpy(&scale, &exponent, sizeof scale);
    return dark ? Vec8{} : y * scale;
}

}  // namespace dwellmap
