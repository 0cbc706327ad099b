// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/analysis.hpp"

#include "dwellmap/library_file.hpp"
#include "support/folder.hpp"
#include "support/frames.hpp"

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

    Event next(Frame& into) override {
        if (next_ > last_) {
            return Event::end;
        }
        if (next_ == last_) {
            before_last();
        }
        into = place_.frame(next_++);
        return Event::frame;
    }
    Counters counters() const override { return {}; }
    StreamState state() const override { return StreamState::live; }

private:
    testing::Place& place_;
    std::uint64_t next_, last_;
};

testing::Place small_place() {
    ScanConfig scan;
    scan.rows_px = scan.cols_px = 256;
    scan.drift_nm = {0.01, 0.02};
    return {{}, scan};
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
