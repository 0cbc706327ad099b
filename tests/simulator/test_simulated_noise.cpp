// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/simulated_noise.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <vector>

namespace dwellmap {
namespace {

TEST_CASE("counts follow the Poisson distribution on both sides of the change of method") {
    const double mean = GENERATE(0.02, 0.7, 3.0, 9.99, 10.0, 10.4, 37.0, 900.0);
    CAPTURE(mean);
    constexpr int kDraws = 200'000;
    const auto first =
        static_cast<std::size_t>(std::max(0.0, std::floor(mean - 3 * std::sqrt(mean))));
    const auto last = static_cast<std::size_t>(mean + 3 * std::sqrt(mean) + 1);
    std::vector<int> seen(last + 1, 0);
    Noise noise(7, 3);
    double sum = 0;
    double squares = 0;
    for (int k = 0; k < kDraws; ++k) {
        const double drawn = noise.poisson(mean);
        sum += drawn;
        squares += (drawn - mean) * (drawn - mean);
        if (drawn <= static_cast<double>(last)) {
            ++seen[static_cast<std::size_t>(drawn)];
        }
    }
    CHECK(std::abs(sum / kDraws - mean) < 4 * std::sqrt(mean / kDraws));
    CHECK(std::abs(squares / kDraws / mean - 1) < 4 * std::sqrt((2 + 1 / mean) / kDraws));
    double chi2 = 0;
    int bins = 0;
    for (std::size_t k = first; k <= last; ++k) {
        const auto n = static_cast<double>(k);
        const double expected = kDraws * std::exp(n * std::log(mean) - mean - std::lgamma(n + 1));
        if (expected > 20) {
            chi2 += (seen[k] - expected) * (seen[k] - expected) / expected;
            ++bins;
        }
    }
    REQUIRE(bins > 0);
    CHECK(chi2 < bins + 4 * std::sqrt(2.0 * bins));
}

TEST_CASE("nothing is counted where nothing is expected") {
    Noise noise(1, 1);
    CHECK(noise.poisson(0) == 0);
    CHECK(noise.poisson(-3) == 0);
    CHECK(noise.poisson(std::nan("")) == 0);
}

TEST_CASE("normal numbers have mean 0, variance 1 and no skew") {
    constexpr int kDraws = 200'000;
    Noise noise(11, 0);
    double sum = 0;
    double squares = 0;
    double cubes = 0;
    for (int k = 0; k < kDraws; ++k) {
        const double z = noise.normal();
        sum += z;
        squares += z * z;
        cubes += z * z * z;
    }
    CHECK(std::abs(sum / kDraws) < 4 / std::sqrt(kDraws));
    CHECK(std::abs(squares / kDraws - 1) < 4 * std::sqrt(2.0 / kDraws));
    CHECK(std::abs(cubes / kDraws) < 4 * std::sqrt(15.0 / kDraws));
}

TEST_CASE("streams repeat, and differ by seed and by number") {
    Noise a(5, 1);
    Noise again(5, 1);
    Noise other_stream(5, 2);
    Noise other_seed(6, 1);
    const double first = a.uniform();
    CHECK(again.uniform() == first);
    CHECK(other_stream.uniform() != first);
    CHECK(other_seed.uniform() != first);
}

}  // namespace
}  // namespace dwellmap
