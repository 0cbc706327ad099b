// SPDX-License-Identifier: Apache-2.0
#include "fit/band_fit.hpp"
#include "support/allocations.hpp"
#include "support/honeycomb.hpp"

#include <catch2/catch.hpp>

#include <optional>
#include <random>

using namespace dwellmap;
using testing::Honeycomb;

namespace {

constexpr int kRows = 240, kCols = 260;
constexpr std::size_t kMost = 4000;

/// A refiner that knows a frame, and the next one to be fitted in bands.
struct TwoFrames {
    Honeycomb truth{kRows, kCols};
    std::vector<std::uint8_t> valid = std::vector<std::uint8_t>(kRows, 1);
    Refiner refiner{kRows, kCols, kMost};
    FrameFit known;
    Image counts;
    std::vector<Peak> peaks;

    explicit TwoFrames(unsigned seed = 1) {
        truth.sort(band_height_px(truth.sigma_px));
        auto atoms = truth.atoms();
        refiner.run(testing::counted(truth.expected(), 1000 + seed), valid, kRows, Honeycomb::a_px,
                    8, atoms, known);
        REQUIRE(band_height_px(known.sigma_px) == band_height_px(truth.sigma_px));
        counts = testing::counted(truth.expected(), seed);
        peaks = truth.peaks();
    }

    /// Of whole rows only; peaks of a row are known one row later.
    void take(BandFit& bands, int rows, std::vector<Atom>& atoms, Helper& helper = no_helper()) {
        std::vector<Peak> seen;
        for (const Peak& p : peaks) {
            if (std::lround(p.y_px) < rows) {
                seen.push_back(p);
            }
        }
        bands.run({counts, valid, seen, rows}, truth.cells, refiner, atoms, helper);
    }

    std::vector<Atom> expected(double dx_px, double dy_px) const {
        std::vector<Atom> atoms;
        atoms.reserve(kMost);
        const auto start = truth.atoms(dx_px, dy_px);
        atoms.assign(start.begin(), start.end());
        return atoms;
    }

    /// The whole frame, with ends of blocks of rows in between.
    /// @param in_use  rows of the fit's images; none: those that the bands ask for
    std::vector<Atom> fit(double dx_px, double dy_px, const std::vector<int>& ends, FrameFit& found,
                          Helper& helper = no_helper(),
                          std::optional<Refiner::RowsInUse> in_use = std::nullopt) {
        const Helper::Awake awake(helper);
        BandFit bands(kRows, kCols, kMost, 2);
        auto atoms = expected(dx_px, dy_px);
        bands.begin(atoms, Honeycomb::a_px, known.sigma_px, 25, atoms);
        refiner.begin(Honeycomb::a_px, known, in_use.value_or(bands.rows_in_use()));
        for (const int rows : ends) {
            take(bands, rows, atoms, helper);
        }
        take(bands, kRows, atoms, helper);
        CHECK_FALSE(bands.lost());
        CHECK(bands.settled() == truth.columns.size());
        refiner.end(atoms, found);
        return atoms;
    }
};

struct Rms {
    double error = 0, difference = 0;
};

/// Of columns of one site: error of `a`, and its difference from `b`, over the standard error.
Rms rms(const Honeycomb& truth, int site, const std::vector<Atom>& a, const std::vector<Atom>& b) {
    Rms sum;
    double n = 0;
    for (std::size_t k = 0; k < truth.columns.size(); ++k) {
        const auto& c = truth.columns[k];
        if (c.site == site && truth.inside(c)) {
            sum.error += std::pow((a[k].x_px - c.x) / b[k].se_x_px, 2) +
                         std::pow((a[k].y_px - c.y) / b[k].se_y_px, 2);
            sum.difference += std::pow((a[k].x_px - b[k].x_px) / b[k].se_x_px, 2) +
                              std::pow((a[k].y_px - b[k].y_px) / b[k].se_y_px, 2);
            n += 2;
        }
    }
    return {std::sqrt(sum.error / n), std::sqrt(sum.difference / n)};
}

double mean_se_px(const Honeycomb& truth, int site, const std::vector<Atom>& atoms) {
    double sum = 0, n = 0;
    for (std::size_t k = 0; k < truth.columns.size(); ++k) {
        if (truth.columns[k].site == site && truth.inside(truth.columns[k])) {
            sum += atoms[k].se_x_px + atoms[k].se_y_px;
            n += 2;
        }
    }
    return sum / n;
}

}  // namespace

