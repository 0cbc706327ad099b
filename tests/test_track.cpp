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
    std::map<std::int64_t, std::int64_t> id_of;  // true column -> id
    int kept = 0, changed = 0;
    Eigen::Vector2d first_shift(0, 0);
    for (std::uint64_t k = 0; k < 6; ++k) {
        const Frame frame = place.frame(k);
        REQUIRE(pipeline.process(frame, result) == FrameStatus::ok);
        const auto c = testing::compare(place.truth, result);
        Eigen::Vector2d shift(0, 0);  // of the truth against the specimen
        for (const auto& m : c.matches) {
            shift += Eigen::Vector2d(m.truth->x_px - m.truth->x_nm / 0.02, m.truth->y_px - m.truth->y_nm / 0.02) / static_cast<double>(c.matches.size());
            const auto [at, fresh] = id_of.try_emplace(m.truth->id, m.atom->id);
            kept += !fresh && at->second == m.atom->id ? 1 : 0;
            changed += !fresh && at->second != m.atom->id ? 1 : 0;
        }
        first_shift = k == 0 ? shift : first_shift;
        CAPTURE(drift_nm, k, result.drift_px, shift - first_shift);
        CHECK((result.drift_px - (shift - first_shift)).norm() < 0.15);  // 3 pm
        CHECK((result.notes & note_drift_lost) == 0);
    }
    CHECK(kept > 3000);
    CHECK(changed == 0);
}

TEST_CASE("a jump by more than a cell is seen by the alloy's contrast", "[track]") {
    ScanConfig scan;
    scan.rows_px = scan.cols_px = 320;
    testing::Place place({}, scan);
    scan.drift_nm = {0.7, 0.2};
    testing::Place moved({}, scan);
    Pipeline pipeline({}, place.series);
    auto result = pipeline.make_result();
    REQUIRE(pipeline.process(place.frame(0), result) == FrameStatus::ok);
    Frame jumped = moved.frame(1);
    jumped.series = place.series;
    REQUIRE(pipeline.process(jumped, result) == FrameStatus::ok);
    CHECK(std::abs(result.drift_px.norm() * 0.02 - std::hypot(0.7, 0.2)) < 0.01);
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
    const auto before = std::max_element(result.atoms.begin(), result.atoms.end(), [](const Atom& a, const Atom& b) { return a.id < b.id; })->id;
    Frame frame = elsewhere.frame(0);
    frame.series = place.series;
    frame.number = 1;
    static_cast<void>(pipeline.process(frame, result));  // the old lattice does not grow here
    frame.number = 2;
    REQUIRE(pipeline.process(frame, result) == FrameStatus::ok);
    CHECK((result.notes & note_drift_lost) != 0);
    CHECK(std::all_of(result.atoms.begin(), result.atoms.end(), [&](const Atom& a) { return a.id > before; }));
}
