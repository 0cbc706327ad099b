// SPDX-License-Identifier: Apache-2.0
#include "image/fourier.hpp"

#include "base/lattice.hpp"
#include "support/allocations.hpp"
#include "support/honeycomb.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cmath>
#include <functional>
#include <numbers>

using namespace dwellmap;

namespace {

using Displacement = std::function<Eigen::Vector2d(int i, int j, const Eigen::Vector2d& at)>;

/// A hexagonal lattice of like columns, each displaced.
struct Crystal {
    int rows_px, cols_px;
    Lattice lattice;
    Image counts;

    Crystal(int rows, int cols, double a_px, double angle_rad)
        : rows_px(rows), cols_px(cols), counts(Image::Constant(rows, cols, 4)) {
        lattice.found = true;
        lattice.a1_px = direction(angle_rad) * a_px;
        lattice.a2_px = direction(angle_rad + std::numbers::pi / 3) * a_px;
        describe(lattice);
    }

    static Eigen::Vector2d direction(double angle_rad) {
        return {std::cos(angle_rad), -std::sin(angle_rad)};
    }

    Crystal& paint(const Displacement& displacement) {
        const int most = 2 * static_cast<int>((rows_px + cols_px) / lattice.a_px);
        for (int i = -most; i <= most; ++i) {
            for (int j = -most; j <= most; ++j) {
                const Eigen::Vector2d at = i * lattice.a1_px + j * lattice.a2_px;
                add(at + displacement(i, j, at));
            }
        }
        return *this;
    }

    void add(const Eigen::Vector2d& at) {
        const double sigma = 0.16 * lattice.a_px;
        const int reach = static_cast<int>(5 * sigma);
        const int cx = static_cast<int>(std::lround(at.x())),
                  cy = static_cast<int>(std::lround(at.y()));
        for (int y = std::max(0, cy - reach); y <= std::min(rows_px - 1, cy + reach); ++y) {
            for (int x = std::max(0, cx - reach); x <= std::min(cols_px - 1, cx + reach); ++x) {
                const double d2 = (Eigen::Vector2d(x, y) - at).squaredNorm();
                counts(y, x) += static_cast<float>(60 * std::exp(-d2 / (2 * sigma * sigma)));
            }
        }
    }
};

FourierResult look(const Crystal& crystal) {
    FourierView view(crystal.rows_px, crystal.cols_px);
    FourierResult result;
    view.run(testing::counted(crystal.counts, 7), crystal.lattice, result);
    return result;
}

}  // namespace

TEST_CASE("the spots give the lattice to a thousandth, also from summed pixels", "[fourier]") {
    const int side = GENERATE(320, 700);
    const double angle = GENERATE(0.0, 0.3);
    Crystal crystal(side, side + 40, 13, angle);
    crystal.paint([](int, int, const Eigen::Vector2d& at) {
        return Eigen::Vector2d(0.03 * at.x(), 0);  // longer along x than what is looked for
    });
    const auto result = look(crystal);
    CAPTURE(side, angle);
    REQUIRE(result.lattice.found);
    Lattice truth = crystal.lattice;
    truth.a1_px.x() *= 1.03;
    truth.a2_px.x() *= 1.03;
    describe(truth);
    CHECK((result.lattice.a1_px - truth.a1_px).norm() < 1e-3 * truth.a_px);
    CHECK((result.lattice.a2_px - truth.a2_px).norm() < 1e-3 * truth.a_px);
    CHECK(result.lattice.anisotropy == Approx(truth.anisotropy).margin(1e-3));
    for (std::size_t k = 0; k < 3; ++k) {
        const BraggPeak& p = result.first[k];
        CHECK(p.splitting_per_px == 0);
        CHECK(p.radial_width_per_px < 0.15 * result.step_per_px);
        CHECK(p.tangential_width_per_px < 0.15 * result.step_per_px);
        CHECK(p.background == Approx(1).epsilon(0.6));  // electrons, counted one by one
        CHECK((result.second[k].at_per_px - 2 * p.at_per_px).norm() < 0.15 * result.step_per_px);
        CHECK(std::abs(result.half[k].significance) < 5);
    }
}

