// SPDX-License-Identifier: Apache-2.0
#include "base/helper.hpp"
#include "support/allocations.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <numeric>
#include <thread>
#include <vector>

using namespace dwellmap;

TEST_CASE("both halves are done, once each, whoever does them", "[helper]") {
    const int threads = GENERATE(1, 2);
    const bool awake = GENERATE(true, false);
    const std::size_t n = GENERATE(0U, 1U, 2U, 7U, 1000U);
    Helper helper(threads);
    std::vector<int> done(n), half_of(n, -1);
    const auto count = [&] {
        for (int round = 0; round < 500; ++round) {
            helper.halves(n, [&](int half, std::size_t first, std::size_t last) {
                for (std::size_t k = first; k < last; ++k) {
                    ++done[k];
                    half_of[k] = half;
                }
            });
        }
    };
    if (awake) {
        const Helper::Awake while_counting(helper);
        count();
    } else {
        count();
    }
    CHECK(std::count(done.begin(), done.end(), 500) == static_cast<std::ptrdiff_t>(n));
    CHECK(std::is_sorted(half_of.begin(), half_of.end()));
    CHECK(std::count(half_of.begin(), half_of.end(), 0) == static_cast<std::ptrdiff_t>(n / 2));
}

TEST_CASE("what one job wrote, the next one sees", "[helper]") {
    Helper helper(2);
    std::vector<double> values(64, 1.0);
    double sums[2] = {0, 0};
    for (int frame = 0; frame < 20; ++frame) {
        const Helper::Awake awake(helper);
        for (int k = 0; k < 200; ++k) {
            helper.halves(values.size(), [&](int, std::size_t first, std::size_t last) {
                for (std::size_t v = first; v < last; ++v) {
                    values[v] += 1;
                }
            });
            helper.both(
                [&] { sums[0] = std::accumulate(values.begin() + 32, values.end(), 0.0); },
                [&] { sums[1] = std::accumulate(values.begin(), values.begin() + 32, 0.0); });
            REQUIRE(sums[0] == sums[1]);
        }
    }
    CHECK(sums[0] == 32 * 4001.0);
}

TEST_CASE("without a second thread the caller does all, in order", "[helper]") {
    std::vector<int> order;
    const auto me = std::this_thread::get_id();
    bool here = true;
    no_helper().both([&] { order.push_back(1); },
                     [&] {
                         order.push_back(2);
                         here = std::this_thread::get_id() == me;
                     });
    CHECK(order == std::vector<int>{1, 2});
    CHECK(here);
}

TEST_CASE("a job costs no allocation", "[helper]") {
    Helper helper(2);
    int done[2] = {0, 0};
    CHECK(testing::allocations_in([&] {
              const Helper::Awake awake(helper);
              for (int k = 0; k < 100; ++k) {
                  helper.halves(2, [&](int half, std::size_t, std::size_t) { ++done[half]; });
              }
          }) == 0);
    CHECK(done[0] == 100);
    CHECK(done[1] == 100);
}
