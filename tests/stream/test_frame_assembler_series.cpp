// SPDX-License-Identifier: Apache-2.0
// Where a series begins and ends for the assembler, and what it then makes of blocks.
#include "support/assembled_stream.hpp"

#include <catch2/catch.hpp>

using namespace dwellmap;
using namespace dwellmap::testing;

TEST_CASE("without a start, blocks are orphans and no calibration is made up") {
    AssembledStream s;
    s.whole(0);
    CHECK(s.states.empty());
    CHECK(s.counters().orphan == 1);
    s.start();
    s.whole(1);
    CHECK(s.complete().size() == 1);
    CHECK(s.counters().lost == 0);  // what came before we knew the session is not ours to miss
}

TEST_CASE("a new series supersedes the running one and closes its frame") {
    AssembledStream s;
    s.start();
    s.deliver(s.block(0, 0));
    s.start(kOtherUuid, 32);
    REQUIRE(s.complete().size() == 1);
    CHECK(s.complete()[0].series->uuid == kUuid);
    CHECK(s.counters().lost_rows == kRows - kBlock);
    s.deliver(s.block(0, 1));  // a stray one of the old series
    CHECK(s.counters().orphan == 1);
    CHECK(s.assembler.running());
}

TEST_CASE("a repeated start changes nothing; one that differs is rejected") {
    AssembledStream s;
    s.start();
    s.deliver(s.block(0, 0));
    s.start();
    s.deliver(s.block(0, 1));
    CHECK(s.states.back().rows_valid == 2 * kBlock);
    s.start(kUuid, 32);
    CHECK(s.counters().rejected == 1);
    s.deliver(s.block(0, 2));
    CHECK(s.states.back().rows_valid == 3 * kBlock);
    check_identity(s.counters());
}

TEST_CASE("blocks that contradict the start are rejected") {
    AssembledStream s;
    s.start();
    const auto values = pixels(0, 0, 4, 16);
    auto m = rows_message(0, kRows, 16, 0, 4, values);
    s.deliver(encode(m, {s.session, s.seq(Kind::rows)}));
    m = rows_message(0, kRows, kCols, 0, 8, values);
    m.pixel_type = PixelType::u32;
    s.deliver(encode(m, {s.session, s.seq(Kind::rows)}));
    CHECK(s.assembler.rejected()[static_cast<std::size_t>(RejectReason::series_changed)] == 2);
    CHECK(s.states.empty());
    s.whole(0);
    CHECK(s.complete().size() == 1);
    check_identity(s.counters());
    CHECK(s.counters().received == 4);
}

TEST_CASE("the end closes the frame; what comes after it is an orphan until the next start") {
    AssembledStream s;
    s.start();
    s.deliver(s.block(0, 0));
    (void)s.block(0, 1);  // lost, and nothing after it
    s.end();
    s.end();
    CHECK(s.complete().size() == 1);
    CHECK(s.assembler.ended());
    CHECK(s.counters().lost == 1);
    s.deliver(s.block(1, 0));
    CHECK(s.counters().orphan == 1);
    s.start(kOtherUuid);
    CHECK(s.assembler.running());
}

TEST_CASE("a restarted sender is a new session: its numbers are no gaps, its frame 0 is new") {
    AssembledStream s;
    s.start();
    s.whole(0);
    s.deliver(s.block(1, 0));
    s.session = 2;
    s.next_seq = {};
    s.deliver(s.block(0, 0));  // before its start: cannot end what is on show
    CHECK(s.counters().orphan == 1);
    CHECK(s.counters().frames == 1);
    s.heartbeat();
    CHECK(s.counters().frames == 2);
    CHECK_FALSE(s.assembler.running());
    s.start();
    s.whole(0);
    CHECK(s.complete().size() == 3);
    CHECK(s.counters().lost == 0);
    CHECK(s.counters().reordered == 0);
}

TEST_CASE("a frame beyond the announced number is rejected") {
    AssembledStream s;
    auto start = start_message(kRows, kCols);
    start.series.expected_frames = 2;
    s.deliver(encode(start, {s.session, s.seq(Kind::start)}));
    s.whole(1);
    s.whole(2);
    CHECK(s.complete().size() == 1);
    CHECK(s.assembler.rejected()[static_cast<std::size_t>(RejectReason::bad_frame_number)] == 1);
    check_identity(s.counters());
}
