// SPDX-License-Identifier: Apache-2.0
#include "atoms/neighbourhood.hpp"
#include "atoms/online_covariance.hpp"
#include "atoms/online_pca.hpp"
#include "atoms/statistics.hpp"
#include "reference/batch_pca.hpp"
#include "support/frames.hpp"

#include <catch2/catch.hpp>

#include <map>

using namespace dwellmap;

namespace {
ScanConfig small_scan() {
    ScanConfig scan;
    scan.rows_px = scan.cols_px = 256;
    scan.drift_nm = {0.02, 0.01};
    return scan;
}
}  // namespace

TEST_CASE("every atom counts once, at the mean of its neighbourhood over the frames",
          "[statistics]") {
    testing::Place place({}, small_scan());
    const Config config;
    Pipeline pipeline(config, place.series);
    auto result = pipeline.make_result();
    Neighbourhoods neighbourhoods(6, 10000);
    std::map<std::int64_t, std::vector<Eigen::VectorXd>> seen[2];
    for (std::uint64_t k = 0; k < 4; ++k) {
        REQUIRE(pipeline.process(place.frame(k), result) == FrameStatus::ok);
        // the offsets once more, straight from the published atoms
        Cells cells(60);
        for (std::size_t a = 0; a < result.atoms.size(); ++a) {
            if (result.atoms[a].site == Site::cation) {
                cells.set(result.atoms[a].i, result.atoms[a].j, 0, static_cast<int>(a));
            }
        }
        auto atoms = result.atoms;
        neighbourhoods.gather(cells, result.lattice, atoms, 0, atoms.size());
        neighbourhoods.measure(result.lattice, 0.02, atoms);
        for (std::size_t a = 0; a < atoms.size(); ++a) {
            if (neighbourhoods.complete(a)) {
                const auto species = static_cast<std::size_t>(atoms[a].species);
                seen[species][atoms[a].id].push_back(neighbourhoods.offsets(a));
                seen[1 - species].erase(atoms[a].id);  // a change of species starts anew
            }
        }
    }
    for (std::size_t s = 0; s < 2; ++s) {
        Eigen::MatrixXd means(12, static_cast<Eigen::Index>(seen[s].size()));
        Eigen::Index column = 0;
        for (const auto& [id, offsets] : seen[s]) {
            Eigen::VectorXd mean = Eigen::VectorXd::Zero(12);
            for (const auto& o : offsets) {
                mean += o / static_cast<double>(offsets.size());
            }
            means.col(column++) = mean;
        }
        const auto batch = reference::batch_moments(means);
        const auto& online = pipeline.statistics().set(s);
        CHECK(online.count() == static_cast<double>(means.cols()));
        CHECK(online.mean().isApprox(batch.mean, 1e-10));
        CHECK(online.scatter().isApprox(batch.scatter, 1e-10));
    }
}

TEST_CASE("a field of view holds every atom once, with the means the set is made of",
          "[statistics]") {
    testing::Place place({}, small_scan());
    Pipeline pipeline({}, place.series);
    auto result = pipeline.make_result();
    for (std::uint64_t k = 0; k < 4; ++k) {
        REQUIRE(pipeline.process(place.frame(k), result) == FrameStatus::ok);
    }
    FieldOfView field;
    pipeline.statistics().collect(0.02, field);
    std::map<std::int64_t, const Atom*> last;
    for (const Atom& a : result.atoms) {
        last[a.id] = &a;
    }
    for (std::int8_t s = 0; s < 2; ++s) {
        OnlineCovariance set(12);
        for (std::size_t k = 0; k < field.size(); ++k) {
            if (field.species[k] == s) {
                set.add(field.offsets.col(static_cast<Eigen::Index>(k)));
            }
        }
        CHECK(set.count() == pipeline.statistics().set(static_cast<std::size_t>(s)).count());
        CHECK(set.scatter().isApprox(
            pipeline.statistics().set(static_cast<std::size_t>(s)).scatter(), 1e-10));
    }
    std::size_t in_last_frame = 0;
    for (std::size_t k = 0; k < field.size(); ++k) {
        const auto at = last.find(field.id[k]);
        if (at != last.end() && field.seen[k] == 4) {
            ++in_last_frame;
            CHECK(field.n[k] == at->second->n);
            CHECK(field.x[k] ==
                  Approx(0.02 * (at->second->x_px - result.drift_px.x())).margin(1e-6));
        }
        CHECK(field.n_outer[k] <= 12);
        CHECK(field.se_score[k] > 0);
        CHECK(field.se_score[k] < 0.01);
    }
    CHECK(in_last_frame > 100);
}

TEST_CASE("population = observations counts every sighting", "[statistics]") {
    testing::Place place({}, small_scan());
    Config config;
    config.statistics.population = "observations";
    Pipeline pipeline(config, place.series);
    auto result = pipeline.make_result();
    std::int64_t complete = 0;
    for (std::uint64_t k = 0; k < 3; ++k) {
        REQUIRE(pipeline.process(place.frame(k), result) == FrameStatus::ok);
        complete += std::count_if(result.atoms.begin(), result.atoms.end(),
                                  [](const Atom& a) { return a.complete % 2 == 1; });
    }
    CHECK(pipeline.statistics().set(0).count() + pipeline.statistics().set(1).count() ==
          static_cast<double>(complete));
}

TEST_CASE("in a four-composition series the two modes of the paper are found around Re",
          "[statistics]") {
    const unsigned seed = GENERATE(1U, 2U);
    OnlineCovariance series(12);
    for (const double x : {0.05, 0.55, 0.78, 0.95}) {
        CrystalConfig crystal;
        crystal.composition = x;
        crystal.seed = 10 * seed + static_cast<unsigned>(100 * x);
        ScanConfig scan;  // 2,000 electrons per Mo
        scan.rows_px = scan.cols_px = 1024;
        scan.pixel_size_nm = 0.015625;
        scan.seed = crystal.seed;
        testing::Place place(crystal, scan);
        Pipeline pipeline({}, place.series);
        auto result = pipeline.make_result();
        REQUIRE(pipeline.process(place.frame(0), result) == FrameStatus::ok);
        series.merge(pipeline.statistics().set(1));
    }
    OnlinePca pca(6, true);
    REQUIRE(pca.update(series));
    double isotropic = 0, breaking = 0;
    for (std::size_t k = 0; k < 3; ++k) {
        isotropic = pca.modes().name[k] == ModeName::isotropic
                        ? std::max(isotropic, pca.modes().overlap[k])
                        : isotropic;
        breaking = pca.modes().name[k] == ModeName::symmetry_breaking
                       ? std::max(breaking, pca.modes().overlap[k])
                       : breaking;
    }
    CAPTURE(seed);
    CHECK(isotropic >= 0.98);
    CHECK(breaking >= 0.99);
}
