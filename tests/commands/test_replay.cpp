// SPDX-License-Identifier: Apache-2.0
#include "commands/analyze_image.hpp"
#include "commands/replay.hpp"
#include "dwellmap/pipeline.hpp"
#include "dwellmap/result_hash.hpp"
#include "support/allocations.hpp"
#include "support/folder.hpp"
#include "support/frames.hpp"
#include "support/recordings.hpp"
#include "support/results.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <functional>

using namespace dwellmap;
using namespace dwellmap::testing;
using Catch::Matchers::Contains;

namespace {

constexpr int kSize_px = 160;
constexpr const char* kSoftware = "dwellmap " DWELLMAP_VERSION;

/// A live run over a simulated place: frames come in parts, one has lost rows, one has nothing on it, one is never analysed.
class LiveRun {
public:
    explicit LiveRun(const Config& config)
        : config_(config), place_(CrystalConfig{}, scan()), pipeline_(config, place_.series) {
        result_ = pipeline_.make_result();
    }

    void record(const std::string& path, std::vector<RecordedResult> results) {
        RecordingWriter writer(path, kSoftware, false);
        StartMessage start;
        start.series = *place_.series;
        start.series.uuid = kUuid;
        writer.begin_series(start);
        writer.begin_analysis(kUuid, describe(config_), kSoftware);
        for (const auto& frame : frames_) {
            writer.add_frame(frame);
        }
        for (const auto& result : results) {
            writer.add_result(kUuid, result);
        }
    }

    std::vector<RecordedResult> run() {
        std::vector<RecordedResult> results;
        for (std::uint64_t number = 0; number < 6; ++number) {
            const Frame frame = take(number);
            if (number == 4) {
                continue;  // overwritten by the next before its turn
            }
            const auto status = analyse(frame);
            results.push_back(
                {number, results.size(), status == FrameStatus::ok ? result_hash(result_) : 0});
        }
        return results;
    }

private:
    static ScanConfig scan() {
        ScanConfig s;
        s.rows_px = s.cols_px = kSize_px;
        s.drift_nm = {0.02, 0};
        return s;
    }

    Frame take(std::uint64_t number) {
        Frame frame = place_.frame(number);
        if (number == 3) {
            frame.counts.setConstant(7);
        }
        auto recorded = recorded_frame(number, frame.counts, 8, kBegin_ns, 1000);
        if (number == 2) {
            lose_rows(recorded, 64, 8);
            frame.counts.middleRows(64, 8).setZero();
            std::fill_n(frame.row_valid.begin() + 64, 8, std::uint8_t{0});
            frame.rows_valid -= 8;
        }
        frames_.push_back(recorded);
        return frame;
    }

    FrameStatus analyse(const Frame& frame) {
        for (const int rows : {40, 64, 120}) {
            (void)pipeline_.process(first_rows(frame, std::min(rows, frame.rows_valid)), result_);
        }
        return pipeline_.process(frame, result_);
    }

    Config config_;
    Place place_;
    Pipeline pipeline_;
    FrameResult result_;
    std::vector<MergedFrame> frames_;
};

ImageOutput analyse_file(const std::string& path, const AnalyzeOptions& options = {}) {
    AnalyzeOptions o = options;
    o.images = {path};
    const auto jobs = find_jobs(o, configure(o));
    REQUIRE(jobs.size() == 1);
    return analyse_image(o, jobs[0], std::numeric_limits<double>::quiet_NaN(), 0, nullptr);
}

Config unusual_config() {
    Config config = load_config("", {"refine.passes=3", "specimen.composition=0.1"});
    config.find.threshold = 0.1 + 0.2;  // 17 digits
    config.filter.fwhm_nm = 0.1 / 3;
    return config;
}

}  // namespace

TEST_CASE("the hash of a result changes with everything in it but the times", "[replay]") {
    const auto change = GENERATE(values<std::function<void(FrameResult&)>>({
        [](FrameResult& r) { r.frame_number++; },
        [](FrameResult& r) { r.atoms[3].x_px = std::nextafter(r.atoms[3].x_px, 0.0F); },
        [](FrameResult& r) { r.atoms[3].flags ^= 1; },
        [](FrameResult& r) { std::swap(r.atoms[1], r.atoms[2]); },
        [](FrameResult& r) { r.atoms.pop_back(); },
        [](FrameResult& r) { r.scores[0].zigzag[2] += 1; },
        [](FrameResult& r) {  // two signs: they must not cancel
            r.scores[0].pca[1] = -r.scores[0].pca[1];
            r.scores[0].pca[3] = -r.scores[0].pca[3];
        },
        [](FrameResult& r) { r.lattice.a_px *= 1 + 1e-15; },
        [](FrameResult& r) { r.drift_px.y() += 1e-12; },
        [](FrameResult& r) {
            r.row_shifts.push_back({1, 2, 3, 4});
        },
        [](FrameResult& r) { r.species.clusters[1]++; },
        [](FrameResult& r) { r.species_names[1].assign(1, 'W'); },
        [](FrameResult& r) { r.modes[0].loadings(3, 1) += 1e-12; },
        [](FrameResult& r) { r.modes[0].name[0] = ModeName::shear; },
        [](FrameResult& r) { r.maps[1].sigma(2, 4) += 1; },
        [](FrameResult& r) { r.notes ^= note_rows_lost; },
    }));
    const FrameResult before = result(8);
    FrameResult after = before;
    change(after);
    CHECK(result_hash(after) != result_hash(before));
}

