// SPDX-License-Identifier: Apache-2.0
#include "series/series_statistics.hpp"

#include "dwellmap/error.hpp"
#include "reference/batch_pca.hpp"
#include "support/synthetic_field.hpp"
#include "views/descriptors.hpp"

#include <catch2/catch.hpp>

#include <Eigen/Dense>

#include <algorithm>
#include <memory>
#include <numbers>
#include <numeric>
#include <random>

using namespace dwellmap;
using testing::SyntheticField;

namespace {

constexpr std::array<double, 4> kCompositions{0.05, 0.55, 0.78, 0.95};

std::vector<FieldOfView> four_fields(unsigned seed, int side) {
    std::vector<FieldOfView> fields;
    for (const double x : kCompositions) {
        SyntheticField f;
        f.x = x;
        f.side = side;
        f.seed = 10 * seed + static_cast<unsigned>(100 * x);
        fields.push_back(f.make());
    }
    return fields;
}

/// The first `count` atoms of a field, as an earlier frame might have shown them, each a little off.
std::shared_ptr<const FieldOfView> earlier(const FieldOfView& whole, std::size_t count,
                                           double off) {
    auto part = std::make_shared<FieldOfView>(whole);
    const auto cut = [&](auto& column) { column.resize(count); };
    cut(part->id);
    cut(part->x);
    cut(part->y);
    cut(part->i);
    cut(part->j);
    cut(part->species);
    cut(part->n);
    cut(part->n_outer);
    cut(part->seen);
    cut(part->se_score);
    part->offsets = whole.offsets.leftCols(static_cast<Eigen::Index>(count)).array() + off;
    return part;
}

/// All neighbourhoods of the second species, field by field.
Eigen::MatrixXd stacked(const std::vector<FieldOfView>& fields) {
    Eigen::Index n = 0;
    for (const auto& f : fields) {
        n += std::count(f.species.begin(), f.species.end(), 1);
    }
    Eigen::MatrixXd x(fields.front().offsets.rows(), n);
    n = 0;
    for (const auto& f : fields) {
        for (std::size_t k = 0; k < f.size(); ++k) {
            if (f.species[k] == 1) {
                x.col(n++) = f.offsets.col(static_cast<Eigen::Index>(k));
            }
        }
    }
    return x;
}

SeriesStatistics finished(const std::vector<FieldOfView>& fields) {
    SeriesStatistics s{StatisticsConfig{}};
    for (const auto& f : fields) {
        s.put(std::make_shared<FieldOfView>(f));
    }
    s.finish();
    return s;
}

const RegressionEstimate& estimate(const SeriesStatistics& s, std::string_view name) {
    const auto& all = s.species(1).regression().estimates();
    return *std::find_if(all.begin(), all.end(), [&](const auto& e) { return e.name == name; });
}

void check_same(const SeriesStatistics& a, const SeriesStatistics& b) {
    for (std::size_t s = 0; s < 2; ++s) {
        CHECK(a.species(s).modes().loadings.isApprox(b.species(s).modes().loadings, 1e-12));
        REQUIRE(a.species(s).cells().size() == b.species(s).cells().size());
        for (std::size_t c = 0; c < a.species(s).cells().size(); ++c) {
            const auto& left = a.species(s).cells()[c].mixture;
            const auto& right = b.species(s).cells()[c].mixture;
            CHECK(left.count == right.count);
            CHECK(left.best == right.best);
            CHECK((left.count == 0 || std::isnan(left.fits[1].log_likelihood) ||
                   left.fits[1].log_likelihood == Approx(right.fits[1].log_likelihood)));
        }
        CHECK(a.species(s).regression().surface().isApprox(b.species(s).regression().surface(),
                                                           1e-9));
    }
}

}  // namespace

TEST_CASE("the joint modes and cells of a series are those of all its atoms stacked", "[series]") {
    const auto fields = four_fields(1, 40);
    const auto series = finished(fields);
    const Eigen::MatrixXd x = stacked(fields);
    const Eigen::VectorXd mean = x.rowwise().mean();
    const auto& s = series.species(1);
    REQUIRE(s.symmetry_breaking() >= 0);
    CHECK(s.modes().count == x.cols());
    CHECK(s.modes().mean.isApprox(mean, 1e-12));
    CHECK(s.modes().overlap[static_cast<std::size_t>(s.isotropic())] > 0.98);
    CHECK(s.modes().overlap[static_cast<std::size_t>(s.symmetry_breaking())] > 0.99);
    const Eigen::VectorXd score =
        (x.colwise() - mean).transpose() * s.modes().loadings.col(s.symmetry_breaking());
    Eigen::Index at = 0;
    for (const auto& part : s.parts()) {
        for (Eigen::Index k = 0; k < part->scores.cols(); ++k) {
            REQUIRE(part->scores(s.symmetry_breaking(), k) == Approx(score[at++]).margin(1e-12));
        }
    }
    CHECK(at == x.cols());
}

