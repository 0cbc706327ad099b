// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/library.hpp"

#include "dwellmap/error.hpp"
#include "support/fields.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <limits>

using namespace dwellmap;
using Catch::Matchers::Contains;
using testing::random_field;
using testing::shared;

namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

Library library_of(const std::vector<Library::FieldPtr>& fields) {
    Library library;
    for (const auto& field : fields) {
        library.put(field);
    }
    return library;
}

/// 30 states of 10 fields, some of which differ in a few numbers only.
std::vector<Library::FieldPtr> many_states() {
    std::vector<Library::FieldPtr> states;
    for (unsigned k = 0; k < 30; ++k) {
        FieldOfView f =
            random_field("field " + std::to_string(k % 10), 5 + (k % 4 == 0), 6, k % 20);
        f.frames = 1 + k % 2;
        f.composition = k % 10 == 3 ? kUnknown : f.composition;
        f.fraction_second = k % 10 == 3 ? kUnknown : f.fraction_second;
        f.offsets(3, 2) += 1e-16 * k;
        f.name = "state " + std::to_string(k);
        states.push_back(shared(f));
    }
    return states;
}

/// All states in one library, through a random tree of merges.
Library merge_at_random(const std::vector<Library::FieldPtr>& states, std::mt19937& random) {
    std::vector<Library> parts(states.size());
    for (std::size_t k = 0; k < states.size(); ++k) {
        parts[k].put(states[k]);
    }
    while (parts.size() > 1) {
        std::shuffle(parts.begin(), parts.end(), random);
        parts[0].merge(parts.back());
        parts.pop_back();
    }
    return parts[0];
}

}  // namespace

TEST_CASE("fields are in the order of composition and key, however they were added", "[library]") {
    std::vector<Library::FieldPtr> fields;
    const auto add = [&](const char* key, double composition, double fraction) {
        FieldOfView f = random_field(key, 3, 6, 1);
        f.composition = composition;
        f.fraction_second = fraction;
        fields.push_back(shared(f));
    };
    add("z", 0.05, 0.9);
    add("a", kUnknown, 0.3);  // measured
    add("m", 0.55, kUnknown);
    add("b", 0.55, 0.1);
    add("u", kUnknown, kUnknown);
    add("c", kUnknown, kUnknown);
    std::mt19937 random(1);
    for (int k = 0; k < 20; ++k) {
        std::shuffle(fields.begin(), fields.end(), random);
        const Library library = library_of(fields);
        std::string keys;
        for (const auto& field : library.fields()) {
            keys += field->key;
        }
        CHECK(keys == "zabmcu");
    }
}

TEST_CASE("any order and grouping of merges gives the same fields in the same order", "[library]") {
    const auto states = many_states();
    std::mt19937 random(2);
    const Library first = merge_at_random(states, random);
    CHECK(first.fields().size() == 10);
    for (int k = 0; k < 50; ++k) {
        CHECK(merge_at_random(states, random).fields() == first.fields());  // the very same states
    }
}

TEST_CASE("of two states of a field, more frames win, then more atoms", "[library]") {
    FieldOfView one = random_field("k", 9, 6, 1), two = random_field("k", 8, 6, 2);
    one.frames = 4;
    two.frames = GENERATE(3, 4, 5);
    const auto a = shared(one), b = shared(two);
    Library ab = library_of({a});
    ab.merge(library_of({b}));
    Library ba = library_of({b});
    ba.merge(library_of({a}));
    const auto& expected = two.frames > one.frames ? b : a;
    CHECK(ab.fields() == std::vector{expected});
    CHECK(ba.fields() == std::vector{expected});
}

TEST_CASE("put() replaces the field of the same key, also one with more frames", "[library]") {
    FieldOfView later = random_field("k", 4, 6, 1);
    later.frames = 0;
    later.composition = 0.99;
    Library library =
        library_of({shared(random_field("k", 9, 6, 2)), shared(random_field("l", 9, 6, 3))});
    const Library snapshot = library;
    library.put(shared(later));
    REQUIRE(library.fields().size() == 2);
    CHECK(library.fields().back()->frames == 0);
    CHECK(snapshot.fields() != library.fields());
}

TEST_CASE("fields that can't be compared are refused, with what differs and what to do",
          "[library]") {
    Library library = library_of({shared(random_field("old", 3, 6, 1))});
    FieldOfView f = random_field("new", 3, 6, 2);
    CHECK_NOTHROW(library.check_fits(f, "x.h5"));

    const auto [change, text] = GENERATE(table<int, std::string>(
        {{0,
          "x.h5: field \"specimen new\" (new) has 12 neighbours, but \"specimen old\" (old) has 6: "
          "set statistics.neighbours alike"},
         {1, "lengths in px, but \"specimen old\" (old) has nm: give the pixel size"},
         {2,
          "the species W, Re, S2, vacancy, but \"specimen old\" (old) has Mo, Re, S2, vacancy: "
          "set specimen.species alike"}}));
    f.neighbours = change == 0 ? 12 : 6;
    f.unit = change == 1 ? "px" : "nm";
    f.species_names[0] = change == 2 ? "W" : "Mo";
    CHECK_THROWS_WITH(library.check_fits(f, "x.h5"), Contains(text));
    CHECK_THROWS_AS(library.check_fits(f, "x.h5"), SetupError);

    f.key = "old";  // it would replace the only one it does not fit
    CHECK_NOTHROW(library.check_fits(f, "x.h5"));
}
