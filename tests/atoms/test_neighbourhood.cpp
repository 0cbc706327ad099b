// SPDX-License-Identifier: Apache-2.0
#include "atoms/neighbourhood.hpp"

#include "atoms/patterns.hpp"
#include "base/lattice.hpp"
#include "support/allocations.hpp"

#include <catch2/catch.hpp>

#include <bit>
#include <random>

using namespace dwellmap;

namespace {

/// A perfect lattice of cations, 9 × 9 cells, rotated.
struct Crystal {
    Lattice lattice;
    Cells cells{20};
    std::vector<Atom> atoms;
    std::vector<Scores> scores;

    explicit Crystal(double angle) {
        lattice.found = true;
        lattice.a1_px = 16 * Eigen::Vector2d(std::cos(angle), -std::sin(angle));
        lattice.a2_px =
            16 * Eigen::Vector2d(std::cos(angle + M_PI / 3), -std::sin(angle + M_PI / 3));
        describe(lattice);
        for (int i = -4; i <= 4; ++i) {
            for (int j = -4; j <= 4; ++j) {
                Atom a;
                const Eigen::Vector2d r =
                    Eigen::Vector2d(200, 200) + i * lattice.a1_px + j * lattice.a2_px;
                a.x_px = static_cast<float>(r.x());
                a.y_px = static_cast<float>(r.y());
                a.se_x_px = a.se_y_px = 0.05F;
                a.site = Site::cation;
                a.species = species_first;
                a.i = static_cast<std::int16_t>(i);
                a.j = static_cast<std::int16_t>(j);
                cells.set(i, j, 0, static_cast<int>(atoms.size()));
                atoms.push_back(a);
            }
        }
    }
    Atom& at(int i, int j) { return atoms[static_cast<std::size_t>(cells.at(i, j, 0))]; }
    std::size_t index(int i, int j) { return static_cast<std::size_t>(cells.at(i, j, 0)); }

    /// Moves a column by (u, v) in the lattice frame, nm.
    void move(int i, int j, const Eigen::Vector2d& by, double nm_per_px) {
        const double c = std::cos(lattice.rotation_rad), s = std::sin(lattice.rotation_rad);
        at(i, j).x_px += static_cast<float>((c * by.x() - s * by.y()) / nm_per_px);
        at(i, j).y_px += static_cast<float>((-s * by.x() - c * by.y()) / nm_per_px);
    }
};

auto bits(const Scores& s) {
    return std::bit_cast<std::array<std::uint32_t, sizeof(Scores) / sizeof(std::uint32_t)>>(s);
}

void measure(Neighbourhoods& n, Crystal& c) {
    n.measure(c.lattice, 0.02, c.atoms);
    c.scores.assign(c.atoms.size(), {});
    for (std::size_t k = 0; k < c.atoms.size(); ++k) {
        if (c.atoms[k].n >= 0) {
            n.score(k, c.scores[k]);
        }
    }
}

void run(Neighbourhoods& n, Crystal& c) {
    n.gather(c.cells, c.lattice, c.atoms, 0, c.atoms.size());
    measure(n, c);
}

}  // namespace

TEST_CASE("a perfect lattice is not distorted, whatever its angle", "[neighbourhood]") {
    const double angle = GENERATE(0.0, 0.4, 1.0);
    Crystal c(angle);
    Neighbourhoods n(24, 200);
    run(n, c);
    const auto centre = c.index(0, 0);
    CHECK(c.atoms[centre].complete == 7);
    CHECK(c.atoms[centre].n == 0);
    CHECK(std::abs(c.scores[centre].isotropic) < 1e-6);
    CHECK(c.scores[centre].order_parameter < 1e-6);
    const auto offsets = n.offsets(centre);
    CHECK(offsets[0] == Approx(0.32).margin(1e-6));  // the first neighbour lies along a1
    CHECK(offsets[1] == Approx(0).margin(1e-6));
    CHECK(offsets[3] == Approx(0.32 * std::sin(M_PI / 3))
                            .margin(1e-6));  // the second 60 degrees on, counter-clockwise
}

