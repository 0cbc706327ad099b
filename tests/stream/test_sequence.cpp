// SPDX-License-Identifier: Apache-2.0
#include "stream/sequence.hpp"

#include <catch2/catch.hpp>

using dwellmap::Sequence;
using Arrival = Sequence::Arrival;

TEST_CASE("gaps are lost until the late one comes") {
    Sequence s;
    CHECK(s.arrived(10) == Arrival::in_order);  // where we joined
    CHECK(s.lost() == 0);
    CHECK(s.arrived(13) == Arrival::in_order);
    CHECK(s.lost() == 2);
    CHECK(s.arrived(11) == Arrival::late);
    CHECK(s.lost() == 1);
    CHECK(s.arrived(11) == Arrival::repeated);
    CHECK(s.arrived(13) == Arrival::repeated);
    CHECK(s.lost() == 1);
}

TEST_CASE("what came before we joined is late but was never lost") {
    Sequence s;
    s.arrived(10);
    CHECK(s.arrived(9) == Arrival::late);
    CHECK(s.arrived(9) == Arrival::repeated);
    CHECK(s.lost() == 0);
}

TEST_CASE("an announcement shows that the last ones are lost, and where we joined") {
    Sequence joined_late;
    joined_late.announced(100);
    CHECK(joined_late.lost() == 0);
    CHECK(joined_late.arrived(102) == Arrival::in_order);
    CHECK(joined_late.lost() == 2);
    joined_late.announced(105);
    CHECK(joined_late.lost() == 4);
    joined_late.announced(50);  // an old one
    CHECK(joined_late.lost() == 4);
}

TEST_CASE("numbers older than the window stay lost; a large gap costs nothing") {
    Sequence s;
    s.arrived(0);
    s.arrived(1ULL << 60U);
    CHECK(s.lost() == (1ULL << 60U) - 1);
    CHECK(s.arrived(5) == Arrival::late);
    CHECK(s.lost() == (1ULL << 60U) - 1);
    CHECK(s.arrived((1ULL << 60U) - 4095) == Arrival::late);
    CHECK(s.lost() == (1ULL << 60U) - 2);
}
