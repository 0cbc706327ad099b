// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/simulated_changes.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

namespace dwellmap {
namespace {

CrystalConfig small_crystal() {
    CrystalConfig config;
    config.width_nm = config.height_nm = 6;
    return config;
}

int events_of(const SimulatedChanges& changes, const std::string& kind, std::uint64_t frame) {
    return static_cast<int>(
        std::count_if(changes.events().begin(), changes.events().end(),
                      [&](const auto& e) { return e.frame == frame && e.kind.starts_with(kind); }));
}

TEST_CASE("every change of species and every vacancy is written down, and nothing else changes") {
    ChangeConfig config;
    config.switches_per_frame = 2;
    config.vacancies_per_frame = 3;
    SimulatedCrystal crystal(small_crystal());
    SimulatedChanges changes(config);
    int switched = 0;
    int lost = 0;
    for (std::uint64_t frame = 1; frame <= 30; ++frame) {
        const auto before = crystal.columns();
        changes.advance(frame, crystal);
        std::vector<int> toggled(before.size(), 0);
        int fewer = 0;
        for (const auto& e : changes.events()) {
            if (e.frame == frame && e.kind.starts_with("switch")) {
                ++toggled[static_cast<std::size_t>(e.id)];
                ++switched;
            }
        }
        for (std::size_t k = 0; k < before.size(); ++k) {
            const auto& now = crystal.columns()[k];
            if (now.site == Site::cation) {
                REQUIRE((now.species != before[k].species) == (toggled[k] % 2 == 1));
            }
            fewer += before[k].atoms - now.atoms;
        }
        REQUIRE(fewer == events_of(changes, "sulfur_vacancy", frame));
        lost += fewer;
    }
    CHECK(std::abs(switched - 60) < 4 * std::sqrt(60.0));
    CHECK(std::abs(lost - 90) < 4 * std::sqrt(90.0));
}

TEST_CASE("a growing disc doubles its zigzag and stops") {
    ChangeConfig config;
    config.growth_per_frame = 0.25;
    config.first_frame = 2;
    auto pure = small_crystal();
    pure.composition = 1;
    pure.domain_nm = 1000;
    SimulatedCrystal crystal(pure);
    SimulatedChanges changes(config);
    const auto score = [&](int id) {
        const auto& c = crystal.columns()[static_cast<std::size_t>(id)];
        return -c.zigzag_sign * c.zigzag_nm[0];
    };
    changes.advance(1, crystal);
    CHECK(changes.events().empty());
    const auto before = crystal.columns();
    for (std::uint64_t frame = 2; frame <= 10; ++frame) {
        changes.advance(frame, crystal);
    }
    REQUIRE(changes.events().size() == 1);
    const auto& growth = changes.events()[0];
    CHECK(growth.kind == "growth");
    CHECK(growth.frame == 2);
    const double full = 4 * (pure.zigzag.alpha_nm + 6 * pure.zigzag.beta_nm + pure.zigzag.gamma_nm);
    const auto& old = before[static_cast<std::size_t>(growth.id)];
    CHECK(score(growth.id) + old.zigzag_sign * old.zigzag_nm[0] == Approx(full));
}

TEST_CASE("a creeping atom leaves its site at the given speed and stops") {
    ChangeConfig config;
    config.creep_nm_per_frame = 0.004;
    config.first_frame = 3;
    SimulatedCrystal crystal(small_crystal());
    SimulatedChanges changes(config);
    const auto before = crystal.columns();
    for (std::uint64_t frame = 1; frame <= 7; ++frame) {
        changes.advance(frame, crystal);
    }
    REQUIRE(changes.events().size() == 1);
    const auto id = static_cast<std::size_t>(changes.events()[0].id);
    CHECK(changes.events()[0].frame == 3);
    CHECK((crystal.columns()[id].position_nm - before[id].position_nm).norm() == Approx(5 * 0.004));
    for (std::uint64_t frame = 8; frame <= 40; ++frame) {
        changes.advance(frame, crystal);
    }
    CHECK((crystal.columns()[id].position_nm - before[id].position_nm).norm() == Approx(0.05));
}

TEST_CASE("without changes a crystal stays as it is") {
    SimulatedCrystal crystal(small_crystal());
    SimulatedChanges changes({});
    const auto before = crystal.columns();
    changes.advance(1, crystal);
    CHECK(changes.events().empty());
    for (std::size_t k = 0; k < before.size(); ++k) {
        REQUIRE(crystal.columns()[k].position_nm == before[k].position_nm);
    }
}

}  // namespace
}  // namespace dwellmap