TEST_CASE("a pattern put on the neighbours comes back as its score", "[neighbourhood]") {
    const double angle = GENERATE(0.1, 0.9);
    const int which = GENERATE(0, 1, 2, 3);  // breathing, three zigzags
    const auto& p = ideal_patterns();
    const auto& pattern = which == 0 ? p.isotropic : p.zigzag[static_cast<std::size_t>(which - 1)];
    Crystal c(angle);
    for (std::size_t s = 0; s < 6; ++s) {
        c.move(kSixNeighbours[s][0], kSixNeighbours[s][1],
               0.02 * pattern.segment<2>(2 * static_cast<Eigen::Index>(s)), 0.02);
    }
    Neighbourhoods n(6, 200);
    run(n, c);
    const Scores& s = c.scores[c.index(0, 0)];
    CHECK(s.isotropic == Approx(which == 0 ? 0.02 : 0).margin(1e-6));
    CHECK(s.order_parameter == Approx(which == 0 ? 0 : 0.02).margin(1e-6));
    if (which > 0) {
        CHECK(s.zigzag[static_cast<std::size_t>(which - 1)] == Approx(0.02).margin(1e-6));
    }
    // breathing: the centre cancels; zigzag: the four neighbours count once, the centre with the sum of their weights
    CHECK(s.se_isotropic == Approx(0.001).epsilon(0.01));
    CHECK(s.se_order_parameter == Approx(0.001 * std::sqrt(1 + 4)).epsilon(0.01));
}

TEST_CASE("a missing, doubtful or far neighbour makes a neighbourhood incomplete",
          "[neighbourhood]") {
    Crystal c(0.3);
    const int fault = GENERATE(0, 1, 2);
    if (fault == 0) {
        c.cells.set(1, 0, 0, -1);
    } else if (fault == 1) {
        c.at(1, 0).flags = flag_misfit;
    } else {
        c.move(1, 0, {0.36 * 0.32, 0}, 0.02);
    }
    Neighbourhoods n(6, 200);
    run(n, c);
    CHECK_FALSE(n.complete(c.index(0, 0)));
    CHECK(c.at(0, 0).n == -1);
    CHECK(std::isnan(c.scores[c.index(0, 0)].isotropic));
    CHECK(n.complete(c.index(-2, 0)));
}

TEST_CASE("n counts the second species among the six", "[neighbourhood]") {
    Crystal c(0.3);
    c.at(1, 0).species = species_second;
    c.at(-1, 1).species = species_second;
    c.at(2, 2).species = species_second;
    Neighbourhoods n(6, 200);
    run(n, c);
    CHECK(c.at(0, 0).n == 2);
}

TEST_CASE("gathered in parts, cut anywhere, the neighbourhoods are the same bit for bit",
          "[neighbourhood]") {
    const unsigned seed = GENERATE(1U, 2U, 3U);
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> shift(-0.02, 0.02);
    Crystal whole(0.3);
    for (int k = 0; k < 60; ++k) {
        whole.move(static_cast<int>(random() % 9) - 4, static_cast<int>(random() % 9) - 4,
                   {shift(random), shift(random)}, 0.02);
        whole.atoms[random() % whole.atoms.size()].species = species_second;
    }
    Crystal parts = whole;
    Neighbourhoods once(12, 200), often(12, 200);
    run(once, whole);
    const auto allocations = testing::allocations_in([&] {
        for (std::size_t first = 0; first < parts.atoms.size();) {
            const auto last = std::min(parts.atoms.size(), first + random() % 20);
            often.gather(parts.cells, parts.lattice, parts.atoms, first, last);
            first = last;
        }
    });
    often.gather(parts.cells, parts.lattice, parts.atoms, 20, 40);  // and some of them again
    measure(often, parts);
    CHECK(allocations == 0);
    for (std::size_t k = 0; k < whole.atoms.size(); ++k) {
        CHECK(whole.atoms[k].complete == parts.atoms[k].complete);
        CHECK(whole.atoms[k].n == parts.atoms[k].n);
        CHECK(bits(whole.scores[k]) == bits(parts.scores[k]));
        REQUIRE(once.complete(k) == often.complete(k));
        CHECK((!once.complete(k) || once.offsets(k) == often.offsets(k)));
    }
}

TEST_CASE("a neighbour that has changed changes what is gathered again", "[neighbourhood]") {
    Crystal c(0.3);
    Neighbourhoods n(6, 200);
    run(n, c);
    c.at(1, 0).flags = flag_misfit;
    n.gather(c.cells, c.lattice, c.atoms, c.index(0, 0), c.index(0, 0) + 1);
    CHECK_FALSE(n.complete(c.index(0, 0)));
    CHECK(n.complete(c.index(2, 0)));  // not asked
    measure(n, c);
    CHECK(c.at(0, 0).n == -1);
}
