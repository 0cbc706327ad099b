// SPDX-License-Identifier: Apache-2.0
#include "atoms/find_again.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <functional>
#include <random>

using namespace dwellmap;

namespace {

constexpr double kPixel_nm = 0.02, kField_px = 512;

/// A sheet of cations that jitter a little from look to look.
struct Sheet {
    std::function<bool(int, int)> is_second;  // of cell (i, j)
    Lattice lattice;
    std::mt19937 random{7};

    explicit Sheet(std::function<bool(int, int)> second) : is_second(std::move(second)) {
        lattice.found = true;
        lattice.a_px = 16;
        lattice.a1_px = 16 * Eigen::Vector2d(std::cos(0.2), -std::sin(0.2));
        lattice.a2_px =
            16 * Eigen::Vector2d(std::cos(0.2 + EIGEN_PI / 3), -std::sin(0.2 + EIGEN_PI / 3));
    }

    /// The columns in the image when the sheet has drifted so far.
    std::vector<Atom> frame(const Eigen::Vector2d& drift_px) {
        std::normal_distribution<double> jitter_px(0, 0.3);
        std::vector<Atom> atoms;
        for (int i = -150; i <= 150; ++i) {
            for (int j = -150; j <= 150; ++j) {
                const Eigen::Vector2d at = i * lattice.a1_px + j * lattice.a2_px + drift_px +
                                           Eigen::Vector2d(jitter_px(random), jitter_px(random));
                if (at.minCoeff() > 0 && at.maxCoeff() < kField_px) {
                    Atom a;
                    a.x_px = static_cast<float>(at.x());
                    a.y_px = static_cast<float>(at.y());
                    a.site = Site::cation;
                    a.species = is_second(i, j) ? species_second : species_first;
                    atoms.push_back(a);
                }
            }
        }
        return atoms;
    }

    /// Of that place when it had drifted so far already.
    FieldOfView field(const Eigen::Vector2d& drift_px = {0, 0}) {
        FieldOfView f;
        for (const Atom& a : frame(drift_px)) {
            f.id.push_back(static_cast<std::int64_t>(f.size()));
            f.x.push_back(a.x_px * kPixel_nm);
            f.y.push_back(a.y_px * kPixel_nm);
            f.species.push_back(a.species);
        }
        return f;
    }
};

/// An alloy without order.
std::function<bool(int, int)> alloy(double composition, unsigned seed) {
    return [=](int i, int j) {
        std::seed_seq cell{static_cast<int>(seed), i, j};
        std::mt19937 random(cell);
        return std::uniform_real_distribution<double>(0, 1)(random) < composition;
    };
}

}  // namespace

TEST_CASE("a place is found again wherever it has drifted to", "[find_again]") {
    const double composition = GENERATE(0.05, 0.5, 0.95);
    Sheet sheet(alloy(composition, 1));
    const Eigen::Vector2d start_px(5.3, -4.2);
    const FieldOfView field = sheet.field(start_px);
    for (const Eigen::Vector2d& drift_px :
         {Eigen::Vector2d(0, 0), Eigen::Vector2d(7.7, -3.1), Eigen::Vector2d(250.3, -18),
          Eigen::Vector2d(-160, 150.5)}) {
        CAPTURE(composition, drift_px);
        const auto found = find_again(field, kPixel_nm, sheet.frame(drift_px), sheet.lattice);
        REQUIRE(found);
        CHECK((*found - (drift_px - start_px)).norm() < 0.1);
    }
}

TEST_CASE("a place is found by the species of most of its atoms", "[find_again]") {
    Sheet sheet(alloy(0.3, 1));
    const FieldOfView field = sheet.field();
    auto atoms = sheet.frame({100, 40});
    for (std::size_t k = 0; k < atoms.size(); k += 10) {
        atoms[k].species = static_cast<std::int8_t>(1 - atoms[k].species);
    }
    const auto found = find_again(field, kPixel_nm, atoms, sheet.lattice);
    REQUIRE(found);
    CHECK((*found - Eigen::Vector2d(100, 40)).norm() < 0.1);
}

TEST_CASE("another place is not taken for it", "[find_again]") {
    const double composition = GENERATE(0.02, 0.05, 0.5);
    const unsigned seed = GENERATE(range(2U, 12U));
    CAPTURE(composition, seed);
    Sheet here(alloy(composition, 1)), elsewhere(alloy(composition, seed));
    CHECK_FALSE(find_again(here.field(), kPixel_nm, elsewhere.frame({5, 3}), here.lattice));
    CHECK_FALSE(find_again(here.field(), kPixel_nm, here.frame({480, 0}), here.lattice));
}

TEST_CASE("a resemblance that is only better than chance is not enough", "[find_again]") {
    Sheet sheet(alloy(0.5, 1));
    const auto other = alloy(0.5, 2);
    auto atoms = sheet.frame({5, 3});
    for (std::size_t k = 0; k < atoms.size(); ++k) {  // two thirds are drawn anew
        if (k % 3 != 0) {
            atoms[k].species = other(static_cast<int>(k), 0) ? species_second : species_first;
        }
    }
    CHECK_FALSE(find_again(sheet.field(), kPixel_nm, atoms, sheet.lattice));
}

TEST_CASE("a few atoms of the other species do not make a place", "[find_again]") {
    Sheet sheet([](int i, int j) { return i == 20 && j > -10 && j < -6; });
    const auto atoms = sheet.frame({0, 0});
    REQUIRE(std::count_if(atoms.begin(), atoms.end(),
                          [](const Atom& a) { return a.species == species_second; }) == 3);
    CHECK_FALSE(find_again(sheet.field(), kPixel_nm, atoms, sheet.lattice));
}

TEST_CASE("of two places that look the same it is neither", "[find_again]") {
    constexpr int kPeriod = 15;  // cells: only one of the two others shares enough with the field
    const auto once = alloy(0.5, 1);
    Sheet sheet([&](int i, int j) { return once((i + 150) % kPeriod, j); });
    const int cells = GENERATE(-10, 10);
    CHECK_FALSE(find_again(sheet.field(), kPixel_nm, sheet.frame(cells * sheet.lattice.a1_px),
                           sheet.lattice));
}

TEST_CASE("where cells are alike nothing tells which is which", "[find_again]") {
    const std::function<bool(int, int)> order =
        GENERATE(std::function<bool(int, int)>([](int, int) { return false; }),  // one species
                 std::function<bool(int, int)>([](int i, int) { return i % 2 == 0; }),  // stripes
                 std::function<bool(int, int)>([](int i, int j) { return (i + 3 * j) % 7 == 0; }));
    Sheet sheet(order);
    CHECK_FALSE(find_again(sheet.field(), kPixel_nm, sheet.frame({3, 2}), sheet.lattice));
}

TEST_CASE("an image without cations, or a field without any, is no place", "[find_again]") {
    Sheet sheet(alloy(0.5, 1));
    CHECK_FALSE(find_again({}, kPixel_nm, sheet.frame({0, 0}), sheet.lattice));
    CHECK_FALSE(find_again(sheet.field(), kPixel_nm, {}, sheet.lattice));
}
