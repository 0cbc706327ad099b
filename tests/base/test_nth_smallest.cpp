// SPDX-License-Identifier: Apache-2.0
#include "base/nth_smallest.hpp"
#include "support/allocations.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <random>
#include <vector>

using namespace dwellmap;

namespace {

std::vector<double> make_sample(const std::string& kind, std::size_t size) {
    std::mt19937 random(3);
    std::normal_distribution<double> normal(10, 2);
    std::vector<double> values(size);
    for (std::size_t k = 0; k < size; ++k) {
        values[k] = kind == "normal"       ? normal(random)
                    : kind == "all alike"  ? 7
                    : kind == "many alike" ? static_cast<double>(random() % 3)
                    : kind == "in order"   ? static_cast<double>(k)
                    : k % 20 == 0          ? normal(random)
                                           : 0;
    }
    return values;
}

}  // namespace

TEST_CASE("two neighbours in the sorted sample, however it is distributed and ordered",
          "[nth_smallest]") {
    const std::size_t size = GENERATE(1U, 2U, 255U, 1025U, 5000U);
    const std::string kind =
        GENERATE("normal", "all alike", "many alike", "in order", "one of twenty");
    const std::vector<double> values = make_sample(kind, size);
    auto sorted = values;
    std::sort(sorted.begin(), sorted.end());
    std::vector<double> scratch;
    scratch.reserve(size);
    for (const double part : {0.0, 0.05, 0.5, 0.97, 1.0}) {
        const auto n =
            std::min(size - 1, static_cast<std::size_t>(part * static_cast<double>(size)));
        CAPTURE(size, kind, n);
        std::array<double, 2> found{};
        CHECK(testing::allocations_in([&] { found = nth_smallest(values, n, scratch); }) == 0);
        CHECK(found[0] == sorted[n == 0 ? 0 : n - 1]);
        CHECK(found[1] == sorted[n]);
    }
}
