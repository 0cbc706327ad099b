// SPDX-License-Identifier: Apache-2.0
#include "atoms/online_covariance.hpp"
#include "atoms/statistics.hpp"
#include "support/allocations.hpp"
#include "support/frames.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <optional>

using namespace dwellmap;
using FieldPtr = std::shared_ptr<const FieldOfView>;

namespace {

constexpr double kAlloy = 0.55;

ScanConfig scan_of(int size_px, const Eigen::Vector2d& drift_nm = {0.02, 0.01}) {
    ScanConfig scan;
    scan.rows_px = scan.cols_px = size_px;
    scan.drift_nm = drift_nm;
    scan.drift_range_nm = 4.5;
    return scan;
}

testing::Place place_of(double composition, const ScanConfig& scan, unsigned seed = 1,
                        double switches_per_frame = 0) {
    CrystalConfig crystal;
    crystal.composition = composition;
    crystal.seed = seed;
    ChangeConfig changes;
    changes.switches_per_frame = switches_per_frame;
    return {crystal, scan, changes};
}

/// An analyzer's run, from its start on.
struct Run {
    Pipeline pipeline;
    FrameResult result;

    /// @param earlier the last visit of an earlier run, or null
    explicit Run(const std::shared_ptr<const Series>& series, const FieldPtr& earlier = nullptr)
        : pipeline({}, series), result(pipeline.make_result()) {
        pipeline.set_visit(earlier ? 1 : 0);
        pipeline.resume(earlier);
    }
    void see(const std::vector<Frame>& frames) {
        for (const Frame& frame : frames) {
            REQUIRE(pipeline.process(frame, result) == FrameStatus::ok);
        }
    }
    FieldPtr field() const { return pipeline.field_of_view(result); }
};

std::vector<Frame> frames_of(testing::Place& place, std::uint64_t first, std::uint64_t last) {
    std::vector<Frame> frames;
    for (std::uint64_t number = first; number <= last; ++number) {
        frames.push_back(place.frame(number));
    }
    return frames;
}

/// The atom of a field that stands there.
std::optional<std::size_t> atom_at(const FieldOfView& f, double x, double y) {
    for (std::size_t k = 0; k < f.size(); ++k) {
        if (std::hypot(f.x[k] - x, f.y[k] - y) < 0.05) {
            return k;
        }
    }
    return std::nullopt;
}

std::optional<std::size_t> atom_named(const FieldOfView& f, std::int64_t id) {
    const auto found = std::find(f.id.begin(), f.id.end(), id);
    return found == f.id.end() ? std::nullopt
                               : std::optional(static_cast<std::size_t>(found - f.id.begin()));
}

Eigen::VectorXd mean_of(const FieldOfView& f, std::size_t k) {
    return f.offsets.col(static_cast<Eigen::Index>(k));
}

double sum_se2(const FieldOfView& f, std::size_t k) {
    return std::pow(static_cast<double>(f.se_score[k]) * f.seen[k], 2);
}

/// The modes are made of the atoms of the field, each once.
void check_sets(const Run& run, const FieldOfView& field) {
    for (std::int8_t s = 0; s < 2; ++s) {
        OnlineCovariance set(field.offsets.rows());
        for (std::size_t k = 0; k < field.size(); ++k) {
            if (field.species[k] == s) {
                set.add(mean_of(field, k));
            }
        }
        const auto& online = run.pipeline.statistics().set(static_cast<std::size_t>(s));
        CHECK(online.count() == set.count());
        CHECK(online.mean().isApprox(set.mean(), 1e-9));
        CHECK(online.scatter().isApprox(set.scatter(), 1e-9));
    }
}

void check_same_atom(const FieldOfView& a, std::size_t i, const FieldOfView& b, std::size_t j) {
    REQUIRE(a.species[i] == b.species[j]);
    REQUIRE(a.seen[i] == b.seen[j]);
    REQUIRE(a.n[i] == b.n[j]);
    REQUIRE(a.n_outer[i] == b.n_outer[j]);
    REQUIRE(a.se_score[i] == Approx(b.se_score[j]).epsilon(1e-6));
    REQUIRE((mean_of(a, i) - mean_of(b, j)).cwiseAbs().maxCoeff() < 1e-9);
}

}  // namespace