TEST_CASE("a band is higher than the reach of a column", "[band_fit]") {
    for (const double sigma_px : {0.5, 1.0, 1.7, 2.5, 3.3, 5.0, 8.0, 12.0}) {
        CHECK(band_height_px(sigma_px) > (4.5 + 3) * sigma_px);
    }
}

TEST_CASE("a frame fitted in bands from a start 0.3 px off equals the fit of the whole frame",
          "[band_fit]") {
    const double angle = GENERATE(0.0, 1.0, 2.5, 4.0);
    TwoFrames s;
    FrameFit banded, whole;
    const auto atoms = s.fit(0.3 * std::cos(angle), 0.3 * std::sin(angle), {}, banded);
    auto reference = s.truth.atoms();
    Refiner at_once(kRows, kCols, kMost);
    at_once.run(s.counts, s.valid, kRows, Honeycomb::a_px, 8, reference, whole);
    at_once.add_neighbour_errors(s.truth.cells, 0, reference.size(), reference);
    REQUIRE(atoms.size() == s.truth.columns.size());
    for (const int site : {0, 1}) {
        const Rms in_bands = rms(s.truth, site, atoms, reference),
                  together = rms(s.truth, site, reference, reference);
        CAPTURE(angle, site, in_bands.error, together.error, in_bands.difference);
        CHECK(in_bands.difference < 0.3);  // standard errors
        CHECK(in_bands.error < 1.05 * together.error);
        CHECK(mean_se_px(s.truth, site, atoms) ==
              Approx(mean_se_px(s.truth, site, reference)).epsilon(0.015));
    }
    CHECK(banded.sigma_px == Approx(whole.sigma_px).epsilon(0.01));
    CHECK(banded.background == Approx(whole.background).margin(0.3));
    CHECK(banded.chi2 == Approx(1).margin(0.1));
}

TEST_CASE("however the rows were cut, by one or two threads, bands give the same bits",
          "[band_fit]") {
    const unsigned seed = GENERATE(1U, 2U, 3U);
    std::mt19937 random(seed);
    std::vector<int> ends;
    for (int row = 0; row < kRows; row += 1 + static_cast<int>(random() % 60)) {
        ends.push_back(row);
    }
    TwoFrames once, cut;
    FrameFit a_fit, b_fit;
    Helper helper(GENERATE(1, 2));
    // the second shift is more than left and right bear
    const float dx_px = GENERATE(0.2F, 3.5F);
    const auto a = once.fit(dx_px, -0.1, {}, a_fit), b = cut.fit(dx_px, -0.1, ends, b_fit, helper);
    REQUIRE(a.size() == b.size());
    for (std::size_t k = 0; k < a.size(); ++k) {
        CHECK(a[k].x_px == b[k].x_px);
        CHECK(a[k].y_px == b[k].y_px);
        CHECK(a[k].amplitude == b[k].amplitude);
        CHECK(a[k].se_x_px == b[k].se_x_px);
        CHECK(a[k].chi2 == b[k].chi2);
        CHECK(a[k].flags == b[k].flags);
    }
    CHECK(a_fit.sigma_px == b_fit.sigma_px);
    CHECK(a_fit.gain == b_fit.gain);
    CHECK(a_fit.background == b_fit.background);
}

TEST_CASE("with the rows in use alone, bands give the bits that all rows give", "[band_fit]") {
    constexpr int border_px = FitImage::border_px;
    const float dx_px = GENERATE(0.2F, 3.5F);
    TwoFrames few, all;
    FrameFit few_fit, all_fit;
    const auto a = few.fit(dx_px, -0.1, {}, few_fit),
               b = all.fit(dx_px, -0.1, {}, all_fit, no_helper(),
                           Refiner::RowsInUse{border_px, kRows + 2 * border_px});
    REQUIRE(a.size() == b.size());
    for (std::size_t k = 0; k < a.size(); ++k) {
        CHECK(a[k].x_px == b[k].x_px);
        CHECK(a[k].y_px == b[k].y_px);
        CHECK(a[k].se_y_px == b[k].se_y_px);
        CHECK(a[k].chi2 == b[k].chi2);
    }
    CHECK(few_fit.sigma_px == all_fit.sigma_px);
    CHECK(few_fit.gain == all_fit.gain);
}