TEST_CASE("least squares of a series equal those of its atoms", "[series]") {
    const auto fields = four_fields(2, 30);
    const auto series = finished(fields);
    const auto& s = series.species(1);
    Eigen::MatrixXd inputs(s.modes().count, 3);
    Eigen::VectorXd response(s.modes().count);
    Eigen::Index at = 0;
    for (const auto& part : s.parts()) {
        for (std::size_t k = 0; k < part->n.size(); ++k) {
            inputs.row(at) << part->n[k], part->x, 1;
            response[at++] =
                std::abs(part->scores(s.symmetry_breaking(), static_cast<Eigen::Index>(k)));
        }
    }
    const Eigen::Vector3d batch = inputs.householderQr().solve(response);
    const auto& e = estimate(series, "least squares, atoms");
    CHECK(e.value.a == Approx(batch[0]).epsilon(1e-10));
    CHECK(e.value.b == Approx(batch[1]).epsilon(1e-10));
    CHECK(e.value.d == Approx(batch[2]).epsilon(1e-10));
}

TEST_CASE("frame after frame comes to what all atoms at once come to", "[series]") {
    const auto fields = four_fields(3, 30);
    std::mt19937 random(3);
    SeriesStatistics online{StatisticsConfig{}};
    for (const auto& f : fields) {
        for (std::size_t count = 200; count < f.size(); count += 100 + random() % 200) {
            online.put(earlier(f, count, 1e-4 * static_cast<double>(random() % 10)));
            online.update();
        }
        online.put(std::make_shared<FieldOfView>(f));
        online.update();
    }
    const auto batch = finished(fields);
    const auto& a = online.species(1).regression().estimates();
    for (const auto& e : a) {  // of the modes in use, a thousandth away at most
        CAPTURE(e.name);
        CHECK(e.ratio == Approx(estimate(batch, e.name).ratio).epsilon(0.02));
    }
    online.finish();
    check_same(online, batch);
    for (const auto& e : online.species(1).regression().estimates()) {
        CAPTURE(e.name);
        CHECK(e.ratio == Approx(estimate(batch, e.name).ratio).epsilon(1e-6));
    }
}

TEST_CASE("within a few updates all that a report has is there, and says how old it is",
          "[series]") {
    const auto fields = four_fields(8, 40);
    SeriesStatistics live{StatisticsConfig{}};
    for (const auto& f : fields) {
        live.put(std::make_shared<FieldOfView>(f));
    }
    constexpr int kUpdates = SpeciesSeries::kSilhouetteEvery * (KMeans::kMaxClasses - 1);
    for (int update = 0; update < 2 * kUpdates; ++update) {  // the species take turns
        live.update();
    }
    const auto batch = finished(fields);
    const auto &now = live.species(1).regression(), &then = batch.species(1).regression();
    REQUIRE(now.estimates().size() == then.estimates().size());
    for (const auto& e : now.estimates()) {
        CAPTURE(e.name);
        const auto& expected = estimate(batch, e.name);
        CHECK(e.ratio == Approx(expected.ratio).epsilon(1e-3));
        CHECK(e.se_ratio == Approx(expected.se_ratio).epsilon(1e-3));
        CHECK(std::isnan(e.ratio_low) == std::isnan(expected.ratio_low));
        CHECK((std::isnan(e.ratio_low) || e.ratio_low == Approx(expected.ratio_low).epsilon(1e-3)));
        CHECK(
            (std::isnan(e.ratio_low) || e.ratio_high == Approx(expected.ratio_high).epsilon(1e-3)));
        CHECK(e.age == 0);
        CHECK(e.errors_age < 4);
    }
    CHECK(now.design_effect() == Approx(then.design_effect()));
    REQUIRE(now.curves().size() == then.curves().size());
    for (std::size_t k = 0; k < now.curves().size(); ++k) {
        CHECK(now.curves()[k].x == then.curves()[k].x);
        CHECK(now.curves()[k].mean[12] == Approx(then.curves()[k].mean[12]));
        CHECK(now.curves()[k].age < 4);
    }
    CHECK(live.species(1).silhouettes_age() < kUpdates);
    for (std::size_t k = 0; k < then.curves().size(); ++k) {
        CHECK(live.species(1).silhouettes()[k] ==
              Approx(batch.species(1).silhouettes()[k]).margin(0.05));
    }
}