TEST_CASE("a run that goes on from the library finds what one without a restart finds",
          "[resume]") {
    auto place = place_of(kAlloy, scan_of(320));
    const auto before = frames_of(place, 0, 3);
    Frame empty = place.frame(4);  // without it only one of them would search the next frame anew
    empty.counts.setOnes();
    empty.counts(7, 9) = 2;
    const auto after = frames_of(place, 5, 6);
    Run whole(place.series), first(place.series);
    whole.see(before);
    REQUIRE(whole.pipeline.process(empty, whole.result) == FrameStatus::no_atoms);
    whole.see(after);
    first.see(before);
    const auto stored = first.field();
    Run second(place.series, stored);
    second.see(after);

    const auto a = whole.field(), b = second.field();
    CHECK(b->key == a->key);
    CHECK(b->frames == 6);
    REQUIRE(b->size() == a->size());
    // rows jitter by 0.1 px, and the drift of the one is measured at the edge too
    CHECK((second.result.drift_px - whole.result.drift_px).norm() < 0.03);
    for (std::size_t k = 0; k < a->size(); ++k) {
        const auto same = atom_at(*b, a->x[k], a->y[k]);
        REQUIRE(same);
        check_same_atom(*a, k, *b, *same);
        CHECK(std::hypot(b->x[*same] - a->x[k], b->y[*same] - a->y[k]) < 0.03 * 0.02);
        if (atom_named(*stored, a->id[k])) {
            CHECK(b->id[*same] == a->id[k]);
        } else {
            CHECK(b->id[*same] > *std::max_element(stored->id.begin(), stored->id.end()));
        }
    }
    for (std::size_t s = 0; s < 2; ++s) {
        const auto &p = whole.pipeline.statistics().set(s),
                   &q = second.pipeline.statistics().set(s);
        CHECK(p.count() == q.count());
        CHECK(p.scatter().isApprox(q.scatter(), 1e-9));
    }
    check_sets(second, *b);
}

TEST_CASE("ids are unique over a restart", "[resume]") {
    auto place = place_of(kAlloy, scan_of(256));
    Run first(place.series);
    first.see(frames_of(place, 0, 2));
    Run second(place.series, first.field());
    second.see(frames_of(place, 3, 5));
    std::vector<std::int64_t> ids;
    for (const Atom& a : second.result.atoms) {
        ids.push_back(a.id);
    }
    std::sort(ids.begin(), ids.end());
    CHECK(std::adjacent_find(ids.begin(), ids.end()) == ids.end());
    CHECK(ids.front() >= 0);
}

TEST_CASE("after a pause in which specimen drifts on and changes, every atom has all its sightings",
          "[resume]") {
    // 3.2 nm of 7.7 in the pause
    auto place = place_of(kAlloy, scan_of(384, {0.1, 0.04}), 3, 1.0);
    Run first(place.series);
    first.see(frames_of(place, 0, 3));
    const auto stored = first.field();
    const auto after = frames_of(place, 34, 35);
    Run second(place.series, stored), alone(place.series);
    second.see(after);
    alone.pipeline.set_first_direction(stored->rotation_rad);
    alone.see(after);

    const auto joined = second.field(), fresh = alone.field();
    const Eigen::Vector2d moved_px = second.result.drift_px - alone.result.drift_px;
    CHECK((moved_px - Eigen::Vector2d(34 * 5, 34 * 2)).norm() <
          1.6);  // a tenth of a cell: it drifts during a frame too
    std::size_t both = 0, changed = 0, only_before = 0;
    for (std::size_t k = 0; k < joined->size(); ++k) {
        const auto p = atom_named(*stored, joined->id[k]);
        const auto q =
            atom_at(*fresh, joined->x[k] + 0.02 * moved_px.x(), joined->y[k] + 0.02 * moved_px.y());
        REQUIRE((p || q));
        if (p && !q) {
            ++only_before;
            check_same_atom(*joined, k, *stored, *p);
        } else if (!p || stored->species[*p] != fresh->species[*q]) {
            changed += p ? 1 : 0;
            check_same_atom(*joined, k, *fresh, *q);
        } else {
            ++both;
            const double n = stored->seen[*p], m = fresh->seen[*q];
            const Eigen::VectorXd mean =
                (n * mean_of(*stored, *p) + m * mean_of(*fresh, *q)) / (n + m);
            REQUIRE(joined->seen[k] == n + m);
            REQUIRE((mean_of(*joined, k) - mean).cwiseAbs().maxCoeff() < 1e-9);
            REQUIRE(joined->n[k] == fresh->n[*q]);
            REQUIRE(sum_se2(*joined, k) ==
                    Approx(sum_se2(*stored, *p) + sum_se2(*fresh, *q)).epsilon(1e-5));
        }
    }
    CAPTURE(both, changed, only_before);
    CHECK(joined->size() == stored->size() + fresh->size() - both - changed);
    CHECK(joined->frames == 6);
    CHECK(both > 150);
    CHECK(changed > 3);
    CHECK(only_before > 50);
    check_sets(second, *joined);
}

