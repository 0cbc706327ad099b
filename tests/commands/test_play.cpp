// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/error.hpp"
#include "support/folder.hpp"
#include "support/played.hpp"
#include "support/recordings.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <limits>
#include <thread>

using namespace dwellmap;
using namespace dwellmap::testing;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

struct Played {
    Heard heard;
    IntervalErrors errors;
    std::uint64_t damaged;
};

Played play(std::vector<Reel> reels, const PlaySettings& settings, std::size_t series = 1) {
    const volatile bool stop = false;
    FramePublisher publisher("tcp://127.0.0.1:*");
    Listener listener(publisher.endpoint());
    REQUIRE(publisher.wait_for_subscriber(5s));
    Player player(publisher, std::move(reels), settings, stop);
    std::thread thread([&] { player.run(); });
    Heard heard;
    listener.listen(heard, [&](const Heard& h) { return h.ends.size() == series; });
    thread.join();
    return {heard, player.interval_errors(), player.damaged()};
}

}  // namespace

TEST_CASE("a recording is played block by block as it came", "[play]") {
    const Folder folder;
    const auto path = folder / "session.h5";
    auto start = start_message(kRows, kCols);
    start.provenance = "{}";
    start.offset_x_nm = 3;
    write_recording(path, start, 3);
    const auto heard = play(reels_of({path}), as_fast_as_possible()).heard;
    REQUIRE(heard.starts.size() == 1);
    CHECK(heard.starts[0].series.uuid == kUuid);
    CHECK(heard.starts[0].provenance == "{}");
    CHECK(heard.starts[0].offset_x_nm == 3);
    CHECK(heard.ends == std::vector<std::string>{"done"});
    REQUIRE(heard.rows.size() == 9);
    CHECK(heard.rows[4].first_row == 4);
    CHECK(heard.rows[4].row_count == 4);
    CHECK_FALSE(heard.rows[4].complete);
    CHECK(heard.rows[5].complete);
    REQUIRE(heard.frames.size() == 3);
    for (const auto& [number, image] : heard.frames) {
        CHECK((image == picture(number, kRows, kCols)).all());
    }
}

TEST_CASE("intervals are those of the recording, divided by the speed", "[play]") {
    const Folder folder;
    const auto path = folder / "session.h5";
    write_recording(path, start_message(kRows, kCols), 20, 4, 5'000'000);
    PlaySettings settings;
    settings.speed = GENERATE(1, 10);
    const auto played = play(reels_of({path}), settings);
    const auto& rows = played.heard.rows;
    REQUIRE(rows.size() == 60);
    CHECK(played.errors.count() == 59);
    const auto wanted_ns = 59 * 5e6 / settings.speed;  // no block goes before its time
    const auto took_ns = static_cast<double>(rows.back().acquired_ns - rows.front().acquired_ns);
    CHECK(took_ns > wanted_ns / 2);
    CHECK(took_ns < wanted_ns + 2e9);
    WARN("at speed " << settings.speed << ": interval error median "
                     << played.errors.quantile_ns(0.5) << " ns, p99 "
                     << played.errors.quantile_ns(0.99) << " ns, max " << played.errors.largest_ns()
                     << " ns");
}

TEST_CASE("rows can be cut again, those that never came stay away", "[play]") {
    const Folder folder;
    const auto path = folder / "session.h5";
    auto frame = recorded_frame(7, picture(7, kRows, kCols), 4, kBegin_ns, 1000);
    lose_rows(frame, 4, 4);
    {
        RecordingWriter writer(path, "test", false);
        writer.begin_series(start_message(kRows, kCols));
        writer.add_frame(frame);
    }
    PlayCut cut;
    cut.rows_per_block = 3;
    cut.dwell_us = 0.5;
    const auto heard = play(reels_of({path}, cut), as_fast_as_possible()).heard;
    CHECK(heard.starts.at(0).series.dwell_us == 0.5);
    CHECK(heard.starts.at(0).series.line_us == 10);
    std::vector<std::pair<int, int>> blocks;
    for (const auto& rows : heard.rows) {
        blocks.emplace_back(rows.first_row, rows.row_count);
    }
    CHECK(blocks == std::vector<std::pair<int, int>>{{0, 3}, {3, 1}, {8, 3}, {11, 1}});
    CHECK(heard.rows.back().complete);
    CHECK(heard.frames.at(7)(9, 5) == pixel(7, 9, 5));
}

TEST_CASE("playing begins where one wants", "[play]") {
    const Folder folder;
    const auto path = folder / "session.h5";
    write_recording(path, start_message(kRows, kCols), 4);  // a frame every 3 ms
    auto settings = as_fast_as_possible();
    SECTION("by frame") { settings.from_frame = 2; }
    SECTION("by time") { settings.from_s = 0.0045; }
    const auto heard = play(reels_of({path}), settings).heard;
    CHECK(heard.frames.size() == 2);
    CHECK(heard.frames.begin()->first == 2);
}

TEST_CASE("beyond the end there is nothing to play", "[play]") {
    const Folder folder;
    const auto path = folder / "session.h5";
    write_recording(path, start_message(kRows, kCols), 4);
    FramePublisher publisher("tcp://127.0.0.1:*");
    const volatile bool stop = false;
    PlaySettings settings;
    settings.from_frame = 4;
    CHECK_THROWS_WITH(Player(publisher, reels_of({path}), settings, stop), Contains("4 frames"));
}

TEST_CASE("series follow each other, each with its uuid", "[play]") {
    const Folder folder;
    const auto a = folder / "a.h5", b = folder / "b.h5";
    write_recording(a, start_message(kRows, kCols), 2);
    write_recording(b, start_message(kRows, kCols, PixelType::f32, kOtherUuid), 2);
    const auto heard = play(reels_of({a, b}), as_fast_as_possible(), 2).heard;
    REQUIRE(heard.starts.size() == 2);
    CHECK(heard.starts[0].series.uuid == kUuid);
    CHECK(heard.starts[1].series.uuid == kOtherUuid);
    CHECK(heard.ends.size() == 2);
}

TEST_CASE("a damaged frame is left out, the others are played", "[play]") {
    const Folder folder;
    const auto path = folder / "session.h5";
    {
        RecordingWriter writer(path, "test", false);
        writer.begin_series(start_message(kRows, kCols));
        for (std::uint64_t number = 0; number < 3; ++number) {
            writer.add_frame(
                recorded_frame(number, picture(number, kRows, kCols), 4, kBegin_ns, 1000));
        }
    }
    auto reels = reels_of({path});
    damage(path, picture(1, kRows, kCols));
    const auto played = play(std::move(reels), as_fast_as_possible());
    CHECK(played.damaged == 1);
    CHECK(played.heard.frames.size() == 2);
    CHECK(played.heard.frames.count(1) == 0);
}

TEST_CASE("quantiles of interval errors are right to a sixteenth", "[play]") {
    IntervalErrors errors;
    for (std::int64_t k = 1; k <= 100'000; ++k) {
        errors.add(k % 2 == 0 ? k : -k);
    }
    CHECK(errors.count() == 100'000);
    CHECK(errors.largest_ns() == 100'000);
    CHECK(static_cast<double>(errors.quantile_ns(0.5)) == Approx(50'000).epsilon(1.0 / 16));
    CHECK(static_cast<double>(errors.quantile_ns(0.99)) == Approx(99'000).epsilon(1.0 / 16));
    errors.add(std::numeric_limits<std::int64_t>::max());
    CHECK(errors.quantile_ns(1) == std::uint64_t{std::numeric_limits<std::int64_t>::max()});
}
