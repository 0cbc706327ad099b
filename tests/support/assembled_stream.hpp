// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "stream/frame_assembler.hpp"
#include "support/stream.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <string>
#include <vector>

namespace dwellmap::testing {

inline constexpr int kRows = 24, kCols = 8, kBlock = 4, kBlocks = kRows / kBlock;

/// A sender and a receiver without a socket between them. What is sent is numbered; what is
/// delivered goes through encode and decode.
struct AssembledStream {
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

inline void check_identity(const Counters& c) {
    CHECK(c.blocks == c.merged + c.duplicate + c.orphan + c.rejected);
}

/// Valid rows hold the frame's own pixels, all others 0.
inline bool pixels_are_right(const Frame& f) {
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

}  // namespace dwellmap::testing
