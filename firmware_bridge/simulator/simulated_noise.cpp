// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/simulated_noise.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace dwellmap {
namespace {

std::mt19937_64 engine(std::uint64_t seed, std::uint64_t stream) {
    std::seed_seq words{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32),
                        static_cast<std::uint32_t>(stream),
                        static_cast<std::uint32_t>(stream >> 32)};
    return std::mt19937_64(words);
}

/// ln k!, k whole and >= 0; not std::lgamma, which writes a global variable
double log_factorial(double k) noexcept {
    static constexpr std::array<double, 10> kFactorial{1,   1,   2,    6,     24,
                                                       120, 720, 5040, 40320, 362880};
    if (k < 10) {
        return std::log(kFactorial[static_cast<std::size_t>(k)]);
    }
    const double z = k + 1;  // Stirling's series for ln Γ(z), good to 1e-10 from z = 11
    const double w = 1 / (z * z);
    return (z - 0.5) * std::log(z) - z + 0.5 * std::log(2 * std::numbers::pi) +
           (1.0 / 12 - w * (1.0 / 360 - w / 1260)) / z;
}

}  // namespace

Noise::Noise(std::uint64_t seed, std::uint64_t stream) : bits_(engine(seed, stream)) {}

double Noise::uniform() noexcept { return static_cast<double>(bits_() >> 11) * 0x1p-53; }

double Noise::normal() noexcept {
    const double radius = std::sqrt(-2 * std::log1p(-uniform()));
    return radius * std::cos(2 * std::numbers::pi * uniform());
}

int Noise::below(int n) noexcept { return std::min(static_cast<int>(uniform() * n), n - 1); }

double Noise::poisson(double mean) noexcept {
    if (!(mean > 0)) {
        return 0;
    }
    if (mean >= 10) {
        return poisson_large(mean);
    }
    double k = 0;
    double left = uniform();
    for (double p = std::exp(-mean); left >= p && p > 0; p *= mean / k) {
        left -= p;
        ++k;
    }
    return k;
}

double Noise::poisson_large(double mean) noexcept {
    const double b = 0.931 + 2.53 * std::sqrt(mean);
    const double a = -0.059 + 0.02483 * b;
    const double v_r = 0.9277 - 3.6224 / (b - 2);
    while (true) {
        const double u = uniform() - 0.5;
        const double v = uniform();
        const double us = 0.5 - std::abs(u);
        const double k = std::floor((2 * a / us + b) * u + mean + 0.43);
        if (us >= 0.07 && v <= v_r) {
            return k;
        }
        if (k < 0 || us <= 0 || (us < 0.013 && v > us)) {
            continue;
        }
        const double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
        if (std::log(v * inverse_alpha / (a / (us * us) + b)) <=
            k * std::log(mean) - mean - log_factorial(k)) {
            return k;
        }
    }
}

}  // namespace dwellmap
