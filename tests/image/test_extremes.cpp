// SPDX-License-Identifier: Apache-2.0
#include "image/extremes.hpp"

#include <catch2/catch.hpp>

#include <limits>
#include <vector>

using namespace dwellmap;

// 2 rows of 10, 11 apart: number 10 is not looked at
TEST_CASE("least, greatest and what is no number are found at every place", "[extremes]") {
    const std::size_t n = 21;
    const std::size_t at = GENERATE(filter([](int k) { return k != 10; }, range(0, 21)));
    const std::vector<float> ones(n, 1.0F);
    auto counts = ones;
    Extremes extremes;
    look_at(ones.data(), 7, 3, 7, extremes);
    counts[at] = -3;
    look_at(counts.data(), 10, 2, 11, extremes);
    counts[at] = 5;
    look_at(counts.data(), 10, 2, 11, extremes);
    CHECK(extremes.least == -3);
    CHECK(extremes.most == 5);
    CHECK(extremes.all_finite);
    for (const float bad :
         {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(),
          std::numeric_limits<float>::quiet_NaN()}) {
        counts[at] = bad;
        Extremes with_bad;
        look_at(counts.data(), 10, 2, 11, with_bad);
        look_at(ones.data(), 7, 3, 7, with_bad);
        CHECK_FALSE(with_bad.all_finite);
    }
}