TEST_CASE("a zigzag shows half-way to the spot of its rows, and nowhere else", "[fourier]") {
    const std::size_t direction = GENERATE(0U, 1U, 2U);
    Crystal crystal(512, 512, 16, 0.2);
    const double amplitude_px = 0.3;
    crystal.paint([&](int i, int j, const Eigen::Vector2d&) -> Eigen::Vector2d {
        const int row = std::array{j, i, i + j}[direction];
        return (row % 2 == 0 ? amplitude_px : -amplitude_px) *
               Crystal::direction(0.2 +
                                  (static_cast<double>(direction) + 1.5) * std::numbers::pi / 3);
    });
    const auto result = look(crystal);
    for (std::size_t k = 0; k < 3; ++k) {
        const HalfOrderPeak& half = result.half[k];
        CAPTURE(k, direction, half.over_bragg, half.significance);
        if (k == direction) {
            // |exp(iφ) − exp(−iφ)|² / 4 with φ = 2π A |g| / 2, over the fall of the columns' own transform
            const double g = 2 / (std::numbers::sqrt3 * 16), sigma = 0.16 * 16;
            const double fall = std::exp(std::pow(2 * std::numbers::pi * sigma * g, 2) * 0.75);
            const double truth = std::pow(std::tan(std::numbers::pi * amplitude_px * g), 2) * fall;
            CHECK(half.over_bragg == Approx(truth).epsilon(0.1));
            CHECK(half.significance > 20);
        } else {
            CHECK(std::abs(half.significance) < 5);
        }
    }
}

TEST_CASE("two lattices in one field split the spots that differ", "[fourier]") {
    const double strain = GENERATE(0.0, 0.02, 0.03);
    Crystal crystal(512, 512, 8, 0);  // rows along x: g_0 along y, unstrained
    crystal.paint([&](int, int, const Eigen::Vector2d& at) {
        return Eigen::Vector2d(at.y() > 256 ? strain * at.x() : 0, 0);
    });
    const auto result = look(crystal);
    const double apart_per_px = 2 / crystal.lattice.a_px * (1 - 1 / (1 + strain));
    CAPTURE(strain, apart_per_px);
    for (std::size_t k = 0; k < 3; ++k) {
        const BraggPeak& p = result.second[k];
        if (strain == 0 || k == 0) {
            CHECK(p.splitting_per_px == 0);
        } else {
            CHECK(p.splitting_per_px == Approx(apart_per_px).epsilon(0.05));
            CHECK(p.splitting_significance > 8);
        }
    }
}

TEST_CASE("strain that varies over the field widens the spots by as much", "[fourier]") {
    const double strain = GENERATE(0.02, 0.05);  // from minus to plus this, along x
    Crystal crystal(512, 512, 10, 0);
    crystal.paint([&](int, int, const Eigen::Vector2d& at) {
        return Eigen::Vector2d(strain * std::pow(at.x() - 256, 2) / 512, 0);
    });
    const auto result = look(crystal);
    // rms of x under the squared window: 0.1414 of the side
    const double truth = 2 * 0.1414 * strain / 10;
    CAPTURE(strain, truth);
    const BraggPeak& p = result.first[1];  // g along (1/a, 1/(√3 a))
    const double along_x = std::hypot(p.radial_width_per_px, p.tangential_width_per_px);
    CHECK(along_x == Approx(truth).epsilon(0.1));
    CHECK(result.first[0].radial_width_per_px < 0.15 * result.step_per_px);
}

TEST_CASE("without a lattice, or of nothing at all, there is a finite picture", "[fourier]") {
    const float level = GENERATE(0.F, 5.F);
    const bool found = GENERATE(false, true);
    Crystal crystal(90, 61, 10, 0);
    crystal.lattice.found = found;
    FourierView view(90, 61);
    FourierResult result;
    view.run(Image::Constant(90, 61, level), crystal.lattice, result);
    CHECK(result.log_power.rows() == view.size());
    CHECK(result.log_power.allFinite());
    CHECK_FALSE(result.lattice.found);
    CHECK(std::isnan(result.first[0].at_per_px.x()));
    CHECK(result.first[0].splitting_per_px == 0);
    CHECK(std::isnan(result.half[0].significance));
}

TEST_CASE("the second frame allocates nothing", "[fourier]") {
    const int side = GENERATE(300, 640);
    Crystal crystal(side, side, 12, 0.1);
    crystal.paint([](int, int, const Eigen::Vector2d&) { return Eigen::Vector2d(0, 0); });
    FourierView view(side, side);
    FourierResult result;
    view.run(crystal.counts, crystal.lattice, result);
    const auto run = [&] { view.run(crystal.counts, crystal.lattice, result); };
    CHECK(testing::allocations_in(run) == 0);
}