TEST_CASE("neither times nor the kind of a NaN are in the hash", "[replay]") {
    FrameResult a = result(8), b = a;
    b.time_us.fill(3);
    b.latency_us = 9;
    b.last_row_ns = 7;
    a.atoms[0].p_second = kNaN;
    b.atoms[0].p_second = -kNaN;
    CHECK(result_hash(a) == result_hash(b));
    CHECK(allocations_in([&] { result_hash(a); }) == 0);
}

TEST_CASE("a recording of a live run is analysed to the same bits", "[replay]") {
    const Folder folder;
    const auto path = folder / "session.h5";
    const Config config = GENERATE(Config{}, unusual_config());
    LiveRun live(config);
    const auto results = live.run();
    REQUIRE(results.size() == 5);
    CHECK(results[3].hash == 0);
    live.record(path, results);
    const auto output = analyse_file(path);
    CHECK_THAT(output.replay.text(), Contains("results of 5 of 5 frames are those of the live "
                                              "run, bit for bit"));
    CHECK_FALSE(output.replay.differs());
    CHECK(output.errors.empty());
    CHECK(output.replay.json()["same"] == 5);
}

TEST_CASE("the first frame that differs is named, with the likely reason", "[replay]") {
    const Folder folder;
    const auto path = folder / "session.h5";
    LiveRun live{Config{}};
    auto results = live.run();
    results[2].hash ^= 1;
    live.record(path, results);
    const auto output = analyse_file(path);
    CHECK(output.replay.differs());
    CHECK_THAT(output.replay.text(), Contains("4 of 5 frames") &&
                                         Contains("frame 2 differs first") &&
                                         Contains("machine or build"));
    CHECK(output.replay.json()["first_difference"] == 2);
}

TEST_CASE("other settings are not compared, and it is said so", "[replay]") {
    const Folder folder;
    const auto path = folder / "session.h5";
    LiveRun live{Config{}};
    live.record(path, live.run());
    AnalyzeOptions options;
    options.overrides = {"refine.passes=5"};
    const auto output = analyse_file(path, options);
    CHECK_THAT(output.replay.text(), Contains("cannot be compared") && Contains("--set"));
    CHECK_FALSE(output.replay.differs());
    REQUIRE(output.image);
    CHECK(output.image->frames.size() == 5);  // all but the one with nothing on it
}

TEST_CASE("what cannot be compared says why", "[replay]") {
    RecordedSeries s;
    for (std::uint64_t number = 0; number < 4; ++number) {
        RecordedFrame f;
        f.number = number;
        s.index.push_back(f);
        s.results.push_back({number, number, 17});
    }
    REQUIRE(Replay(s).steps().size() == 4);
    SECTION("it began before the recording") {
        s.results.erase(s.results.begin());
        CHECK_THAT(Replay(s).text(), Contains("had seen 1 frame"));
    }
    SECTION("a frame was not recorded") {
        s.index.erase(s.index.begin() + 2);
        CHECK_THAT(Replay(s).text(), Contains("frame 2") && Contains("is not in the recording"));
    }
    SECTION("a result was not recorded") {
        s.results.erase(s.results.begin() + 2);
        CHECK_THAT(Replay(s).text(), Contains("before frame 3 is missing"));
    }
    SECTION("rows were left out by the recorder") {
        s.index[1].blocks_lost = 2;
        CHECK_THAT(Replay(s).text(), Contains("rows of frame 1"));
    }
    CHECK(Replay(s).steps().empty());
}

TEST_CASE("a live analysis that was begun anew is repeated so", "[replay]") {
    RecordedSeries s;
    for (std::uint64_t number = 0; number < 3; ++number) {
        RecordedFrame f;
        f.number = number;
        s.index.push_back(f);
        s.results.push_back({number, number % 2, 17});
    }
    const auto steps = Replay(s).steps();
    REQUIRE(steps.size() == 3);
    CHECK(steps[0].begins);
    CHECK_FALSE(steps[1].begins);
    CHECK(steps[2].begins);
}
