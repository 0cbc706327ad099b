// SPDX-License-Identifier: Apache-2.0
#include "app/series_analysis.hpp"

#include "dwellmap/error.hpp"
#include "dwellmap/library_file.hpp"
#include "support/fields.hpp"
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

/// An analyzer's run that sees the complete frames from `first` to `last` of the place. @return its last update
SeriesUpdate watch(testing::Place& place, const Config& config, std::uint64_t first,
                   std::uint64_t last) {
    SeriesAnalysis analysis(config);
    Pipeline pipeline(config, place.series);
    pipeline.set_visit(analysis.visits(place.series->uuid));
    pipeline.resume(analysis.last_visit(place.series->uuid));
    auto result = pipeline.make_result();
    SeriesUpdate update;
    for (std::uint64_t k = first; k <= last; ++k) {
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
    const auto update = watch(place, {}, 0, 1);
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

TEST_CASE("a library outlives the analyzer: the same series goes on, its atoms count once",
          "[series_analysis][resume]") {
    const testing::Folder folder;
    Config config;
    config.library.file = folder / "series.h5";
    testing::Place place({}, small_scan());
    watch(place, config, 0, 2);
    const auto before = read_library(config.library.file);
    REQUIRE(before.fields().size() == 1);
    CHECK(before.fields()[0]->key == place.series->uuid);
    CHECK(before.fields()[0]->frames == 3);
    for (std::uint64_t restart = 1; restart <= 2; ++restart) {
        watch(place, config, 3 * restart, 3 * restart + 2);
        const auto after = read_library(config.library.file);
        REQUIRE(after.fields().size() == 1);
        const auto &was = *before.fields()[0], &is = *after.fields()[0];
        CHECK(is.key == was.key);
        CHECK(is.frames == 3 + 3 * static_cast<std::int64_t>(restart));
        CHECK(is.size() >= was.size());
        CHECK(static_cast<double>(is.size()) < 1.05 * static_cast<double>(was.size()));
        CHECK(std::equal(was.id.begin(), was.id.end(), is.id.begin()));
    }
}

TEST_CASE("what was in the library is not written over by another place",
          "[series_analysis][resume]") {
    const testing::Folder folder;
    Config config;
    config.library.file = folder / "series.h5";
    testing::Place place({}, small_scan());
    watch(place, config, 0, 2);
    const auto before = read_library(config.library.file);
    CrystalConfig crystal;
    crystal.seed = 5;
    testing::Place elsewhere(crystal,
                             small_scan());  // of the same series, as the stage may be moved
    watch(elsewhere, config, 3, 4);
    const auto after = read_library(config.library.file);
    REQUIRE(after.fields().size() == 2);
    CHECK(testing::same(*after.fields()[0], *before.fields()[0]));
    CHECK(after.fields()[1]->key == place.series->uuid + "/1");

    watch(elsewhere, config, 5, 5);  // its last visit goes on
    const auto last = read_library(config.library.file);
    REQUIRE(last.fields().size() == 2);
    CHECK(testing::same(*last.fields()[0], *before.fields()[0]));
    CHECK(last.fields()[1]->frames == 3);
}

TEST_CASE("a library of other neighbourhoods is refused by name", "[series_analysis]") {
    const testing::Folder folder;
    Config config;
    config.library.file = folder / "series.h5";
    testing::Place place({}, small_scan());
    watch(place, config, 0, 0);
    config.statistics.neighbours = 12;
    CHECK_THROWS_WITH(SeriesAnalysis(config),
                      Catch::Contains("series.h5") && Catch::Contains("statistics.neighbours"));
}
