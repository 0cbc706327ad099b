// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/series_analysis.hpp"

#include "dwellmap/error.hpp"
#include "dwellmap/library_file.hpp"
#include "support/folder.hpp"
#include "support/frames.hpp"

#include <nlohmann/json.hpp>

#include <catch2/catch.hpp>

using namespace dwellmap;

namespace {

ScanConfig small_scan() {
    ScanConfig scan;
    scan.rows_px = scan.cols_px = 256;
    return scan;
}

/// An analyzer's run: `frames` complete frames of the place. @return its last update
SeriesUpdate watch(testing::Place& place, const Config& config, std::uint64_t frames) {
    SeriesAnalysis analysis(config);
    Pipeline pipeline(config, place.series);
    pipeline.set_visit(analysis.visits(place.series->uuid));
    auto result = pipeline.make_result();
    SeriesUpdate update;
    for (std::uint64_t k = 0; k < frames; ++k) {
        const Frame frame = place.frame(k);
        REQUIRE(pipeline.process(frame, result) == FrameStatus::ok);
        update = analysis.run(pipeline, frame, result);
    }
    return update;
}

}  // namespace

TEST_CASE("every complete frame renews the statistics of the series and the views of its field",
          "[series_analysis]") {
    testing::Place place({}, small_scan());
    const auto update = watch(place, {}, 2);
    CHECK(update.uuid == place.series->uuid);
    CHECK(update.frame == 1);
    const auto j = nlohmann::json::parse(update.json);
    CHECK(j["unit"] == "nm");
    CHECK(j["statistics"]["fields"].size() == 1);
    CHECK(j["statistics"]["fields"][0]["frames"] == 2);
    CHECK(j["statistics"]["pca"].size() == 2);
    CHECK(j["views"]["neighbour_histogram"]["cations"] == j["statistics"]["fields"][0]["atoms"]);
    CHECK(j["views"]["fourier"]["peaks"].size() == 3);
    CHECK(j["densities"].size() == 2);
}

TEST_CASE("a library outlives the analyzer, and what was there is not written over",
          "[series_analysis]") {
    const testing::Folder folder;
    Config config;
    config.library.file = folder / "series.h5";
    testing::Place place({}, small_scan());
    watch(place, config, 3);
    const auto before = read_library(config.library.file);
    REQUIRE(before.fields().size() == 1);
    CHECK(before.fields()[0]->key == place.series->uuid);
    CHECK(before.fields()[0]->frames == 3);
    watch(place, config, 1);  // the same series goes on after a restart
    const auto after = read_library(config.library.file);
    REQUIRE(after.fields().size() == 2);
    CHECK(after.fields()[0]->frames == 3);
    CHECK(after.fields()[1]->key == place.series->uuid + "/1");
}

TEST_CASE("a library of other neighbourhoods is refused by name", "[series_analysis]") {
    const testing::Folder folder;
    Config config;
    config.library.file = folder / "series.h5";
    testing::Place place({}, small_scan());
    watch(place, config, 1);
    config.statistics.neighbours = 12;
    CHECK_THROWS_WITH(SeriesAnalysis(config),
                      Catch::Contains("series.h5") && Catch::Contains("statistics.neighbours"));
}
