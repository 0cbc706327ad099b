// SPDX-License-Identifier: Apache-2.0
#include "app/analysis.hpp"

#include "dwellmap/library_file.hpp"
#include "dwellmap/recording_reader.hpp"
#include "support/folder.hpp"
#include "support/frames.hpp"
#include "support/stream.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <utility>

using namespace dwellmap;

namespace {

/// Complete frames, one after the other.
class Frames : public FrameSource {
public:
    Frames(testing::Place& place, std::uint64_t first, std::uint64_t last)
        : place_(place), next_(first), last_(last) {}

    std::function<void()> before_last = [] {};
    Recorder* recorder = nullptr;  // gets the frames too

    Event next(Frame& into) override {
        if (next_ > last_) {
            return Event::end;
        }
        if (next_ == last_) {
            before_last();
        }
        into = place_.frame(next_++);
        if (recorder != nullptr) {
            record(into);
        }
        return Event::frame;
    }
    Counters counters() const override { return {}; }
    StreamState state() const override { return StreamState::live; }

private:
    void record(const Frame& frame) {
        if (sent_ == 0) {
            StartMessage start;
            start.series = *frame.series;
            send(start);
        }
        const auto size = static_cast<int>(frame.counts.rows());
        const std::vector<float> counts(frame.counts.data(),
                                        frame.counts.data() + frame.counts.size());
        send(testing::rows_message(frame.number, size, size, 0, size, counts));
    }
    template <class Message>
    void send(const Message& message) {
        auto bytes =
            std::make_shared<const std::vector<std::byte>>(encode(message, Stamp{1, sent_++}));
        recorder->message({bytes, *bytes}, decode_frame_message(*bytes), 0);
    }

    testing::Place& place_;
    std::uint64_t next_, last_, sent_ = 0;
};

testing::Place small_place() {
    ScanConfig scan;
    scan.rows_px = scan.cols_px = 256;
    scan.drift_nm = {0.01, 0.02};
    testing::Place place({}, scan);
    auto series = std::make_shared<Series>(*place.series);
    series->uuid = testing::kUuid;
    place.series = series;
    return place;
}

/// An analyzer from its start to its end. @param reset before the last frame
void analyse(const Config& config, testing::Place& place, std::uint64_t first, std::uint64_t last,
             bool reset = false) {
    const Sinks nobody;
    Frames frames(place, first, last);
    Analysis analysis(config, frames, nobody, nullptr);
    if (reset) {
        frames.before_last = [&] { analysis.reset(); };
    }
    analysis.run(false, 0);
}

}  // namespace

TEST_CASE("an analyzer that is started again goes on with the series", "[analysis][resume]") {
    const testing::Folder folder;
    Config config;
    config.library.file = folder / "series.h5";
    auto place = small_place();
    analyse(config, place, 0, 2);
    const auto before = read_library(config.library.file).fields();
    REQUIRE(before.size() == 1);
    analyse(config, place, 9, 11);
    const auto after = read_library(config.library.file).fields();
    REQUIRE(after.size() == 1);
    CHECK(after[0]->key == before[0]->key);
    CHECK(after[0]->frames == 6);
    CHECK(static_cast<double>(after[0]->size()) < 1.1 * static_cast<double>(before[0]->size()));
}

TEST_CASE("an analysis that is begun anew leaves nothing of what it had gone on from",
          "[analysis][resume]") {
    const testing::Folder folder;
    Config config;
    config.library.file = folder / "series.h5";
    auto place = small_place();
    analyse(config, place, 0, 2);
    analyse(config, place, 3, 5, true);
    const auto fields = read_library(config.library.file).fields();
    REQUIRE(fields.size() == 1);
    CHECK(fields[0]->key == place.series->uuid);
    CHECK(fields[0]->frames == 1);
}

TEST_CASE("a recording tells what the analysis had gone on from, as it can't be repeated without",
          "[analysis][resume]") {
    const testing::Folder folder;
    Config config;
    config.library.file = folder / "series.h5";
    auto place = small_place();
    analyse(config, place, 0, 2);
    Recorder recorder(config.recording);
    recorder.start(folder / "session.h5");
    Frames frames(place, 3, 4);
    frames.recorder = &recorder;
    const Sinks nobody;
    Analysis(config, frames, nobody, &recorder).run(false, 0);
    recorder.stop();
    const auto results = RecordingReader(folder / "session.h5").series().at(0).results;
    REQUIRE(results.size() == 2);
    CHECK(results[0].position == 3);
    CHECK(results[1].position == 4);
}
