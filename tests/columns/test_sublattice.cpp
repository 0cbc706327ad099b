// SPDX-License-Identifier: Apache-2.0
#include "columns/sublattice.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace dwellmap;

namespace {

/// 20 × 20 cells with columns of these amplitudes at their three sites (0: none there), and some strays.
struct Columns {
    std::vector<Atom> atoms;
    Cells cells{30};

    Columns(std::array<float, 3> amplitudes, float se) {
        std::mt19937 random(3);
        std::normal_distribution<float> normal;
        for (int site = 0; site < 3; ++site) {
            for (int k = 0; k < 400; ++k) {
                Atom a;
                a.i = static_cast<std::int16_t>(k % 20);
                a.j = static_cast<std::int16_t>(k / 20);
                a.site = site == 0 ? Site::cation : Site::anion;
                a.se_amplitude = se;
                const float mean = amplitudes[static_cast<std::size_t>(site)];
                a.amplitude = std::max(0.0F, mean + se * normal(random));
                add(a, site);
            }
        }
        Atom stray;
        stray.amplitude = 7;
        atoms.push_back(stray);
    }

    void add(Atom a, int site) {
        a.flags = a.amplitude < 3 * a.se_amplitude ? flag_weak : 0;
        cells.set(a.i, a.j, site, static_cast<int>(atoms.size()));
        atoms.push_back(a);
    }

    std::ptrdiff_t count(std::int8_t species) const {
        return std::count_if(atoms.begin(), atoms.end(),
                             [&](const Atom& a) { return a.species == species; });
    }
};

std::uint32_t sort(Columns& c, const SpecimenConfig& specimen = {}) {
    SublatticeSorter sorter(specimen, 2000);
    sorter.run(c.atoms, c.cells);
    for (int site = 0; site < 3; ++site) {  // whatever was removed, cells and columns agree
        for (int k = 0; k < 400; ++k) {
            const int at = c.cells.at(k % 20, k / 20, site);
            if (at >= 0) {
                CHECK((c.atoms[static_cast<std::size_t>(at)].i == k % 20 &&
                       c.atoms[static_cast<std::size_t>(at)].j == k / 20));
            }
        }
    }
    return sorter.notes();
}

}  // namespace

TEST_CASE("the brighter sublattice holds the cations, unless it is said otherwise",
          "[sublattice]") {
    const bool swap = GENERATE(false, true);
    Columns c({20, 60, 0}, 1);
    SpecimenConfig specimen;
    specimen.brighter = swap ? "anions" : "cations";
    CHECK(sort(c, specimen) == 0);
    CHECK(c.cells.cation_site == (swap ? 0 : 1));
    CHECK(c.atoms[0].site == (swap ? Site::cation : Site::anion));
    CHECK(c.atoms[500].site == (swap ? Site::anion : Site::cation));
}

TEST_CASE("a sublattice that does not stand out is not there, and leaves no vacancies behind",
          "[sublattice]") {
    Columns c({50, 20, 0.3F}, 1);
    CHECK(sort(c) == 0);
    CHECK(c.count(species_anion) == 400);
    CHECK(c.count(species_vacancy) == 0);
    CHECK(c.atoms.size() == 801);
    CHECK(c.atoms.back().site == Site::other);
    Columns lone({50, 0, 0}, 1);
    CHECK(sort(lone) == note_no_anions);
    CHECK(lone.atoms.size() == 401);
}

TEST_CASE("a missing column is a vacancy, a faint one in a noisy image is not", "[sublattice]") {
    Columns clear({50, 20, 0}, 1);
    clear.atoms[410].amplitude = 0.5F;
    sort(clear);
    CHECK(clear.count(species_vacancy) == 1);
    CHECK(clear.atoms[410].flags == flag_weak);
    Columns noisy({50, 20, 0}, 5);  // four standard errors: one column in six looks weak
    sort(noisy);
    CHECK(noisy.count(species_vacancy) < 10);
}

TEST_CASE("sublattices of like contrast are said to be alike", "[sublattice]") {
    Columns c({20, 19.5F, 0}, 0.5F);
    CHECK(sort(c) == note_sublattices_alike);
}
