// SPDX-License-Identifier: Apache-2.0
#include "support/frames.hpp"

#include <catch2/catch.hpp>

#include <map>

using namespace dwellmap;

namespace {

ScanConfig scan_of(int size_px) {
    ScanConfig scan;
    scan.rows_px = scan.cols_px = size_px;
    scan.row_jitter_nm = 0;
    return scan;
}

/// Follows a drifting place; every column in the interior has to be there in every frame, under its first name.
void check_ids(int size_px, std::uint64_t frames) {
    ScanConfig scan = scan_of(size_px);
    scan.row_jitter_nm = 0.002;
    scan.drift_nm = {0.004, -0.003};  // 0.5 nm in 100 frames
    testing::Place place({}, scan);
    Pipeline pipeline({}, place.series);
    auto result = pipeline.make_result();
    std::map<std::int64_t, std::int64_t> id_of, column_of;
    int seen = 0, missed = 0, changed = 0, shared = 0;
    for (std::uint64_t k = 0; k < frames; ++k) {
        REQUIRE(pipeline.process(place.frame(k), result) == FrameStatus::ok);
        CHECK((result.notes & note_drift_lost) == 0);
        const auto c = testing::compare(place.truth, result);
        missed += c.missed;
        for (const auto& m : c.matches) {
            ++seen;
            changed += id_of.try_emplace(m.truth->id, m.atom->id).first->second != m.atom->id;
            shared += column_of.try_emplace(m.atom->id, m.truth->id).first->second != m.truth->id;
        }
    }
    CAPTURE(seen, missed, changed, shared);
    CHECK(static_cast<std::uint64_t>(seen) > 150 * frames);
    CHECK(missed == 0);
    CHECK(changed == 0);
    CHECK(shared == 0);
}

struct Coverage {
    int within = 0, all = 0;

    void add(const testing::Match& m) {
        within += std::abs(m.atom->x_px - m.truth->x_px) < m.atom->se_x_px ? 1 : 0;
        within += std::abs(m.atom->y_px - m.truth->y_px) < m.atom->se_y_px ? 1 : 0;
        all += 2;
    }
    double share() const { return static_cast<double>(within) / all; }
};

}  // namespace

TEST_CASE("ids last while the specimen drifts", "[track][series]") { check_ids(192, 12); }

TEST_CASE("ids last for a hundred frames", "[.][slow][track][series]") { check_ids(192, 100); }

TEST_CASE("quoted errors hold in frames that start from the one before", "[series]") {
    ScanConfig scan = scan_of(320);
    scan.drift_nm = {0.003, 0.002};
    testing::Place place({}, scan);
    Pipeline pipeline({}, place.series);
    auto result = pipeline.make_result();
    Coverage metal, anion;
    for (std::uint64_t k = 0; k < 8; ++k) {
        REQUIRE(pipeline.process(place.frame(k), result) == FrameStatus::ok);
        for (const auto& m : testing::compare(place.truth, result).matches) {
            if (k > 0) {
                (testing::is_anion(*m.truth) ? anion : metal).add(m);
            }
        }
    }
    CAPTURE(metal.all, anion.all);
    CHECK(metal.share() == Approx(0.683).margin(0.04));
    CHECK(anion.share() == Approx(0.683).margin(0.04));
}

TEST_CASE("a frame of a series is measured as well as one alone", "[series]") {
    const double drift_nm = GENERATE(0.0, 0.006);
    ScanConfig scan = scan_of(320);
    scan.drift_nm = {drift_nm, -drift_nm};
    testing::Place place({}, scan);
    Pipeline series({}, place.series);
    auto warm = series.make_result();
    std::array<double, 3> warm_pm2{}, cold_pm2{};  // Mo, Re, S2
    const std::array takes{testing::is_mo, testing::is_re, testing::is_anion};
    for (std::uint64_t k = 0; k < 5; ++k) {
        const Frame frame = place.frame(k);
        Pipeline alone({}, place.series);
        auto cold = alone.make_result();
        REQUIRE(series.process(frame, warm) == FrameStatus::ok);
        REQUIRE(alone.process(frame, cold) == FrameStatus::ok);
        const auto w = testing::compare(place.truth, warm), c = testing::compare(place.truth, cold);
        CHECK(w.missed == 0);
        CHECK(w.invented == 0);
        for (std::size_t s = 0; s < 3 && k > 0; ++s) {
            warm_pm2[s] += std::pow(w.rms_pm(0.02, takes[s]), 2);
            cold_pm2[s] += std::pow(c.rms_pm(0.02, takes[s]), 2);
        }
    }
    for (std::size_t s = 0; s < 3; ++s) {
        CAPTURE(drift_nm, s, std::sqrt(warm_pm2[s] / 4), std::sqrt(cold_pm2[s] / 4));
        CHECK(std::sqrt(warm_pm2[s] / cold_pm2[s]) == Approx(1).margin(0.05));
    }
}