TEST_CASE("columns that are settled do not change any more", "[band_fit]") {
    TwoFrames s;
    BandFit bands(kRows, kCols, kMost, 2);
    auto atoms = s.expected(0.1, 0.1);
    bands.begin(atoms, Honeycomb::a_px, s.known.sigma_px, 25, atoms);
    s.refiner.begin(Honeycomb::a_px, s.known, bands.rows_in_use());
    std::vector<Atom> final;
    std::size_t surrounded = 0;
    for (int rows = 10; rows <= kRows; rows += 10) {
        s.take(bands, rows, atoms);
        for (std::size_t k = 0; k < final.size(); ++k) {
            CHECK(final[k].x_px == atoms[k].x_px);
            CHECK(final[k].se_y_px == atoms[k].se_y_px);
        }
        REQUIRE(bands.settled() >= final.size());
        REQUIRE(bands.surrounded() >= surrounded);
        REQUIRE(bands.surrounded() <= bands.settled());
        surrounded = bands.surrounded();
        final.assign(atoms.begin(), atoms.begin() + static_cast<std::ptrdiff_t>(bands.settled()));
        const auto near = [&](std::size_t from, const Atom& of) {  // is any within 3 a?
            return std::any_of(
                atoms.begin() + static_cast<std::ptrdiff_t>(from), atoms.end(), [&](const Atom& a) {
                    return std::hypot(a.x_px - of.x_px, a.y_px - of.y_px) < 2.9 * Honeycomb::a_px;
                });
        };
        for (std::size_t k = 0; k < surrounded; ++k) {
            CHECK_FALSE(near(bands.settled(), atoms[k]));
        }
    }
    CHECK(bands.settled() == atoms.size());
    CHECK(bands.surrounded() == atoms.size());
}

TEST_CASE("a jump by half a cell is noticed as lost", "[band_fit]") {
    const auto [i, j] =
        GENERATE(table<double, double>({{0.5, 0}, {0, 0.5}, {0.5, 0.5}, {-0.5, 0}}));
    TwoFrames s;
    const Eigen::Vector2d jump = i * s.truth.lattice.a1_px + j * s.truth.lattice.a2_px;
    BandFit bands(kRows, kCols, kMost, 2);
    auto atoms = s.expected(jump.x(), jump.y());
    bands.begin(atoms, Honeycomb::a_px, s.known.sigma_px, 25, atoms);
    s.refiner.begin(Honeycomb::a_px, s.known, bands.rows_in_use());
    s.take(bands, kRows, atoms);
    CAPTURE(i, j);
    CHECK(bands.lost());
}

TEST_CASE("a column that nobody expected is found by its peak", "[band_fit]") {
    TwoFrames s;
    const auto hidden = static_cast<std::size_t>(
        std::find_if(s.truth.columns.begin(), s.truth.columns.end(),
                     [&](const auto& c) {
                         return c.site == 0 && c.amplitude > 100 && s.truth.inside(c, 60);
                     }) -
        s.truth.columns.begin());
    const auto column = s.truth.columns[hidden];
    auto atoms = s.expected(0.1, 0);
    atoms.erase(atoms.begin() + static_cast<std::ptrdiff_t>(hidden));
    const std::size_t known = atoms.size();
    const Cells none(64);
    BandFit bands(kRows, kCols, kMost, 2);
    bands.begin(atoms, Honeycomb::a_px, s.known.sigma_px, 25, atoms);
    s.refiner.begin(Honeycomb::a_px, s.known, bands.rows_in_use());
    bands.run({s.counts, s.valid, s.peaks, kRows}, none, s.refiner, atoms);
    FrameFit fit;
    s.refiner.end(atoms, fit);
    REQUIRE(atoms.size() == known + 1);
    CHECK(atoms.back().site == Site::other);
    CHECK(atoms.back().x_px == Approx(column.x).margin(0.3));
    CHECK(atoms.back().y_px == Approx(column.y).margin(0.3));
    CHECK(atoms.back().amplitude == Approx(column.amplitude).epsilon(0.2));
}

TEST_CASE("a frame in bands does not allocate", "[band_fit]") {
    TwoFrames s;
    BandFit bands(kRows, kCols, kMost, 2);
    auto atoms = s.expected(0.1, 0);
    CHECK(testing::allocations_in([&] {
              bands.begin(atoms, Honeycomb::a_px, s.known.sigma_px, 25, atoms);
              s.refiner.begin(Honeycomb::a_px, s.known, bands.rows_in_use());
              bands.run({s.counts, s.valid, s.peaks, kRows}, s.truth.cells, s.refiner, atoms);
          }) == 0);
}
