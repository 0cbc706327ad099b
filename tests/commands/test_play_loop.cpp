// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/simulated_output.hpp"
#include "support/folder.hpp"
#include "support/played.hpp"
#include "support/recordings.hpp"

#include <catch2/catch.hpp>

#include <pthread.h>

#include <csignal>
#include <set>
#include <thread>

using namespace dwellmap;
using namespace dwellmap::testing;
using namespace std::chrono_literals;

namespace {

volatile bool stop_requested = false;
extern "C" void request_stop(int /*signal*/) { stop_requested = true; }

PlaySettings looping() {
    auto settings = as_fast_as_possible();
    settings.loop = true;
    return settings;
}

/// What a loop sends until enough(heard), and, stopped then by a signal as dwellmap-play is, until its series has ended.
template <class F>
Heard play_until(std::vector<Reel> reels, const F& enough) {
    stop_requested = false;
    std::signal(SIGUSR1, request_stop);
    FramePublisher publisher("tcp://127.0.0.1:*");
    Listener listener(publisher.endpoint());
    REQUIRE(publisher.wait_for_subscriber(5s));
    Player player(publisher, std::move(reels), looping(), stop_requested);
    std::thread thread([&] { player.run(); });
    Heard heard;
    listener.listen(heard, enough);
    pthread_kill(thread.native_handle(), SIGUSR1);  // the handler runs there: nothing is shared
    listener.listen(heard, [](const Heard& h) { return h.ends.size() == h.starts.size(); });
    thread.join();
    return heard;
}

}  // namespace

TEST_CASE("a loop plays a recording again and again, each time as a new series", "[play]") {
    const Folder folder;
    const auto path = folder / "session.h5";
    write_recording(path, start_message(kRows, kCols), 2);
    const auto heard =
        play_until(reels_of({path}), [](const Heard& h) { return h.ends.size() == 3; });
    REQUIRE(heard.starts.size() >= 3);
    CHECK(heard.starts[0].series.uuid == kUuid);
    std::set<std::string> uuids;
    for (const auto& start : heard.starts) {
        uuids.insert(start.series.uuid);
    }
    CHECK(uuids.size() == heard.starts.size());
    CHECK(std::vector(heard.ends.begin(), heard.ends.begin() + 3) ==
          std::vector<std::string>(3, "done"));
    REQUIRE(heard.frames.size() == 2);  // their numbers begin anew
    for (const auto& [number, image] : heard.frames) {
        CHECK((image == picture(number, kRows, kCols)).all());
    }
}

TEST_CASE("a loop of images is one series without an end, and its frames count on", "[play]") {
    const Folder folder;
    const auto path = folder / "stack.npy";
    {
        NpyStackWriter stack(path, kRows, kCols);
        for (std::uint64_t k = 0; k < 3; ++k) {
            stack.add(picture(k, kRows, kCols));
        }
    }
    const auto heard =
        play_until(reels_of({path}), [](const Heard& h) { return h.frames.size() == 8; });
    REQUIRE(heard.starts.size() == 1);
    CHECK(heard.starts[0].series.expected_frames == 0);
    CHECK(heard.ends == std::vector<std::string>{"aborted"});
    REQUIRE(heard.frames.size() >= 8);
    for (std::uint64_t number = 0; number < 7; ++number) {  // the last may have been cut
        CAPTURE(number);
        REQUIRE(heard.frames.count(number) == 1);
        CHECK((heard.frames.at(number) == picture(number % 3, kRows, kCols)).all());
    }
}

TEST_CASE("a loop of which nothing can be played ends by itself", "[play]") {
    const Folder folder;
    const auto path = folder / "session.h5";
    write_recording(path, start_message(kRows, kCols), 2);
    auto reels = reels_of({path});
    damage(path, picture(0, kRows, kCols));
    damage(path, picture(1, kRows, kCols));
    FramePublisher publisher("tcp://127.0.0.1:*");
    const volatile bool stop = false;
    Player player(publisher, std::move(reels), looping(), stop);
    player.run();
    CHECK(player.damaged() == 2);
}
