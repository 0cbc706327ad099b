// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/simulated_microscope.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <vector>

namespace dwellmap {
namespace {

TEST_CASE(
    "equal seeds give equal frames, whichever frames came before; noise is new in every frame") {
    ScanConfig scan;
    scan.rows_px = 96;
    scan.cols_px = 128;
    scan.drift_walk_nm = 0.02;
    Image one;
    Image two;
    Image three;
    std::vector<TrueColumn> truth;
    SimulatedMicroscope straight({}, scan);
    straight.frame(0, one, truth);
    straight.frame(1, one, truth);
    straight.frame(2, one, truth);
    SimulatedMicroscope({}, scan).frame(2, two, truth);
    CHECK((one == two).all());
    CHECK(one.rows() == 96);
    CHECK(one.cols() == 128);
    straight.frame(3, three, truth);
    CHECK((one != three).any());
    scan.seed = 2;
    SimulatedMicroscope({}, scan).frame(2, two, truth);
    CHECK((one != two).any());
}

TEST_CASE("the series says how the frames were scanned") {
    ScanConfig scan;
    scan.rows_px = 96;
    CrystalConfig crystal;
    crystal.composition = 0.78;
    const auto series = SimulatedMicroscope(crystal, scan).series();
    CHECK(series.rows_px == 96);
    CHECK(series.cols_px == 512);
    CHECK(series.pixel_size_nm == 0.02);
    CHECK(series.line_us == 512 * scan.dwell_us + scan.flyback_us);
    CHECK(series.composition == 0.78);
}

TEST_CASE("frames show the crystal as it is at their time, with skipped frames' changes") {
    ScanConfig scan;
    scan.rows_px = scan.cols_px = 256;
    ChangeConfig changes;
    changes.switches_per_frame = 3;
    SimulatedMicroscope microscope({}, scan, changes);
    Image image;
    std::vector<TrueColumn> before;
    std::vector<TrueColumn> after;
    microscope.frame(0, image, before);
    CHECK(microscope.events().empty());
    microscope.frame(2, image, after);
    REQUIRE(!microscope.events().empty());
    CHECK(microscope.events().back().frame <= 2);
    for (const auto& old : before) {
        const auto now =
            std::find_if(after.begin(), after.end(), [&](const auto& c) { return c.id == old.id; });
        const auto switches = std::count_if(microscope.events().begin(), microscope.events().end(),
                                            [&](const auto& e) { return e.id == old.id; });
        if (now != after.end()) {
            CHECK((now->species != old.species) == (switches % 2 == 1));
        }
    }
}

}  // namespace
}  // namespace dwellmap
