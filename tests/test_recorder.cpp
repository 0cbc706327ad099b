// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/error.hpp"
#include "dwellmap/recorder.hpp"
#include "dwellmap/recording_reader.hpp"
#include "support/folder.hpp"
#include "support/stream.hpp"

#include <catch2/catch.hpp>

#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <stdexcept>
#include <thread>

using namespace dwellmap;
using namespace dwellmap::testing;
using Catch::Matchers::Contains;
using State = RecordingStatus::State;

namespace {

constexpr int kRows = 8, kCols = 16;
constexpr std::int64_t kSecond_ns = 1'000'000'000;

std::int64_t now_ns() {
    return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

/// A sender and the receiver's thread in one: messages go through their bytes.
struct Stream {
    Recorder& recorder;
    std::uint64_t session = 1, seq = 0;
    std::int64_t now = now_ns();

    template <class Message>
    void send(const Message& message) {
        auto owner =
            std::make_shared<const std::vector<std::byte>>(encode(message, Stamp{session, seq++}));
        const Bytes bytes = *owner;
        const auto decoded = decode_frame_message(bytes);
        if (decoded.reason != RejectReason::none) {
            throw std::logic_error(std::string(to_string(decoded.reason)));
        }
        recorder.message({std::move(owner), bytes}, decoded, now);
    }

    void start(const std::string& uuid = kUuid, int rows = kRows, int cols = kCols) {
        send(start_message(rows, cols, PixelType::f32, uuid));
    }

    void rows(std::uint64_t frame, int first, int count, const std::string& uuid = kUuid,
              int all_rows = kRows, int cols = kCols) {
        const auto values = pixels(frame, first, count, cols);
        auto m = rows_message(frame, all_rows, cols, first, count, values);
        m.uuid = uuid;
        send(m);
    }

    void frame(std::uint64_t number, const std::string& uuid = kUuid) {
        rows(number, 0, kRows / 2, uuid);
        rows(number, kRows / 2, kRows / 2, uuid);
    }

    void end(const std::string& uuid = kUuid) {
        EndMessage m;
        m.uuid = uuid;
        m.reason = "done";
        m.frames_sent = 7;
        send(m);
    }
};

RecordingConfig config(const Folder& folder) {
    RecordingConfig c;
    c.folder = folder / "";
    return c;
}

std::vector<std::uint64_t> numbers(const RecordedSeries& series) {
    std::vector<std::uint64_t> all;
    for (const auto& frame : series.index) {
        all.push_back(frame.number);
    }
    return all;
}

using Numbers = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE(
    "a recording has the frames as they came, each closed by its last block or the next one") {
    const Folder folder;
    Recorder recorder(config(folder));
    Stream stream{recorder};
    REQUIRE(recorder.start("a.h5").state == State::recording);
    stream.rows(0, 0, 4);  // before any start: of nothing we know
    stream.start();
    stream.frame(0);
    stream.start();        // repeated
    stream.rows(1, 4, 4);  // out of order
    stream.rows(1, 0, 4);
    stream.rows(1, 0, 4);  // its frame is closed
    stream.rows(2, 0, 2);  // the rest never comes
    stream.rows(4, 4, 4);
    stream.rows(3, 0, 8);  // too late
    stream.rows(4, 0, 8, kOtherUuid);
    stream.rows(4, 3, 1);
    stream.end();
    stream.end();
    stream.frame(5);  // after the end
    const auto status = recorder.stop();
    CHECK(status.state == State::off);
    CHECK(status.frames == 4);
    CHECK(status.blocks_dropped == 0);

    const RecordingReader reader(folder / "a.h5");
    REQUIRE(reader.series().size() == 1);
    const auto& s = reader.series()[0];
    CHECK(numbers(s) == Numbers{0, 1, 2, 4});
    CHECK(s.end_reason == "done");
    CHECK(s.index[2].rows_valid == 2);
    CHECK(s.index[2].complete == 0);
    CHECK(s.index[3].rows_valid == 5);
    CHECK(s.blocks.at(2).first_row == 4);
    CHECK(s.blocks.at(2).received_ns == stream.now);
    RecordedImage image;
    reader.read(0, 1, image);
    const auto expected = pixels(1, 0, kRows, kCols);
    const auto bytes = std::as_bytes(std::span(expected));
    CHECK(std::equal(image.pixels.begin(), image.pixels.end(), bytes.begin(), bytes.end()));
}

TEST_CASE("another series, and another run of the sender, begin another group") {
    const Folder folder;
    Recorder recorder(config(folder));
    Stream stream{recorder};
    recorder.start("a.h5");
    stream.start();
    stream.frame(0);
    stream.start(kOtherUuid);
    stream.frame(0, kOtherUuid);
    stream.frame(1);  // of the series before
    ++stream.session;
    stream.frame(2, kOtherUuid);  // of a run that has not begun
    stream.start(kOtherUuid);
    stream.frame(1, kOtherUuid);
    recorder.stop();

    const RecordingReader reader(folder / "a.h5");
    REQUIRE(reader.series().size() == 3);
    CHECK(reader.series()[0].end_reason == "superseded");
    CHECK(reader.series()[2].end_reason.empty());
    CHECK(numbers(reader.series()[0]) == Numbers{0});
    CHECK(numbers(reader.series()[1]) == Numbers{0});
    CHECK(numbers(reader.series()[2]) == Numbers{1});
}

TEST_CASE("what came shortly before the command is recorded, without the frame that is cut") {
    const Folder folder;
    auto c = config(folder);
    c.before_s = 10;
    Recorder recorder(c);
    Stream stream{recorder};
    stream.now -= 30 * kSecond_ns;
    stream.start();
    stream.frame(0);
    stream.rows(1, 0, 4);
    stream.now += 29 * kSecond_ns;
    recorder.series_analysed(kUuid, "settings");
    stream.rows(1, 4, 4);
    stream.frame(2);
    recorder.result(kUuid, 2, 17, 99);
    recorder.start("a.h5");
    stream.frame(3);
    recorder.stop();

    const auto s = RecordingReader(folder / "a.h5").series().at(0);
    CHECK(numbers(s) == Numbers{2, 3});
    CHECK(s.blocks.at(0).frame == 0);
    REQUIRE(s.results.size() == 1);
    CHECK(s.results[0].position == 17);
    CHECK(s.parameters == "settings");
}

TEST_CASE(
    "a ring without room still knows the series, and a frame cut by the command is left out") {
    const Folder folder;
    auto c = config(folder);
    c.before_mib = 0;
    Recorder recorder(c);
    Stream stream{recorder};
    stream.start();
    stream.frame(0);
    stream.rows(1, 0, 4);
    recorder.start("a.h5");
    stream.rows(1, 4, 4);
    stream.frame(2);
    stream.rows(3, 0, 4);
    recorder.stop();
    stream.rows(3, 4, 4);
    recorder.start("b.h5");
    stream.frame(4);
    recorder.stop();
    CHECK(numbers(RecordingReader(folder / "a.h5").series().at(0)) == Numbers{2, 3});
    CHECK(numbers(RecordingReader(folder / "b.h5").series().at(0)) == Numbers{4});
}

TEST_CASE("a block that the queue has no room for is left out, counted and marked in its frame") {
    const Folder folder;
    auto c = config(folder);
    c.queue_mib = 1;
    Recorder recorder(c);
    Stream stream{recorder};
    recorder.start("a.h5");
    const int rows = 1100, cols = 256;  // 1 KiB a row
    stream.start(kUuid, rows, cols);
    stream.rows(0, 0, 4, kUuid, rows, cols);
    stream.rows(0, 4, 1090, kUuid, rows, cols);  // more than the queue ever holds
    stream.rows(0, 1094, 6, kUuid, rows, cols);
    const auto status = recorder.stop();
    CHECK(status.blocks_dropped == 1);

    const RecordingReader reader(folder / "a.h5");
    const auto& entry = reader.series().at(0).index.at(0);
    CHECK(entry.blocks_lost == 1);
    CHECK(entry.rows_valid == 10);
    CHECK(entry.block_count == 2);
    RecordedImage image;
    reader.read(0, 0, image);
    CHECK(image.row_valid[3] == 1);
    CHECK(image.row_valid[4] == 0);
    CHECK(image.row_valid[1093] == 0);
    CHECK(image.row_valid[1094] == 1);
}

TEST_CASE("a disk that takes no more ends the recording, not the program") {
    const Folder folder;
    Recorder recorder(config(folder));
    Stream stream{recorder};
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
        Stream stream{recorder};
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
        Stream stream{recorder};
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
