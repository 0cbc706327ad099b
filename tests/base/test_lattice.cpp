// SPDX-License-Identifier: Apache-2.0
#include "base/lattice.hpp"
#include "image/spectrum_lattice.hpp"
#include "support/frames.hpp"

#include <catch2/catch.hpp>

#include <numbers>

using namespace dwellmap;

TEST_CASE("the power spectrum shows the lattice without being told a scale", "[lattice]") {
    const double pixel_nm = GENERATE(0.0125, 0.02, 0.035);
    const double angle = GENERATE(0.05, 0.5, 0.95);
    CrystalConfig crystal;
    crystal.angle_rad = angle;
    ScanConfig scan;
    scan.rows_px = 300;
    scan.cols_px = 400;
    scan.pixel_size_nm = pixel_nm;
    testing::Place place(crystal, scan);
    SpectrumLattice spectrum(300, 400);
    const auto lattice = spectrum.run(place.frame(0).counts, 300, 6, 100);
    CAPTURE(pixel_nm, angle, lattice.a_px * pixel_nm, lattice.rotation_rad);
    REQUIRE(lattice.found);
    CHECK(lattice.a_px * pixel_nm ==
          Approx(0.309).epsilon(0.03));  // Vegard: x = 0.55 is 3 % smaller than the host
    CHECK(std::abs(std::remainder(lattice.rotation_rad - angle, std::numbers::pi / 3)) < 0.03);
}

TEST_CASE("noise has no lattice", "[lattice]") {
    std::srand(3);
    const Image noise = Image::Random(256, 256);
    SpectrumLattice spectrum(256, 256);
    CHECK_FALSE(spectrum.run(noise, 256, 6, 100).found);
}

TEST_CASE("of the six equivalent directions the one nearest to the reference is called the first",
          "[lattice]") {
    const double sixth = std::numbers::pi / 3;
    const int turns = GENERATE(0, 1, 2, 3, 4, 5);
    Lattice lattice;
    lattice.a1_px = {10 * std::cos(0.2), -10 * std::sin(0.2)};
    lattice.a2_px = {10 * std::cos(0.2 + sixth), -10 * std::sin(0.2 + sixth)};
    const double reference = 0.25 + turns * sixth;
    choose_direction(lattice, reference);
    CHECK(std::abs(std::remainder(lattice.rotation_rad - reference, 2 * std::numbers::pi)) < 0.06);
    CHECK(lattice.a_px == Approx(10));
    CHECK(lattice.anisotropy == Approx(0).margin(1e-9));
    const double cross =
        lattice.a1_px.x() * lattice.a2_px.y() - lattice.a1_px.y() * lattice.a2_px.x();
    CHECK(cross < 0);  // a2 stays counter-clockwise on screen, where y points down
}
