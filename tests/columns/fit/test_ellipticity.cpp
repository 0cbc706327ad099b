// SPDX-License-Identifier: Apache-2.0
#include "fit/refine.hpp"
#include "support/honeycomb.hpp"

#include <catch2/catch.hpp>

#include <numbers>

using namespace dwellmap;
using testing::Honeycomb;

namespace {

constexpr int kRows = 240, kCols = 260;

FrameFit fitted(const Honeycomb& truth) {
    auto atoms = truth.atoms();
    FrameFit fit;
    Refiner(kRows, kCols, 4000)
        .run(testing::counted(truth.expected(), 3), std::vector<std::uint8_t>(kRows, 1), kRows,
             Honeycomb::a_px, 8, atoms, fit);
    return fit;
}

Honeycomb elliptical(double ellipticity, double degrees) {
    Honeycomb truth(kRows, kCols);
    truth.ellipticity = ellipticity;
    truth.ellipticity_rad = degrees * std::numbers::pi / 180;
    return truth;
}

}  // namespace

TEST_CASE("elliptical columns are measured as such", "[refine][ellipticity]") {
    const auto [ellipticity, degrees] =
        GENERATE(table<double, double>({{0.05, 30}, {0.05, 120}, {0.05, 0}, {0.03, 75}}));
    Honeycomb truth = elliptical(ellipticity, degrees);
    std::erase_if(truth.columns, [](const auto& c) { return c.site == 1; });
    const FrameFit fit = fitted(truth);
    CAPTURE(ellipticity, degrees, fit.ellipticity_rad);
    CHECK(fit.ellipticity == Approx(ellipticity).margin(0.005));
    CHECK(std::abs(std::sin(fit.ellipticity_rad - truth.ellipticity_rad)) < 0.06);
    CHECK(fit.ellipticity_rad >= 0);
    CHECK(fit.ellipticity_rad < std::numbers::pi);
}

TEST_CASE("between faint columns the direction of ellipticity is the same",
          "[refine][ellipticity]") {
    const double degrees = GENERATE(0, 30, 120);
    const Honeycomb truth = elliptical(0.05, degrees);
    const FrameFit fit = fitted(truth);
    CAPTURE(degrees, fit.ellipticity, fit.ellipticity_rad);
    CHECK(std::abs(std::sin(fit.ellipticity_rad - truth.ellipticity_rad)) < 0.06);
}

TEST_CASE("round columns are round", "[refine][ellipticity]") {
    CHECK(fitted(elliptical(0, 0)).ellipticity < 0.005);
}
