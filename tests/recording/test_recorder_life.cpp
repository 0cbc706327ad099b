// SPDX-License-Identifier: Apache-2.0
// How recordings begin and end: by the operator, a full disk, the end of the program, with all threads at work.
#include "support/recorder_stream.hpp"

#include <catch2/catch.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <thread>

using namespace dwellmap;
using namespace dwellmap::testing;
using Catch::Matchers::Contains;
using State = RecordingStatus::State;

TEST_CASE("a disk that takes no more ends the recording, not the program") {
    const Folder folder;
    Recorder recorder(config(folder));
    RecorderStream stream{recorder};
    recorder.start("full.h5");
    stream.start();
    stream.frame(0);
    while (recorder.status().frames == 0) {
        std::this_thread::yield();
    }
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    getrlimit(RLIMIT_FSIZE, &before);
    rlimit limit = before;
    limit.rlim_cur = 16384;
    setrlimit(RLIMIT_FSIZE, &limit);
    for (std::uint64_t k = 1; recorder.status().state == State::recording; ++k) {
        stream.frame(k);
    }
    setrlimit(RLIMIT_FSIZE, &before);
    const auto status = recorder.status();
    CHECK(status.state == State::failed);
    CHECK_THAT(status.error, Contains("full.h5") && Contains("File too large"));
    CHECK_THROWS_WITH(recorder.stop(), Contains("nothing is being recorded"));
    std::filesystem::copy_file(folder / "full.h5",
                               folder / "kept.h5");  // as another program sees it
    const RecordingReader reader(folder / "kept.h5");
    REQUIRE(reader.series().at(0).index.size() >= 1);
    RecordedImage image;
    reader.read(0, reader.series()[0].index.size() - 1, image);
    CHECK(image.pixels.size() == kRows * kCols * sizeof(float));

    recorder.start("next.h5");
    stream.frame(100'000);
    CHECK(recorder.stop().frames >= 1);
}

TEST_CASE("start and stop say what is wrong, and draw a name") {
    const Folder folder;
    Recorder recorder(config(folder));
    CHECK_THROWS_WITH(recorder.stop(), Contains("nothing is being recorded"));
    const auto first = recorder.start();
    CHECK_THAT(first.file, Contains(folder / "dwellmap-") && Catch::Matchers::EndsWith("Z.h5"));
    CHECK_THROWS_WITH(recorder.start(), Contains("runs already") && Contains(first.file));
    recorder.stop();
    CHECK_THROWS_WITH(recorder.start(first.file), Contains("never overwritten"));
    const auto second = recorder.start();  // perhaps in the same second
    CHECK(second.file != first.file);
}

TEST_CASE("a recorder that goes closes its file whole") {
    const Folder folder;
    {
        Recorder recorder(config(folder));
        RecorderStream stream{recorder};
        recorder.start("a.h5");
        stream.start();
        for (std::uint64_t k = 0; k < 50; ++k) {
            stream.frame(k);
        }
        stream.rows(50, 0, 4);
    }
    const RecordingReader reader(folder / "a.h5");
    CHECK(reader.closed());
    CHECK(reader.series().at(0).index.size() == 51);
}

TEST_CASE("receiver, analysis and operator use a recorder at the same time") {
    const Folder folder;
    Recorder recorder(config(folder));
    std::atomic<bool> done = false;
    const auto wait_for_disk = [&] {
        do {
            std::this_thread::yield();
        } while (recorder.status().queued_bytes > 100'000);
    };
    std::thread analysis([&] {
        recorder.series_analysed(kUuid, "settings");
        for (std::uint64_t k = 0; !done; ++k) {
            recorder.result(kUuid, k, k, k);
            wait_for_disk();
        }
    });
    std::thread receiver([&] {
        RecorderStream stream{recorder};
        stream.start();
        for (std::uint64_t k = 0; !done; ++k) {
            stream.now = now_ns();
            stream.frame(k);
            recorder.counters({});
            wait_for_disk();
        }
    });
    std::uint64_t recorded = 0;
    for (int k = 0; k < 5; ++k) {
        const auto file = recorder.start().file;
        while (recorder.status().frames < 3) {
            std::this_thread::yield();
        }
        const auto frames = recorder.stop().frames;
        recorded += frames;
        const auto index = RecordingReader(file).series().at(0).index;
        CHECK(index.size() == frames);
        CHECK(std::all_of(index.begin(),
                          index.end() - 1,  // stop() may come in the middle of a frame
                          [](const RecordedFrame& f) { return f.complete == 1; }));
    }
    done = true;
    analysis.join();
    receiver.join();
    CHECK(recorded >= 15);
}
