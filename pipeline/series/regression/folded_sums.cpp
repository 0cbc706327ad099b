// SPDX-License-Identifier: Apache-2.0
#include "regression/folded_sums.hpp"

#include "base/vectorise.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <numbers>

namespace dwellmap {
namespace {

constexpr int kLanes = 8;
using Vec = double __attribute__((vector_size(sizeof(double) * kLanes)));
using Bits = std::int64_t __attribute__((vector_size(sizeof(double) * kLanes)));

constexpr std::size_t kFactors = 512;  // of at most 2 each, before a product could overflow

struct LaneSums {
    Vec s_tanh, s2_sech2, magnitude, product;
};

double sum(const Vec& v) noexcept {
    double total = 0;
    for (int lane = 0; lane < kLanes; ++lane) {
        total += v[lane];
    }
    return total;
}

/// With e = exp(−2|ks|): tanh = (1−e)/(1+e), 1/cosh² = 4e/(1+e)², ln cosh = |ks| + ln(1+e) − ln 2. The logarithm is taken
/// of the product of all 1+e. exp(−y): y = n ln 2 + r, Taylor's series of exp(−r), |r| ≤ 0.35, to the 13th power.
DWELLMAP_VECTORISE void accumulate(const double* s, std::size_t steps, double k, LaneSums& sums) {
    constexpr double kRound = 6755399441055744.0;  // 1.5 · 2^52: adding it leaves an integer
    constexpr double kLn2High = 0x1.62e42fefa38p-1, kLn2Low = 0x1.ef35793c7673p-45;
    constexpr double kInverse[] = {1,       1.0 / 2, 1.0 / 3,  1.0 / 4,  1.0 / 5,  1.0 / 6, 1.0 / 7,
                                   1.0 / 8, 1.0 / 9, 1.0 / 10, 1.0 / 11, 1.0 / 12, 1.0 / 13};
    for (std::size_t step = 0; step < steps; ++step) {
        Vec z;
        std::memcpy(&z, s + step * kLanes, sizeof z);
        const Vec kz = k * z;
        const Vec y = kz < 0.0 ? -2 * kz : 2 * kz;
        const Vec bounded = y > 700.0 ? Vec{} + 700.0 : y;
        const Vec shifted = bounded * std::numbers::log2e + kRound;
        const Vec n = shifted - kRound;
        const Vec r = n * kLn2High - bounded + n * kLn2Low;
        Vec e = Vec{} + 1.0;
        for (int power = 12; power >= 0; --power) {
            e = 1.0 + r * kInverse[power] * e;
        }
        Bits exponent;
        std::memcpy(&exponent, &shifted, sizeof exponent);
        exponent = (1023 - (exponent & 0xFFFF)) << 52;
        Vec scale;
        std::memcpy(&scale, &exponent, sizeof scale);
        e *= scale;
        const Vec inverse = 1.0 / (1.0 + e);
        const Vec size = z < 0.0 ? -z : z;
        sums.s_tanh += size * (1.0 - e) * inverse;
        sums.s2_sech2 += 4.0 * z * z * e * inverse * inverse;
        sums.magnitude += size;
        sums.product *= 1.0 + e;
    }
}

}  // namespace

FoldedSums folded_sums(const double* s, std::size_t size, double k) noexcept {
    LaneSums sums{};
    double logarithm = 0;
    const auto take = [&](const double* from, std::size_t steps) {
        sums.product = Vec{} + 1.0;
        accumulate(from, steps, k, sums);
        for (int lane = 0; lane < kLanes; ++lane) {
            logarithm += std::log(sums.product[lane]);
        }
    };
    const std::size_t whole = size / kLanes;
    for (std::size_t at = 0; at < whole; at += kFactors) {
        take(s + at * kLanes, std::min(kFactors, whole - at));
    }
    double rest[kLanes] = {};  // a zero adds ln 2 to the logarithm, and nothing else
    std::copy(s + whole * kLanes, s + size, rest);
    take(rest, 1);
    const auto padded = static_cast<double>((whole + 1) * kLanes);
    const double sign = k < 0 ? -1 : 1;
    return {sign * sum(sums.s_tanh), sum(sums.s2_sech2),
            std::abs(k) * sum(sums.magnitude) + logarithm - padded * std::numbers::ln2};
}

}  // namespace dwellmap
