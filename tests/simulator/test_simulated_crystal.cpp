// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/simulated_crystal.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numbers>
#include <vector>

namespace dwellmap {
namespace {

using Eigen::Vector2d;

const CrystalColumn& column(const SimulatedCrystal& crystal, int k) {
    return crystal.columns()[static_cast<std::size_t>(k)];
}

bool in_field(const SimulatedCrystal& crystal, const CrystalColumn& c) {
    const auto& p = c.position_nm;
    return p.x() >= 0 && p.y() >= 0 && p.x() < crystal.config().width_nm &&
           p.y() < crystal.config().height_nm;
}

Vector2d on_screen(double angle) { return {std::cos(angle), -std::sin(angle)}; }

CrystalConfig perfect_host() {
    CrystalConfig config;
    config.composition = 0;
    config.residual_strain = 0;
    config.disorder_nm = 0;
    config.zigzag = {0, 0, 0};
    return config;
}

TEST_CASE("the composition is right within counting error") {
    CrystalConfig config;
    config.composition = GENERATE(0.0, 0.05, 0.55, 0.95, 1.0);
    config.seed = GENERATE(1U, 2U, 3U);
    CAPTURE(config.composition, config.seed);
    const SimulatedCrystal crystal(config);
    int second = 0;
    for (int k = 0; k < crystal.cations(); ++k) {
        second += column(crystal, k).species == species_second ? 1 : 0;
    }
    const double x = config.composition;
    const double error = std::sqrt(x * (1 - x) / crystal.cations());
    CHECK(std::abs(static_cast<double>(second) / crystal.cations() - x) <= 4 * error);
}

TEST_CASE("cations form a hexagonal lattice with S2 in one kind of triangle") {
    auto config = perfect_host();
    config.angle_rad = GENERATE(0.0, 0.2, 1.0, -2.5);
    const SimulatedCrystal crystal(config);
    const double a = config.lattice_nm;
    CHECK((crystal.a1_nm() - a * on_screen(config.angle_rad)).norm() < 1e-12);
    CHECK((crystal.a2_nm() - a * on_screen(config.angle_rad + std::numbers::pi / 3)).norm() <
          1e-12);

    int cations = 0;
    for (int k = 0; k < crystal.cations(); ++k) {
        const auto& centre = column(crystal, k);
        if (!in_field(crystal, centre)) {
            continue;
        }
        ++cations;
        for (std::size_t q = 0; q < 6; ++q) {
            const int neighbour = crystal.neighbours(k)[q];
            REQUIRE(neighbour >= 0);
            const double angle = config.angle_rad + static_cast<double>(q) * std::numbers::pi / 3;
            const Vector2d offset = column(crystal, neighbour).position_nm - centre.position_nm;
            CHECK((offset - a * on_screen(angle)).norm() < 1e-9);
        }
    }
    int anions = 0;
    const Vector2d down = -(crystal.a1_nm() + crystal.a2_nm()) / 3;  // the same corner for every S2
    for (std::size_t s = static_cast<std::size_t>(crystal.cations()); s < crystal.columns().size();
         ++s) {
        const auto& anion = crystal.columns()[s];
        if (in_field(crystal, anion)) {
            ++anions;
            const Vector2d corner = anion.position_nm + down;
            const bool found = std::any_of(
                crystal.columns().begin(), crystal.columns().begin() + crystal.cations(),
                [&](const auto& c) { return (c.position_nm - corner).norm() < 1e-9; });
            CHECK(found);
        }
    }
    const double expected = config.width_nm * config.height_nm / (a * a * std::sqrt(0.75));
    CHECK(std::abs(cations - expected) < 0.02 * expected);
    CHECK(std::abs(anions - expected) < 0.02 * expected);
}

TEST_CASE("S2 columns follow their three cations") {
    CrystalConfig config;
    config.width_nm = config.height_nm = 4;
    config.disorder_nm = 0;
    const SimulatedCrystal crystal(config);
    const auto end_of_cations = crystal.columns().begin() + crystal.cations();
    for (auto anion = end_of_cations; anion != crystal.columns().end(); ++anion) {
        std::vector<Vector2d> nearest(3);
        const auto distance = [&](const Vector2d& p) { return (p - anion->position_nm).norm(); };
        std::vector<Vector2d> cations;
        std::transform(crystal.columns().begin(), end_of_cations, std::back_inserter(cations),
                       [](const auto& c) { return c.position_nm; });
        std::partial_sort_copy(
            cations.begin(), cations.end(), nearest.begin(), nearest.end(),
            [&](const auto& p, const auto& q) { return distance(p) < distance(q); });
        REQUIRE(distance((nearest[0] + nearest[1] + nearest[2]) / 3) < 1e-12);
    }
}

TEST_CASE("a crystal of one species has its lattice parameter, and no distortion") {
    auto config = perfect_host();
    config.composition = 1;
    const SimulatedCrystal crystal(config);
    const double shrunk = config.lattice_nm * (1 + config.misfit);
    for (int k = 0; k < crystal.cations(); ++k) {
        if (!in_field(crystal, column(crystal, k))) {
            continue;
        }
        const int next = crystal.neighbours(k)[0];
        const Vector2d step = column(crystal, next).position_nm - column(crystal, k).position_nm;
        REQUIRE(step.norm() == Approx(shrunk).epsilon(1e-5));
        REQUIRE(column(crystal, k).isotropic_nm ==
                Approx(std::sqrt(6.0) * config.lattice_nm * config.misfit).epsilon(1e-4));
        REQUIRE(std::abs(column(crystal, k).zigzag_nm[0]) < 1e-6);
    }
}

TEST_CASE("the crystal covers its field of view and margin at every composition") {
    CrystalConfig config;
    config.composition = GENERATE(0.0, 1.0);
    config.width_nm = 12;
    config.height_nm = 6;
    const SimulatedCrystal crystal(config);
    for (int iy = -7; iy < 67; ++iy) {
        for (int ix = -7; ix < 127; ++ix) {
            const double x = 0.1 * ix;
            const double y = 0.1 * iy;
            double nearest = 1;
            for (int k = 0; k < crystal.cations(); ++k) {
                nearest =
                    std::min(nearest, (column(crystal, k).position_nm - Vector2d(x, y)).norm());
            }
            REQUIRE(nearest < config.lattice_nm);
        }
    }
}

TEST_CASE(
    "the zigzag score is twice the site's amplitude and half its four neighbours' in the next "
    "rows") {
    auto config = perfect_host();
    config.composition = 0.55;
    config.misfit = 0;
    config.zigzag = {};
    config.domain_nm = 1000;  // one domain, so that neighbouring rows have opposite signs
    const SimulatedCrystal crystal(config);
    const auto amplitude_nm = [&](int k) {
        const auto& law = config.zigzag;
        return law.alpha_nm + law.beta_nm * column(crystal, k).n +
               law.gamma_nm * config.composition;
    };
    for (int k = 0; k < crystal.cations(); ++k) {
        const auto& c = column(crystal, k);
        if (in_field(crystal, c)) {
            double expected = 2 * amplitude_nm(k);
            for (const std::size_t q : {1U, 2U, 4U, 5U}) {
                expected += amplitude_nm(crystal.neighbours(k)[q]) / 2;
            }
            REQUIRE(-c.zigzag_sign * c.zigzag_nm[0] == Approx(expected).margin(1e-9));
        }
    }
}

TEST_CASE("equal seeds give equal crystals, other seeds others") {
    CrystalConfig config;
    const SimulatedCrystal first(config);
    const SimulatedCrystal again(config);
    config.seed = 2;
    const SimulatedCrystal other(config);
    REQUIRE(first.columns().size() == again.columns().size());
    for (std::size_t k = 0; k < first.columns().size(); ++k) {
        REQUIRE(first.columns()[k].position_nm == again.columns()[k].position_nm);
    }
    CHECK(first.columns()[0].position_nm != other.columns()[0].position_nm);
}

TEST_CASE("a Mo that becomes Re draws its neighbours in and raises their n") {
    CrystalConfig config;
    config.composition = 0.3;
    SimulatedCrystal crystal(config);
    int site = 0;
    while (!(column(crystal, site).species == species_first &&
             in_field(crystal, column(crystal, site)))) {
        ++site;
    }
    const auto before = crystal.columns();
    crystal.switch_species(site);
    crystal.relax();
    CHECK(column(crystal, site).species == species_second);
    CHECK(column(crystal, site).isotropic_nm <
          before[static_cast<std::size_t>(site)].isotropic_nm - 5e-3);
    for (const int q : crystal.neighbours(site)) {
        CHECK(column(crystal, q).n == before[static_cast<std::size_t>(q)].n + 1);
    }
    crystal.switch_species(site);
    crystal.relax();
    CHECK((column(crystal, site).position_nm - before[static_cast<std::size_t>(site)].position_nm)
              .norm() < 1e-12);
}

TEST_CASE("sulfur vacancies come with the probability asked for") {
    CrystalConfig config;
    config.sulfur_vacancies = 0.1;
    const SimulatedCrystal crystal(config);
    double atoms = 0;
    double anions = 0;
    for (const auto& c : crystal.columns()) {
        if (c.site == Site::anion) {
            atoms += c.atoms;
            ++anions;
            CHECK((c.atoms == 0) == (c.species == species_vacancy));
        }
    }
    CHECK(std::abs(atoms / (2 * anions) - 0.9) < 4 * std::sqrt(0.09 / (2 * anions)));
}

}  // namespace
}  // namespace dwellmap
