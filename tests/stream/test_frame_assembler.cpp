// SPDX-License-Identifier: Apache-2.0
#include "support/assembled_stream.hpp"

#include <catch2/catch.hpp>

using namespace dwellmap;
using namespace dwellmap::testing;

TEST_CASE("row blocks add up to a frame that is handed on after every block") {
    AssembledStream s;
    s.start();
    for (int k = 0; k < kBlocks; ++k) {
        s.deliver(s.block(5, k));
    }
    REQUIRE(s.states.size() == kBlocks);
    for (int k = 0; k < kBlocks; ++k) {
        const auto& f = s.states[static_cast<std::size_t>(k)];
        CHECK(f.number == 5);
        CHECK(f.rows_valid == (k + 1) * kBlock);
        CHECK(f.complete == (k == kBlocks - 1));
        CHECK(f.last_row_ns == 77);
        CHECK(f.series->pixel_size_nm == 0.0125);
        CHECK(pixels_are_right(f));
    }
    CHECK(s.counters().frames == 1);
    CHECK(s.counters().merged == kBlocks);
    CHECK(s.counters().lost_rows == 0);
}

TEST_CASE("blocks of one frame may come in any order, twice, and overlapping") {
    AssembledStream s;
    s.start();
    s.deliver(s.rows(0, 20, 4));  // the last one, with the complete flag
    s.deliver(s.rows(0, 0, 10));
    s.deliver(s.rows(0, 5, 5));  // nothing new
    s.deliver(s.rows(0, 8, 4));  // two new rows
    CHECK(s.complete().empty());
    s.deliver(s.rows(0, 12, 8));
    REQUIRE(s.complete().size() == 1);
    CHECK(pixels_are_right(s.complete()[0]));
    CHECK(s.counters().merged == 4);
    CHECK(s.counters().duplicate == 1);
    check_identity(s.counters());
}

TEST_CASE("a frame stays open until a block says complete, even if that block brings nothing new") {
    AssembledStream s;
    s.start();
    auto values = pixels(0, 0, kRows, kCols);
    auto m = rows_message(0, kRows, kCols, 0, kRows, values);
    m.complete = false;
    s.deliver(encode(m, {s.session, s.seq(Kind::rows)}));
    CHECK(s.complete().empty());
    s.whole(0);
    CHECK(s.complete().size() == 1);
    CHECK(s.counters().duplicate == 1);
}

TEST_CASE("a lost block leaves its rows invalid, never with old pixels") {
    AssembledStream s;
    s.start();
    s.whole(0);
    for (int k = 0; k < kBlocks; ++k) {
        const auto block = s.block(1, k);
        if (k != 2) {
            s.deliver(block);
        }
    }
    CHECK(s.complete().size() == 1);  // still waiting: the block may only be late
    s.whole(2);
    REQUIRE(s.complete().size() == 3);
    const auto holey = s.complete()[1];
    CHECK(holey.number == 1);
    CHECK(holey.rows_valid == kRows - kBlock);
    CHECK(pixels_are_right(holey));
    CHECK(s.counters().lost == 1);
    CHECK(s.counters().lost_rows == kBlock);
}

TEST_CASE("blocks of a closed frame are orphans; repeats of what was merged are duplicates") {
    AssembledStream s;
    s.start();
    const auto late = s.block(0, 0);
    const auto first = s.block(0, 1);
    s.deliver(first);
    s.whole(1);
    s.deliver(late);
    s.deliver(first);
    s.whole(1);
    const auto c = s.counters();
    CHECK(c.orphan == 1);
    CHECK(c.duplicate == 2);
    CHECK(c.reordered == 1);
    CHECK(c.lost == 0);
    check_identity(c);
}

TEST_CASE("messages that nobody knows are ignored and counted") {
    AssembledStream s;
    s.deliver(seal_message(static_cast<Kind>(99), {1, 1}, std::vector<std::byte>(8)));
    CHECK(s.counters().ignored == 1);
    CHECK(s.counters().received == 1);
    CHECK(s.counters().blocks == 0);
}