TEST_CASE("while a large library is scored again, scores and modes in use belong together",
          "[series]") {
    auto fields = four_fields(9, 90);
    SeriesStatistics series{StatisticsConfig{}};
    for (const auto& f : fields) {
        series.put(std::make_shared<FieldOfView>(f));
    }
    series.update();
    const auto& s = series.species(1);
    const ModeSet before = s.modes();
    fields[3].offsets *= 1.2;  // its atoms are split more
    series.put(std::make_shared<FieldOfView>(fields[3]));
    int renewed_at = 0;
    for (int update = 1; update <= 12 && renewed_at == 0; ++update) {
        series.update();
        renewed_at = (s.modes().mean - before.mean).norm() > 0 ? update : 0;
        for (const auto& part : s.parts()) {
            const Eigen::MatrixXd expected =
                s.modes().loadings.transpose() * (part->offsets.colwise() - s.modes().mean);
            REQUIRE(part->scores.isApprox(expected, 1e-10));
        }
    }
    CHECK(renewed_at > 2);  // species take turns, and fields within them
    CHECK(s.modes().mean.isApprox(finished(fields).species(1).modes().mean, 1e-12));
}

TEST_CASE("the order of the fields, and sixths of a turn of one, change nothing", "[series]") {
    auto fields = four_fields(4, 30);
    const auto before = finished(fields);
    FieldOfView& turned = fields[2];
    const Eigen::MatrixXd original = turned.offsets;
    turned.rotation_rad -= 2 * std::numbers::pi / 3;
    for (Eigen::Index k = 0; k < original.cols(); ++k) {
        turn_60(2, original.col(k), turned.offsets.col(k));
    }
    std::reverse(fields.begin(), fields.end());
    check_same(finished(fields), before);
}

TEST_CASE("parts stay in the library's order when a composition is measured anew", "[series]") {
    auto fields = four_fields(6, 15);
    SeriesStatistics series{StatisticsConfig{}};
    for (const auto& f : fields) {
        series.put(std::make_shared<FieldOfView>(f));
    }
    const std::size_t k = GENERATE(0U, 1U, 3U);
    fields[k].composition = GENERATE(0.01, 0.6, 0.99);
    series.put(std::make_shared<FieldOfView>(fields[k]));
    REQUIRE(series.species(1).parts().size() == 4);
    for (std::size_t p = 0; p < 4; ++p) {
        CHECK(series.species(1).parts()[p]->key == series.library().fields()[p]->key);
    }
}

TEST_CASE("a composition measured anew leaves nothing in its old cells", "[series]") {
    auto fields = four_fields(7, 30);
    fields[1].composition = 0.78;  // two fields of one composition
    SeriesStatistics series{StatisticsConfig{}};
    for (const auto& f : fields) {
        series.put(std::make_shared<FieldOfView>(f));
    }
    series.update();
    fields[1].composition = 0.6;
    series.put(std::make_shared<FieldOfView>(fields[1]));
    series.update();
    const auto whole = finished(fields);
    REQUIRE(series.species(1).cells().size() == whole.species(1).cells().size());
    for (std::size_t c = 0; c < whole.species(1).cells().size(); ++c) {
        CHECK(series.species(1).cells()[c].response.count ==
              whole.species(1).cells()[c].response.count);
    }
}

TEST_CASE("over a hundred updates no mode flips once 200 atoms are in", "[series]") {
    SyntheticField config;
    config.x = 0.78;
    config.side = 45;
    const FieldOfView field = config.make();
    SeriesStatistics series{StatisticsConfig{}};
    int flips = 0;
    Eigen::MatrixXd before;
    for (std::size_t update = 0; update <= 100; ++update) {
        series.put(earlier(field, 260 + 17 * update, 0));  // 78 % of them second species
        series.update();
        const auto& s = series.species(1);
        for (Eigen::Index m = 0; update > 0 && m < 3; ++m) {
            flips += s.modes().loadings.col(m).dot(before.col(m)) < 0.7 ? 1 : 0;
        }
        before = s.modes().loadings;
    }
    CHECK(flips == 0);
}

TEST_CASE("the mean of the folded-normal ratio is the true one", "[series]") {
    double sum = 0;
    for (unsigned seed = 1; seed <= 6; ++seed) {
        sum += estimate(finished(four_fields(20 + seed, 45)), "folded normal, common width").ratio;
    }
    CHECK(sum / 6 == Approx(0.005 / (6 * 0.00165)).margin(0.05));
}

TEST_CASE("a field that does not fit is refused by name", "[series]") {
    auto fields = four_fields(5, 10);
    SeriesStatistics series{StatisticsConfig{}};
    series.put(std::make_shared<FieldOfView>(fields[0]));
    fields[1].unit = "px";
    CHECK_THROWS_AS(series.put(std::make_shared<FieldOfView>(fields[1])), SetupError);
}
