// SPDX-License-Identifier: Apache-2.0
#include "atoms/species.hpp"
#include "base/elements.hpp"
#include "support/allocations.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace dwellmap;

namespace {

struct Sample {
    std::vector<Atom> atoms;
    std::vector<std::int8_t> truth;

    /// n cations, a fraction x of them of the second species, with these contrasts and a relative scatter.
    Sample(int n, double x, double first, double second, double scatter, unsigned seed) {
        std::mt19937 random(seed);
        std::normal_distribution<double> normal;
        std::uniform_real_distribution<double> uniform;
        for (int k = 0; k < n; ++k) {
            Atom a;
            a.site = Site::cation;
            a.species = species_first;
            const bool is_second = uniform(random) < x;
            const double contrast = is_second ? second : first;
            a.amplitude = static_cast<float>(contrast * (1 + scatter * normal(random)));
            a.se_amplitude = static_cast<float>(0.05 * first);
            truth.push_back(is_second ? species_second : species_first);
            atoms.push_back(a);
        }
    }

    int errors() const {
        int wrong = 0;
        for (std::size_t k = 0; k < atoms.size(); ++k) {
            wrong += atoms[k].species != truth[k] ? 1 : 0;
        }
        return wrong;
    }
};

SpecimenConfig mo_re() { return {}; }

}  // namespace

TEST_CASE("the mixture labels by contrast, with and without the expected composition",
          "[species]") {
    const double x = GENERATE(0.05, 0.55, 0.78, 0.95);
    const bool given = GENERATE(false, true);
    Sample s(3000, x, 50, 134, 0.08, 11);
    SpeciesSorter sorter(mo_re(), {}, 4000);
    std::uint32_t notes = 0;
    bool generic = false;
    const auto r = sorter.run(given ? x : NAN, true, generic, s.atoms, notes);
    CAPTURE(x, given);
    CHECK(s.errors() == 0);
    CHECK(r.fraction_second == Approx(x).margin(0.03));
    CHECK((notes & note_one_species) == 0);
    CHECK_FALSE(generic);
}

TEST_CASE("the mixture beats the literal quantile, which a finite image's composition misleads",
          "[species]") {
    SpeciesConfig literal;
    literal.rule = "quantile";
    Sample a(3000, 0.55, 50, 134, 0.1, 5), b = a;
    SpeciesSorter mixture(mo_re(), {}, 4000), quantile(mo_re(), literal, 4000);
    std::uint32_t notes = 0;
    bool generic = false;
    mixture.run(0.57, true, generic, a.atoms, notes);
    CHECK((notes & note_quantile_differs) != 0);  // the specimen has 0.55: 2 % of the atoms
    quantile.run(0.57, true, generic, b.atoms, notes);
    CHECK(a.errors() <= 2);
    CHECK(b.errors() > 20);
}

TEST_CASE("one contrast is one species, and is said to be", "[species]") {
    Sample s(2000, 0, 50, 134, 0.1, 3);
    SpeciesSorter sorter(mo_re(), {}, 4000);
    std::uint32_t notes = 0;
    bool generic = false;
    const auto r = sorter.run(NAN, true, generic, s.atoms, notes);
    CHECK((notes & note_one_species) != 0);
    CHECK(r.fraction_second == 0);
    CHECK(s.errors() == 0);
}

TEST_CASE("a rare dopant darker than the host is found, by its atomic number", "[species]") {
    SpecimenConfig specimen;
    specimen.species = {"W", "Ti", "Se2"};
    Sample s(4000, 0.01, 100, 20, 0.08, 4);
    SpeciesSorter sorter(specimen, {}, 5000);
    std::uint32_t notes = 0;
    bool generic = false;
    const auto r = sorter.run(NAN, true, generic, s.atoms, notes);
    CHECK((notes & note_one_species) == 0);
    CHECK(s.errors() <= 1);
    CHECK(r.fraction_second == Approx(0.01).margin(0.005));
}

TEST_CASE("contrasts that do not fit the configured elements make the names generic", "[species]") {
    Sample s(3000, 0.3, 100, 140, 0.05, 4);  // Re would be 2.7 times as bright as Mo
    SpeciesSorter sorter(mo_re(), {}, 4000);
    std::uint32_t notes = 0;
    bool generic = false;
    sorter.run(NAN, true, generic, s.atoms, notes);
    CHECK(generic);
    CHECK(s.errors() <= 3);  // the second is the minority
}

TEST_CASE("a frame after others is labelled as if it were the first", "[species]") {
    const double x = GENERATE(0.05, 0.55, 0.95);
    const bool given = GENERATE(false, true);
    const double scale =
        GENERATE(1.0, 1.3, 3.0);  // the beam current has changed: go on, or search anew
    CAPTURE(x, given, scale);
    SpeciesSorter sorter(mo_re(), {}, 4000);
    for (unsigned seed = 1; seed < 4; ++seed) {
        Sample s(3000, x, seed == 3 ? 50 * scale : 50, seed == 3 ? 134 * scale : 134, 0.1, seed);
        Sample cold = s;
        std::uint32_t notes = 0, cold_notes = 0;
        bool generic = false, cold_generic = false;
        SpeciesResult r;
        CHECK(testing::allocations_in(
                  [&] { r = sorter.run(given ? x : NAN, true, generic, s.atoms, notes); }) == 0);
        const auto expected = SpeciesSorter(mo_re(), {}, 4000)
                                  .run(given ? x : NAN, true, cold_generic, cold.atoms, cold_notes);
        CHECK(r.threshold == Approx(expected.threshold).epsilon(1e-5));
        CHECK(r.fraction_second == expected.fraction_second);
        CHECK(notes == cold_notes);
        CHECK(generic == cold_generic);
        CHECK((r.quantile_threshold == expected.quantile_threshold || !given));
        for (std::size_t k = 0; k < s.atoms.size(); ++k) {
            CHECK(s.atoms[k].species == cold.atoms[k].species);
            CHECK(s.atoms[k].p_second == Approx(cold.atoms[k].p_second).margin(1e-4));
        }
    }
}

TEST_CASE("a second species that appears is found, one that vanishes is not invented",
          "[species]") {
    SpeciesSorter sorter(mo_re(), {}, 4000);
    for (const double x : {0.0, 0.0, 0.01, 0.0, 0.5, 0.5, 0.0}) {
        Sample s(3000, x, 50, 134, 0.08, 6);
        std::uint32_t notes = 0;
        bool generic = false;
        sorter.run(NAN, true, generic, s.atoms, notes);
        CAPTURE(x);
        CHECK(s.errors() == 0);
        CHECK(((notes & note_one_species) != 0) == (x == 0));
    }
}

TEST_CASE("an unfinished frame leaves nothing behind", "[species]") {
    const bool given = GENERATE(false, true);
    SpeciesSorter with(mo_re(), {}, 4000), without(mo_re(), {}, 4000);
    for (unsigned seed = 1; seed < 4; ++seed) {
        Sample a(3000, 0.4, 50, 134, 0.15, seed), b = a;
        Sample part(300, 0.1, 70, 100, 0.05, seed);
        std::uint32_t notes = 0;
        bool generic = false;
        with.run(given ? 0.4 : NAN, false, generic, part.atoms, notes);
        const auto r = with.run(given ? 0.4 : NAN, true, generic, a.atoms, notes);
        const auto expected = without.run(given ? 0.4 : NAN, true, generic, b.atoms, notes);
        CHECK(r.threshold == expected.threshold);
        for (std::size_t k = 0; k < a.atoms.size(); ++k) {
            CHECK(a.atoms[k].p_second == b.atoms[k].p_second);
        }
    }
}
