// SPDX-License-Identifier: Apache-2.0
#include "image/grey_image.hpp"

#include <catch2/catch.hpp>

#include <limits>

using namespace dwellmap;

namespace {

Frame ramp(int rows, int cols) {
    Frame frame;
    frame.counts.resize(rows, cols);
    for (int y = 0; y < rows; ++y)
        for (int x = 0; x < cols; ++x) frame.counts(y, x) = 100.0F + static_cast<float>(x);
    frame.row_valid.assign(static_cast<std::size_t>(rows), 1);
    return frame;
}

}  // namespace

TEST_CASE("a small frame keeps its size and is stretched from black to white") {
    GreyImage grey;
    make_grey(ramp(10, 300), 1024, grey);
    CHECK(grey.factor == 1);
    REQUIRE(grey.pixels.size() == 3000);
    CHECK(grey.low == Approx(101).margin(1));
    CHECK(grey.high == Approx(398).margin(1));
    CHECK(grey.pixels[0] == 0);
    CHECK(grey.pixels[299] == 255);
    CHECK(int{grey.pixels[150]} == Approx(128).margin(2));
}

TEST_CASE("a large frame is averaged down to the limit, its last partial block included") {
    GreyImage grey;
    make_grey(ramp(5, 2050), 1024, grey);
    CHECK(grey.factor == 3);
    CHECK(grey.width == 684);
    CHECK(grey.height == 2);
    CHECK(grey.pixels.size() == std::size_t{684} * 2);
    CHECK(grey.pixels.back() == 255);
}

TEST_CASE("rows that were not scanned neither are shown nor change the contrast") {
    constexpr std::ptrdiff_t half = 2048;
    auto frame = ramp(64, 64);
    GreyImage all, part;
    make_grey(frame, 1024, all);
    frame.counts.bottomRows(32).setZero();
    std::fill(frame.row_valid.begin() + 32, frame.row_valid.end(), std::uint8_t{0});
    make_grey(frame, 1024, part);
    CHECK(part.low == all.low);
    CHECK(part.high == all.high);
    CHECK(std::equal(part.pixels.begin(), part.pixels.begin() + half, all.pixels.begin()));
    CHECK(std::count(part.pixels.begin() + half, part.pixels.end(), 0) == half);
}

TEST_CASE("constant, empty and NaN images are black, not a crash") {
    GreyImage grey;
    auto frame = ramp(8, 8);
    frame.counts.setConstant(GENERATE(0.0F, 7.0F, std::numeric_limits<float>::quiet_NaN()));
    if (GENERATE(false, true))
        frame.row_valid.assign(8, 0);
    make_grey(frame, 1024, grey);
    CHECK(grey.pixels == std::vector<std::uint8_t>(64, 0));
}
