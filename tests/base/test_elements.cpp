// SPDX-License-Identifier: Apache-2.0
#include "base/elements.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace dwellmap;

TEST_CASE("a column has the atomic number of the first element in its name", "[elements]") {
    const auto [name, z] = GENERATE(table<std::string, int>({{"H", 1},
                                                             {"C", 6},
                                                             {"S2", 16},
                                                             {"V", 23},
                                                             {"Se2", 34},
                                                             {"SeS", 34},
                                                             {"SSe", 16},
                                                             {"Mo", 42},
                                                             {"W", 74},
                                                             {"Re", 75},
                                                             {"Lr", 103}}));
    CAPTURE(name);
    CHECK(atomic_number(name) == z);
}

TEST_CASE("what begins with no element has the atomic number 0", "[elements]") {
    const std::string name = GENERATE("", "Xx", "Q", "mo", "MO2x", "2S", " S", "\xc5s");
    CAPTURE(name);
    CHECK(atomic_number(name) == 0);
}
