// SPDX-License-Identifier: Apache-2.0
#include "support/frames.hpp"

#include <catch2/catch.hpp>

#include <map>

using namespace dwellmap;

TEST_CASE("drift is followed and columns keep their ids", "[track]") {
    const double drift_nm = GENERATE(0.03, 0.12);
    CrystalConfig crystal;
    ScanConfig scan;
    scan.rows_px = scan.cols_px = 320;
    scan.drift_nm = {drift_nm, -0.4 * drift_nm};
    testing::Place place(crystal, scan);
    Pipeline pipeline({}, place.series);
    auto result = pipeline.make_result();
    std::map<std::int64_t, std::int64_t> id_of;           // true column -> id
    std::map<std::int64_t, Eigen::Vector2d> first_place;  // in frame 0
    int kept = 0, changed = 0;
    for (std::uint64_t k = 0; k < 6; ++k) {
        const Frame frame = place.frame(k);
        REQUIRE(pipeline.process(frame, result) == FrameStatus::ok);
        const auto c = testing::compare(place.truth, result);
        Eigen::Vector2d shift(0, 0);  // true, of the columns that frame 0 showed too
        double n = 0;
        for (const auto& m : c.matches) {
            const Eigen::Vector2d now(m.truth->x_px, m.truth->y_px);
            if (k == 0) {
                first_place[m.truth->id] = now;
            }
            if (const auto first = first_place.find(m.truth->id); first != first_place.end()) {
                shift += now - first->second;
                ++n;
            }
            const auto [at, fresh] = id_of.try_emplace(m.truth->id, m.atom->id);
            kept += !fresh && at->second == m.atom->id ? 1 : 0;
            changed += !fresh && at->second != m.atom->id ? 1 : 0;
        }
        CAPTURE(drift_nm, k, result.drift_px, shift / n);
        CHECK((result.drift_px - shift / n).norm() < 0.15);  // 3 pm
        CHECK((result.notes & note_drift_lost) == 0);
    }
    CHECK(kept > 3000);
    CHECK(changed == 0);
}

TEST_CASE("a jump by more than a cell is seen by the alloy's contrast", "[track]") {
    ScanConfig scan;
    scan.rows_px = scan.cols_px = 370;
    testing::Place place({}, scan);
    auto series = std::make_shared<Series>(*place.series);
    series->rows_px = series->cols_px = 320;
    Pipeline pipeline({}, series);
    auto result = pipeline.make_result();
    const auto window = [&](std::uint64_t number, int x, int y) {
        Frame frame = place.frame(number);
        frame.series = series;
        frame.counts = Image(frame.counts.block(y, x, 320, 320));
        frame.row_valid.resize(320);
        frame.rows_valid = 320;
        return frame;
    };
    REQUIRE(pipeline.process(window(0, 45, 10), result) == FrameStatus::ok);
    REQUIRE(pipeline.process(window(1, 10, 20), result) ==
            FrameStatus::ok);  // 0.7 nm along x, -0.2 nm along y
    CHECK((result.drift_px - Eigen::Vector2d(35, -10)).norm() < 0.3);
}

TEST_CASE("another place is noticed: ids start anew", "[track]") {
    ScanConfig scan;
    scan.rows_px = scan.cols_px = 320;
    testing::Place place({}, scan);
    CrystalConfig other;
    other.angle_rad = 0.6;
    testing::Place elsewhere(other, scan);
    Pipeline pipeline({}, place.series);
    auto result = pipeline.make_result();
    REQUIRE(pipeline.process(place.frame(0), result) == FrameStatus::ok);
    const auto before = std::max_element(result.atoms.begin(), result.atoms.end(),
                                         [](const Atom& a, const Atom& b) { return a.id < b.id; })
                            ->id;
    Frame frame = elsewhere.frame(0);
    frame.series = place.series;
    frame.number = 1;
    static_cast<void>(pipeline.process(frame, result));  // the old lattice does not grow here
    frame.number = 2;
    REQUIRE(pipeline.process(frame, result) == FrameStatus::ok);
    CHECK((result.notes & note_drift_lost) != 0);
    CHECK(std::all_of(result.atoms.begin(), result.atoms.end(),
                      [&](const Atom& a) { return a.id > before; }));
}
