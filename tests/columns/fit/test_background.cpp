// SPDX-License-Identifier: Apache-2.0
#include "fit/background.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <functional>

using namespace dwellmap;

namespace {

constexpr int kRows = 230, kCols = 300;
constexpr double kA = 10;
constexpr float kStep = 50;  // from node to node: 5 a

using Level = std::function<double(double, double)>;

/// A background that has seen an image of this level everywhere.
Background started(const Level& level) {
    FitImage image(kRows, kCols);
    for (int y = 0; y < kRows; ++y) {
        for (int x = 0; x < kCols; ++x) {
            *image.counts(x, y) = static_cast<float>(level(x, y));
        }
    }
    Background background(kRows, kCols);
    background.start(image, kRows, kA);
    return background;
}

/// A step towards a level that columns half a step apart tell, where `told`.
template <class Told>
void step_towards(Background& background, const Level& level, const Told& told,
                  double limit = 1e9) {
    background.begin_step();
    for (int y = 5; y < kRows; y += 12) {
        for (int x = 5; x < kCols; x += 12) {
            if (told(x, y)) {
                const auto fx = static_cast<float>(x), fy = static_cast<float>(y);
                const double fisher = 3 + x % 5;
                background.add(0, fx, fy, fisher * (level(x, y) - background.at(fx, fy)), fisher,
                               0);
            }
        }
    }
    background.step(0, limit);
}

bool everywhere(int /*x*/, int /*y*/) { return true; }

}  // namespace

TEST_CASE("the background is bilinear between its nodes, at a place and rendered", "[background]") {
    const Background b = started(
        [](double x, double y) { return 20 + 5 * std::sin(x / 30) + 4 * std::cos(y / 40); });
    FitImage image(kRows, kCols);
    b.render(image, 0, 100, 0, kCols);
    b.render(image, 100, kRows, 0, kCols);
    float worst = 0;
    for (int y = 0; y < kRows; ++y) {
        for (int x = 0; x < kCols; ++x) {
            const auto fx = static_cast<float>(x), fy = static_cast<float>(y);
            const float left = kStep * std::floor(fx / kStep), top = kStep * std::floor(fy / kStep),
                        u = (fx - left) / kStep, v = (fy - top) / kStep;
            const float truth =
                (1 - v) * ((1 - u) * b.at(left, top) + u * b.at(left + kStep, top)) +
                v * ((1 - u) * b.at(left, top + kStep) + u * b.at(left + kStep, top + kStep));
            worst = std::max(
                {worst, std::abs(*image.model(x, y) - truth), std::abs(b.at(fx, fy) - truth)});
        }
    }
    CHECK(worst < 1e-4);
}

TEST_CASE("the start is the dark level between columns", "[background]") {
    const Background b = started([](double x, double y) {
        return 12 + (std::fmod(x, kA) < 7 && std::fmod(y, kA) < 7 ? 50 : 0);
    });
    CHECK(b.mean() == Approx(12));
    CHECK(b.at(100, 77) == Approx(12));
}

TEST_CASE("a step recovers a raised level", "[background]") {
    Background b = started([](double, double) { return 10; });
    step_towards(
        b, [](double, double) { return 12.5; }, everywhere);
    CHECK(b.mean() == Approx(12.5));
    CHECK(b.at(0, 0) == Approx(12.5));
    CHECK(b.at(150, 120) == Approx(12.5));
    CHECK(b.at(kCols - 1, kRows - 1) == Approx(12.5));
}

TEST_CASE("a few steps recover a slope", "[background]") {
    const Level slope = [](double x, double y) { return 10 + 0.02 * x - 0.01 * y; };
    Background b = started([](double, double) { return 10; });
    for (int k = 0; k < 8; ++k) {
        step_towards(b, slope, everywhere);
    }
    for (const auto& [x, y] : {std::pair(30, 30), {150, 120}, {250, 60}, {60, 190}}) {
        CHECK(b.at(static_cast<float>(x), static_cast<float>(y)) ==
              Approx(slope(x, y)).margin(0.15));
    }
}

TEST_CASE("a node without columns moves as all do", "[background]") {
    Background b = started([](double, double) { return 10; });
    step_towards(
        b, [](double, double) { return 13; }, [](int x, int) { return x < 140; });
    CHECK(b.at(100, 100) == Approx(13));
    CHECK(b.at(kCols - 1, 100) == Approx(13));
}

TEST_CASE("no node moves further than the limit", "[background]") {
    Background b = started([](double, double) { return 10; });
    step_towards(
        b, [](double x, double) { return x < 150 ? 30 : -10; }, everywhere, 2);
    CHECK(b.at(50, 100) == Approx(12));
    CHECK(b.at(250, 100) == Approx(8));
}

TEST_CASE("what the width's step explains does not move the background", "[background]") {
    const double d_width = 0.05;
    Background b = started([](double, double) { return 10; });
    b.begin_step();
    for (int x = 5; x < kCols; x += 12) {
        b.add(0, static_cast<float>(x), 100, d_width * 40, 5, 40);
    }
    b.step(d_width, 1e9);
    CHECK(b.at(150, 100) == Approx(10));
}

TEST_CASE("without any column nothing moves", "[background]") {
    Background b = started([](double, double) { return 10; });
    b.begin_step();
    b.step(0.1, 1e9);
    CHECK(b.mean() == Approx(10));
}
