// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/frame_assembler.hpp"
#include "support/stream.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <random>
#include <set>

using namespace dwellmap;
using namespace dwellmap::testing;

namespace {

constexpr int kRows = 24, kCols = 8, kBlock = 4, kBlocks = kRows / kBlock;

/// A sender and a receiver without a socket between them. What is sent is numbered; what is
/// delivered goes through encode and decode.
struct Stream {
    std::vector<Frame> states;  // all that was handed on
    FrameAssembler assembler{[this](const Frame& f) { states.push_back(f); }};
    std::array<std::uint64_t, kKindCount> next_seq{};
    std::uint64_t session = 1;

    std::uint64_t seq(Kind kind) { return next_seq[static_cast<std::size_t>(kind)]++; }

    void deliver(const std::vector<std::byte>& message) {
        const auto decoded = decode_frame_message(message);
        REQUIRE(decoded.reason == RejectReason::none);
        assembler.accept(decoded, 77);
    }
    void start(const std::string& uuid = kUuid, int rows = kRows) {
        deliver(
            encode(start_message(rows, kCols, PixelType::f32, uuid), {session, seq(Kind::start)}));
    }
    std::vector<std::byte> rows(std::uint64_t frame, int first, int count = kBlock) {
        const auto values = pixels(frame, first, count, kCols);
        return encode(rows_message(frame, kRows, kCols, first, count, values),
                      {session, seq(Kind::rows)});
    }
    std::vector<std::byte> block(std::uint64_t frame, int k) { return rows(frame, k * kBlock); }
    void whole(std::uint64_t frame) { deliver(rows(frame, 0, kRows)); }
    void end() {
        EndMessage m;
        m.uuid = kUuid;
        m.next_rows_seq = next_seq[static_cast<std::size_t>(Kind::rows)];
        deliver(encode(m, {session, seq(Kind::end)}));
    }
    void heartbeat() {
        HeartbeatMessage m;
        const Stamp stamp{session, seq(Kind::heartbeat)};
        m.next_seq = next_seq;
        deliver(encode(m, stamp));
    }
    Counters counters() const { return assembler.counters(); }
    std::vector<Frame> complete() const {
        std::vector<Frame> frames;
        std::copy_if(states.begin(), states.end(), std::back_inserter(frames),
                     [](const Frame& f) { return f.complete; });
        return frames;
    }
};

void check_identity(const Counters& c) {
    CHECK(c.blocks == c.merged + c.duplicate + c.orphan + c.rejected);
}

/// Valid rows hold the frame's own pixels, all others 0.
bool pixels_are_right(const Frame& f) {
    for (int y = 0; y < f.counts.rows(); ++y) {
        const bool valid = f.row_valid[static_cast<std::size_t>(y)] == 1;
        for (int x = 0; x < f.counts.cols(); ++x) {
            if (f.counts(y, x) != (valid ? pixel(f.number, y, x) : 0.0F)) {
                return false;
            }
        }
    }
    return std::count(f.row_valid.begin(), f.row_valid.end(), 1) == f.rows_valid;
}

}  // namespace

TEST_CASE("row blocks add up to a frame that is handed on after every block") {
    Stream s;
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
    Stream s;
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
    Stream s;
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
    Stream s;
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
    Stream s;
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

TEST_CASE("without a start, blocks are orphans and no calibration is made up") {
    Stream s;
    s.whole(0);
    CHECK(s.states.empty());
    CHECK(s.counters().orphan == 1);
    s.start();
    s.whole(1);
    CHECK(s.complete().size() == 1);
    CHECK(s.counters().lost == 0);  // what came before we knew the session is not ours to miss
}

TEST_CASE("a new series supersedes the running one and closes its frame") {
    Stream s;
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
    Stream s;
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
    Stream s;
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
    Stream s;
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
    Stream s;
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
    Stream s;
    auto start = start_message(kRows, kCols);
    start.series.expected_frames = 2;
    s.deliver(encode(start, {s.session, s.seq(Kind::start)}));
    s.whole(1);
    s.whole(2);
    CHECK(s.complete().size() == 1);
    CHECK(s.assembler.rejected()[static_cast<std::size_t>(RejectReason::bad_frame_number)] == 1);
    check_identity(s.counters());
}

TEST_CASE("messages that nobody knows are ignored and counted") {
    Stream s;
    s.deliver(seal_message(static_cast<Kind>(99), {1, 1}, std::vector<std::byte>(8)));
    CHECK(s.counters().ignored == 1);
    CHECK(s.counters().received == 1);
    CHECK(s.counters().blocks == 0);
}

TEST_CASE("counters are exact under random loss, repetition and disorder") {
    const auto seed = GENERATE(range(1U, 13U));
    const double loss = GENERATE(0.0, 0.01, 0.5);
    const int disorder = GENERATE(0, 1, 20);  // blocks by which one may come late
    CAPTURE(seed, loss, disorder);
    constexpr std::uint64_t frames = 20;
    std::mt19937 random(seed);
    const auto chance = [&](double p) {
        return std::uniform_real_distribution<>(0, 1)(random) < p;
    };

    Stream s;
    s.start();
    s.heartbeat();
    struct Sent {
        double when;
        std::uint64_t seq, frame;
        std::vector<std::byte> message;
    };
    std::vector<Sent> sent;
    std::uint64_t lost = 0;
    for (std::uint64_t seq = 0; seq < frames * kBlocks; ++seq) {
        const auto frame = seq / kBlocks;
        const auto message = s.block(frame, static_cast<int>(seq % kBlocks));
        if (chance(loss)) {
            ++lost;
            continue;
        }
        for (int copies = chance(0.1) ? 2 : 1; copies > 0; --copies) {
            const double delay = std::uniform_real_distribution<>(0, disorder + 0.01)(random);
            sent.push_back({static_cast<double>(seq) + delay, seq, frame, message});
        }
    }
    std::sort(sent.begin(), sent.end(),
              [](const auto& a, const auto& b) { return a.when < b.when; });

    Counters expected;
    std::set<std::uint64_t> seen;
    std::map<std::uint64_t, int> blocks_of_frame;
    for (const auto& m : sent) {
        s.deliver(m.message);
        const bool late = !seen.empty() && m.seq < *seen.rbegin();
        const bool closed = !blocks_of_frame.empty() && m.frame < blocks_of_frame.rbegin()->first;
        if (!seen.insert(m.seq).second) {
            ++expected.duplicate;
            continue;
        }
        expected.reordered += late ? 1 : 0;
        expected.orphan += closed ? 1 : 0;
        expected.merged += closed ? 0 : 1;
        if (!closed) {
            ++blocks_of_frame[m.frame];
        }
    }
    s.end();
    for (const auto& [frame, blocks] : blocks_of_frame) {
        expected.lost_rows += static_cast<std::uint64_t>((kBlocks - blocks) * kBlock);
    }

    const auto c = s.counters();
    check_identity(c);
    CHECK(c.blocks == sent.size());
    CHECK(c.merged == expected.merged);
    CHECK(c.duplicate == expected.duplicate);
    CHECK(c.orphan == expected.orphan);
    CHECK(c.reordered == expected.reordered);
    CHECK(c.lost == lost);
    CHECK(c.lost_rows == expected.lost_rows);
    CHECK(c.frames == blocks_of_frame.size());
    CHECK(s.complete().size() == c.frames);
    CHECK(std::all_of(s.states.begin(), s.states.end(), pixels_are_right));
    CHECK(std::is_sorted(s.states.begin(), s.states.end(),
                         [](const Frame& a, const Frame& b) { return a.number < b.number; }));
}
