// SPDX-License-Identifier: Apache-2.0
#include "support/assembled_stream.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <vector>

using namespace dwellmap;
using namespace dwellmap::testing;

namespace {

struct Sent {
    double when;
    std::uint64_t seq, frame;
    std::vector<std::byte> message;
};

struct Disorder {
    double loss;
    int late_blocks;  // by which one may come late
};

/// Blocks of 20 frames as a bad network delivers them: some never, some twice, some late. @param lost  counts the first
std::vector<Sent> disturbed(AssembledStream& s, std::mt19937& random, const Disorder& d,
                            std::uint64_t& lost) {
    constexpr std::uint64_t frames = 20;
    const auto chance = [&](double p) {
        return std::uniform_real_distribution<>(0, 1)(random) < p;
    };
    std::vector<Sent> sent;
    for (std::uint64_t seq = 0; seq < frames * kBlocks; ++seq) {
        const auto frame = seq / kBlocks;
        const auto message = s.block(frame, static_cast<int>(seq % kBlocks));
        if (chance(d.loss)) {
            ++lost;
            continue;
        }
        for (int copies = chance(0.1) ? 2 : 1; copies > 0; --copies) {
            const double delay = std::uniform_real_distribution<>(0, d.late_blocks + 0.01)(random);
            sent.push_back({static_cast<double>(seq) + delay, seq, frame, message});
        }
    }
    std::sort(sent.begin(), sent.end(),
              [](const auto& a, const auto& b) { return a.when < b.when; });
    return sent;
}

/// What the counters should say, from the order of the blocks alone.
struct Expected {
    Counters c;
    std::set<std::uint64_t> seen;
    std::map<std::uint64_t, int> blocks_of_frame;

    explicit Expected(const std::vector<Sent>& sent) {
        for (const auto& m : sent) {
            take(m);
        }
        for (const auto& [frame, blocks] : blocks_of_frame) {
            c.lost_rows += static_cast<std::uint64_t>((kBlocks - blocks) * kBlock);
        }
    }

    void take(const Sent& m) {
        const bool late = !seen.empty() && m.seq < *seen.rbegin();
        const bool closed = !blocks_of_frame.empty() && m.frame < blocks_of_frame.rbegin()->first;
        if (!seen.insert(m.seq).second) {
            ++c.duplicate;
            return;
        }
        c.reordered += late ? 1 : 0;
        c.orphan += closed ? 1 : 0;
        c.merged += closed ? 0 : 1;
        if (!closed) {
            ++blocks_of_frame[m.frame];
        }
    }
};

}  // namespace

TEST_CASE("counters are exact under random loss, repetition and disorder") {
    const auto seed = GENERATE(range(1U, 13U));
    const double loss = GENERATE(0.0, 0.01, 0.5);
    const int late_blocks = GENERATE(0, 1, 20);
    CAPTURE(seed, loss, late_blocks);
    std::mt19937 random(seed);
    AssembledStream s;
    s.start();
    s.heartbeat();
    std::uint64_t lost = 0;
    const auto sent = disturbed(s, random, {loss, late_blocks}, lost);
    for (const auto& m : sent) {
        s.deliver(m.message);
    }
    s.end();

    const auto c = s.counters();
    const Expected expected(sent);
    check_identity(c);
    CHECK(c.blocks == sent.size());
    CHECK(c.merged == expected.c.merged);
    CHECK(c.duplicate == expected.c.duplicate);
    CHECK(c.orphan == expected.c.orphan);
    CHECK(c.reordered == expected.c.reordered);
    CHECK(c.lost == lost);
    CHECK(c.lost_rows == expected.c.lost_rows);
    CHECK(c.frames == expected.blocks_of_frame.size());
    CHECK(s.complete().size() == c.frames);
    CHECK(std::all_of(s.states.begin(), s.states.end(), pixels_are_right));
    CHECK(std::is_sorted(s.states.begin(), s.states.end(),
                         [](const Frame& a, const Frame& b) { return a.number < b.number; }));
}
