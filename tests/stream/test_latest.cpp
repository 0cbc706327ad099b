// SPDX-License-Identifier: Apache-2.0
#include "stream/latest.hpp"
#include "support/allocations.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <thread>

using namespace dwellmap;
using dwellmap::testing::allocations_in;

namespace {

constexpr std::chrono::milliseconds kNow{0}, kSoon{100};
constexpr int kRows = 16, kCols = 8;

const auto kSeries = std::make_shared<const Series>();

/// State of a frame after its first `rows` rows; every valid pixel is number · 100 + row + 1.
Frame state(std::uint64_t number, int rows) {
    Frame f;
    f.series = kSeries;
    f.number = number;
    f.counts = Image::Zero(kRows, kCols);
    f.row_valid.assign(kRows, 0);
    for (int y = 0; y < rows; ++y) {
        f.counts.row(y).setConstant(
            static_cast<float>(number * 100 + static_cast<unsigned>(y) + 1));
        f.row_valid[static_cast<std::size_t>(y)] = 1;
    }
    f.rows_valid = rows;
    f.complete = rows == kRows;
    return f;
}

bool equal(const Frame& a, const Frame& b) {
    return a.series == b.series && a.number == b.number && a.rows_valid == b.rows_valid &&
           a.row_valid == b.row_valid && a.complete == b.complete && (a.counts == b.counts).all();
}

}  // namespace

TEST_CASE("nothing put, nothing taken; nothing is taken twice") {
    Latest latest;
    Frame f;
    CHECK_FALSE(latest.take(f, kNow));
    latest.put(state(0, 4));
    CHECK(latest.take(f, kNow));
    CHECK_FALSE(latest.take(f, kNow));
}

TEST_CASE("later states of a frame replace earlier ones without a loss") {
    Latest latest;
    Frame f;
    for (int rows = 1; rows <= kRows; ++rows) {
        latest.put(state(0, rows));
    }
    REQUIRE(latest.take(f, kNow));
    CHECK(equal(f, state(0, kRows)));
    CHECK_FALSE(latest.take(f, kNow));
    CHECK(latest.overwritten() == 0);
}

TEST_CASE("a complete frame is not pushed out by the first rows of the next") {
    Latest latest;
    Frame f;
    latest.put(state(0, kRows));
    latest.put(state(1, 2));
    latest.put(state(1, 5));
    REQUIRE(latest.take(f, kNow));
    CHECK(equal(f, state(0, kRows)));
    REQUIRE(latest.take(f, kNow));
    CHECK(equal(f, state(1, 5)));
    CHECK(latest.overwritten() == 0);
}

TEST_CASE("a complete frame pushed out by the next complete one is counted") {
    Latest latest;
    Frame f;
    for (std::uint64_t number = 0; number < 5; ++number) {
        latest.put(state(number, 3));
        latest.put(state(number, kRows));
    }
    REQUIRE(latest.take(f, kNow));
    CHECK(equal(f, state(4, kRows)));
    CHECK(latest.overwritten() == 4);
}

TEST_CASE("what the reader does to a frame it took does not come back") {
    Latest latest;
    Frame f;
    for (int rows = 1; rows <= kRows; ++rows) {
        latest.put(state(0, rows));
        if (rows % 3 == 0) {
            REQUIRE(latest.take(f, kNow));
            CHECK(equal(f, state(0, rows)));
            f.counts.setConstant(-1);
        }
    }
    REQUIRE(latest.take(f, kNow));
    CHECK(equal(f, state(0, kRows)));
}

TEST_CASE("after all buffers have been used, handing over does not allocate") {
    Latest latest;
    Frame f;
    std::vector<Frame> states;
    for (std::uint64_t number = 0; number < 12; ++number) {
        states.push_back(state(number, 7));
        states.push_back(state(number, kRows));
    }
    const auto hand_over = [&](std::size_t from, std::size_t to) {
        for (std::size_t i = from; i < to; ++i) {
            latest.put(states[i]);
            if (i % 3 != 0) {
                latest.take(f, kNow);
            }
        }
    };
    hand_over(0, 12);
    CHECK(allocations_in([&] { hand_over(12, 24); }) == 0);
}

TEST_CASE("a reader in another thread sees whole states only, in order, and the last one") {
    constexpr std::uint64_t frames = 300;
    Latest latest;
    std::thread writer([&] {
        for (std::uint64_t number = 0; number < frames; ++number) {
            for (const int rows : {4, 9, kRows}) {
                latest.put(state(number, rows));
            }
        }
    });
    Frame f;
    std::uint64_t last_number = 0, complete = 0;
    bool right = true, in_order = true;
    while (latest.take(f, kSoon * 50)) {
        right = right && equal(f, state(f.number, f.rows_valid));
        in_order = in_order && f.number >= last_number;
        last_number = f.number;
        complete += f.complete ? 1 : 0;
        if (f.complete && f.number == frames - 1) {
            break;
        }
    }
    writer.join();
    CHECK(right);
    CHECK(in_order);
    CHECK(last_number == frames - 1);
    CHECK(complete + latest.overwritten() == frames);
}
