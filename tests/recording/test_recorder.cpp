// SPDX-License-Identifier: Apache-2.0
// Which of what a recorder is given is in the file.
#include "support/recorder_stream.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <span>

using namespace dwellmap;
using namespace dwellmap::testing;
using State = RecordingStatus::State;
using Numbers = std::vector<std::uint64_t>;

TEST_CASE(
    "a recording has the frames as they came, each closed by its last block or the next one") {
    const Folder folder;
    Recorder recorder(config(folder));
    RecorderStream stream{recorder};
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
    RecorderStream stream{recorder};
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
    RecorderStream stream{recorder};
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
    RecorderStream stream{recorder};
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
    RecorderStream stream{recorder};
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
