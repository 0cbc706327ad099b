// SPDX-License-Identifier: Apache-2.0
#include "series/score_cells.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <random>
#include <utility>

using namespace dwellmap;

namespace {

/// Adds `atoms` with n = 3 and scores of ±separation with noise 1.
void add(ScoreSample& sample, double x, int atoms, double separation, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<double> normal;
    for (int k = 0; k < atoms; ++k) {
        sample.n.push_back(3);
        sample.n_outer.push_back(6);
        sample.image.push_back(0);
        sample.block.push_back(0);
        sample.x.push_back(x);
        sample.score.push_back((random() % 2 == 0 ? 1 : -1) * separation + normal(random));
        sample.error.push_back(0.1F);
    }
}

const ScoreCell& cell_at(const ScoreCells& cells, double x) {
    return *std::find_if(cells.cells().begin(), cells.cells().end(),
                         [x](const ScoreCell& cell) { return cell.x == x && cell.n == 3; });
}

}  // namespace

TEST_CASE("a large cell begun with some of its scores ends where one begun with all does",
          "[score_cells]") {
    const double separation = GENERATE(0.0, 1.0, 2.5);
    const unsigned seed = GENERATE(range(1U, 6U));
    CAPTURE(separation, seed);
    ScoreSample sample;
    add(sample, 0.5, 20 * static_cast<int>(ScoreCells::kColdAtMost), separation, seed);
    ScoreCells live(0), batch(0);
    for (int update = 0; update < 4 * ScoreCells::kCheck * 7; ++update) {
        live.update(sample, {}, update == 0);
    }
    batch.fit(sample);
    const ScoreMixture &a = cell_at(live, 0.5).mixture, &b = cell_at(batch, 0.5).mixture;
    CHECK(a.best == b.best);
    const auto best = static_cast<std::size_t>(b.best - 1);
    CHECK(a.fits[best].log_likelihood ==
          Approx(b.fits[best].log_likelihood).margin(1e-6).epsilon(0));
}

TEST_CASE("cells that wait for their turn say for how long", "[score_cells]") {
    ScoreSample sample;
    const std::array<double, 3> compositions{0.2, 0.5, 0.8};
    for (const double x : compositions) {
        add(sample, x, static_cast<int>(ScoreCells::kAtOnce), 2, 1);
    }
    ScoreCells cells(0);
    for (int update = 1; update <= 3; ++update) {
        cells.update(sample, {}, update == 1);
        int waiting = 0;
        for (const double x : compositions) {
            const int age = cell_at(cells, x).age;
            CHECK((age == 0 || age == update));
            waiting += age > 0 ? 1 : 0;
        }
        CHECK(waiting == 3 - update);
    }
}

TEST_CASE("a composition measured anew takes its mixtures along, and no other's", "[score_cells]") {
    ScoreSample sample;
    add(sample, 0.4, 200, 2, 1);
    add(sample, 0.6, 200, 2, 2);
    ScoreCells cells(0);
    cells.fit(sample);
    const double before = cell_at(cells, 0.4).mixture.fits[1].log_likelihood;
    const double other = cell_at(cells, 0.6).mixture.fits[1].log_likelihood;
    cells.rename(0.4, 0.7);  // past the other one
    CHECK(cell_at(cells, 0.7).mixture.fits[1].log_likelihood == before);
    CHECK(std::is_sorted(
        cells.cells().begin(), cells.cells().end(),
        [](const auto& a, const auto& b) { return std::pair(a.x, a.n) < std::pair(b.x, b.n); }));
    cells.rename(0.7, 0.6);
    CHECK(cell_at(cells, 0.6).mixture.fits[1].log_likelihood == other);

    std::replace(sample.x.begin(), sample.x.end(), 0.4, 0.7);
    cells.update(sample, std::array{0.4, 0.7}, false);
    const ScoreMixture& warm = cell_at(cells, 0.7).mixture;
    CHECK(warm.fits[1].log_likelihood == Approx(before));
    CHECK(warm.fits[1].iterations == 1);  // it is where it was
}
