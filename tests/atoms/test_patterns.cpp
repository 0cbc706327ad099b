// SPDX-License-Identifier: Apache-2.0
#include "atoms/patterns.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <set>

using namespace dwellmap;

TEST_CASE("neighbour sites come by shell, then counter-clockwise, and in pairs of antipodes",
          "[patterns]") {
    const int n = GENERATE(6, 12, 18, 24, 30);
    const auto sites = neighbour_sites(n);
    REQUIRE(sites.size() == static_cast<std::size_t>(n));
    CHECK(std::set(sites.begin(), sites.end()).size() == sites.size());
    int previous = 0;
    double angle = -1;
    for (const auto& [i, j] : sites) {
        const int distance2 = i * i + i * j + j * j;
        const double a =
            std::fmod(std::atan2(j * std::sqrt(0.75), i + 0.5 * j) + 2 * M_PI + 1e-9, 2 * M_PI);
        CHECK((distance2 > previous || (distance2 == previous && a > angle)));
        previous = distance2;
        angle = a;
    }
    const auto opposite = antipodes(n);
    for (std::size_t k = 0; k < sites.size(); ++k) {
        const auto& other = sites[static_cast<std::size_t>(opposite[k])];
        CHECK(other[0] == -sites[k][0]);
        CHECK(other[1] == -sites[k][1]);
    }
}

TEST_CASE("24 neighbours are 18 and the six at +19.1 degrees", "[patterns]") {
    const auto sites = neighbour_sites(24);
    for (std::size_t k = 18; k < 24; ++k) {
        const double angle =
            std::atan2(sites[k][1] * std::sqrt(0.75), sites[k][0] + 0.5 * sites[k][1]);
        CHECK(std::abs(std::remainder(angle - 19.1066 / 180 * M_PI, M_PI / 3)) < 1e-4);
    }
}

TEST_CASE("ideal patterns are unit vectors, even ones orthogonal to odd ones", "[patterns]") {
    const auto& p = ideal_patterns();
    CHECK(p.isotropic.norm() == Approx(1));
    for (const auto& z : p.zigzag) {
        CHECK(z.norm() == Approx(1));
        CHECK(std::abs(z.dot(p.isotropic)) < 1e-12);
        CHECK(std::abs(z.dot(p.shear[0])) < 1e-12);
        CHECK(std::abs(z.dot(p.shear[1])) < 1e-12);
    }
    CHECK(std::abs(p.isotropic.dot(p.shear[0])) < 1e-12);
    CHECK(std::abs(p.isotropic.dot(p.rotation)) < 1e-12);
}