TEST_CASE("tracks that were taken up are followed as long as the series goes on", "[resume]") {
    auto place = place_of(kAlloy, scan_of(256, {0.02, -0.01}));
    Run first(place.series);
    first.see(frames_of(place, 0, 2));
    const auto stored = first.field();
    Run second(place.series, stored);
    second.see(frames_of(place, 20, 26));
    const auto field = second.field();
    CHECK((second.result.notes & note_drift_lost) == 0);
    CHECK(field->frames == 10);
    CHECK(second.pipeline.frames_resumed() == 3);
    CHECK(4 * field->size() < 5 * stored->size());  // 0.5 nm of new specimen
    CHECK(*std::max_element(field->seen.begin(), field->seen.end()) == 10);
}

TEST_CASE("only the frame that is placed on the library allocates", "[resume]") {
    auto place = place_of(kAlloy, scan_of(256));
    Run first(place.series);
    first.see(frames_of(place, 0, 1));
    Run second(place.series, first.field());
    second.see(frames_of(place, 2, 4));
    const Frame next = place.frame(5);
    FrameStatus status{};
    CHECK(testing::allocations_in([&] { status = second.pipeline.process(next, second.result); }) ==
          0);
    CHECK(status == FrameStatus::ok);
}

TEST_CASE("what is not the same place for sure is a new visit", "[resume]") {
    const double composition = GENERATE(kAlloy, 0.0);
    const bool elsewhere = composition > 0;  // of one species: the same place
    CAPTURE(composition);
    const ScanConfig scan = scan_of(256);
    auto here = place_of(composition, scan), there = place_of(composition, scan, 8);
    Run first(here.series);
    first.see(frames_of(here, 0, 1));
    const auto stored = first.field();
    const auto after = frames_of(elsewhere ? there : here, 2, 3);
    Run second(here.series, stored), alone(here.series);
    second.see(after);
    alone.pipeline.set_first_direction(stored->rotation_rad);
    alone.see(after);
    const auto field = second.field();
    CHECK(field->key == here.series->uuid + "/1");
    CHECK(field->frames == 2);
    CHECK(second.pipeline.frames_resumed() == 0);
    CHECK(field->id == alone.field()->id);
    CHECK(field->offsets == alone.field()->offsets);
    check_sets(second, *field);
}

TEST_CASE("frames that are played again are no new ones of their place", "[resume]") {
    auto place = place_of(kAlloy, scan_of(256));
    const auto frames = frames_of(place, 0, 2);
    Run first(place.series);
    first.see(frames);
    Run again(place.series, first.field());
    again.see(frames);
    CHECK(again.field()->key == place.series->uuid + "/1");
    CHECK(again.field()->frames == 3);
}

TEST_CASE("a field of other lengths or neighbourhoods is not gone on from", "[resume]") {
    auto place = place_of(kAlloy, scan_of(256));
    Run first(place.series);
    first.see(frames_of(place, 0, 0));
    auto other = std::make_shared<FieldOfView>(*first.field());
    if (GENERATE(true, false)) {
        other->unit = "px";
    } else {
        other->neighbours = 12;
    }
    Run second(place.series, other);
    second.see(frames_of(place, 1, 1));
    CHECK(second.field()->key == place.series->uuid + "/1");
}

TEST_CASE("rows that come before the first frame is complete decide nothing", "[resume]") {
    auto place = place_of(kAlloy, scan_of(256));
    Run first(place.series);
    first.see(frames_of(place, 0, 1));
    const auto after = frames_of(place, 2, 3);
    Run whole(place.series, first.field()), cut(place.series, first.field());
    for (const Frame& frame : after) {
        for (const int rows : {60, 150, 240}) {
            static_cast<void>(cut.pipeline.process(testing::first_rows(frame, rows), cut.result));
        }
        cut.see({frame});
    }
    whole.see(after);
    CHECK(cut.field()->key == place.series->uuid);
    CHECK(cut.field()->id == whole.field()->id);
    CHECK(cut.field()->offsets == whole.field()->offsets);
    CHECK(cut.result.drift_px == whole.result.drift_px);
}
