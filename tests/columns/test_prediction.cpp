// SPDX-License-Identifier: Apache-2.0
#include "columns/prediction.hpp"
#include "support/honeycomb.hpp"

#include <catch2/catch.hpp>

#include <numeric>

using namespace dwellmap;
using testing::Honeycomb;

namespace {

constexpr int kRows = 150, kCols = 180, kBand = 21;

/// What is learnt of a honeycomb of which `seen` chooses the columns that were there.
struct Learnt {
    Honeycomb truth{kRows, kCols};
    std::vector<Atom> atoms;
    Cells cells{64};
    Prediction prediction{kRows, kCols, 2000};

    template <class Seen>
    explicit Learnt(const Seen& seen) {
        const auto all = truth.atoms();
        for (std::size_t k = 0; k < all.size(); ++k) {
            if (seen(truth.columns[k])) {
                cells.set(all[k].i, all[k].j, truth.columns[k].site,
                          static_cast<int>(atoms.size()));
                atoms.push_back(all[k]);
            }
        }
    }

    void learn(const Eigen::Vector2d& step_px = {0, 0}) {
        std::vector<std::int32_t> tracks(atoms.size());
        std::iota(tracks.begin(), tracks.end(), 1000);
        prediction.learn(atoms, tracks, truth.lattice, step_px, kBand, cells);
    }

    /// Index of what is expected at the site of a true column, or -1.
    int expected(const Honeycomb::Column& c) const { return cells.at(c.i, c.j, c.site); }

    double off_px(const Honeycomb::Column& c) const {
        const Atom& a = prediction.columns()[static_cast<std::size_t>(expected(c))];
        return std::hypot(a.x_px - c.x, a.y_px - c.y);
    }
};

bool everyone(const Honeycomb::Column& /*column*/) { return true; }

Atom vacant(Atom a, float off_px) {
    a.amplitude = 0;
    a.species = species_vacancy;
    a.flags = flag_weak;
    a.x_px += off_px;
    return a;
}

}  // namespace

TEST_CASE("every site is expected again where drift brings it", "[prediction]") {
    const auto [dx, dy] = GENERATE(table<double, double>({{0.0, 0.0}, {1.5, -0.7}, {-4.0, 6.0}}));
    Learnt l(everyone);
    l.learn({dx, dy});
    std::size_t stay = 0;
    for (std::size_t k = 0; k < l.truth.columns.size(); ++k) {
        auto c = l.truth.columns[k];
        c.x += dx;
        c.y += dy;
        CAPTURE(dx, dy, c.x, c.y);
        if (c.x < 0 || c.y < 0 || c.x > kCols - 1 || c.y > kRows - 1) {
            CHECK(l.expected(c) == -1);  // it has left the field
            continue;
        }
        ++stay;
        REQUIRE(l.expected(c) >= 0);
        CHECK(l.off_px(c) < 1e-3);
        CHECK(l.prediction.tracks()[static_cast<std::size_t>(l.expected(c))] ==
              1000 + static_cast<int>(k));
    }
    CHECK(l.prediction.columns().size() >= stay);  // and those that come into the field
    CHECK((dx != 0 || l.prediction.columns().size() == stay));
}

TEST_CASE("what is expected is sorted by band, and cells point to it", "[prediction]") {
    Learnt l(everyone);
    l.learn({2.5, 3.5});
    const auto& columns = l.prediction.columns();
    CHECK(l.prediction.tracks().size() == columns.size());
    CHECK(std::is_sorted(columns.begin(), columns.end(), [](const Atom& a, const Atom& b) {
        return static_cast<int>(a.y_px) / kBand < static_cast<int>(b.y_px) / kBand;
    }));
    for (std::size_t k = 0; k < columns.size(); ++k) {
        const Atom& a = columns[k];
        const int site = a.site == Site::cation ? 0 : 1;
        CHECK(l.cells.at(a.i, a.j, site) == static_cast<int>(k));
    }
}

TEST_CASE("a vacancy stays, in the middle of its neighbours", "[prediction]") {
    Learnt l(everyone);
    std::size_t k = 0;
    while (l.truth.columns[k].site == 0 || !l.truth.inside(l.truth.columns[k], 50)) {
        ++k;
    }
    l.atoms[k] = vacant(l.atoms[k], 3);
    l.learn();
    REQUIRE(l.expected(l.truth.columns[k]) >= 0);
    CHECK(l.off_px(l.truth.columns[k]) < 1e-3);
    const auto at = static_cast<std::size_t>(l.expected(l.truth.columns[k]));
    CHECK(l.prediction.tracks()[at] == 1000 + static_cast<int>(k));
}

TEST_CASE("the lattice is continued into specimen that drift has brought", "[prediction]") {
    const double strip_px = 12;  // at the left and the lower edge, not seen yet
    Learnt l([&](const auto& c) { return c.x > strip_px && c.y < kRows - strip_px; });
    const Cells known = l.cells;
    l.learn();
    int continued = 0;
    for (const auto& c : l.truth.columns) {
        if (known.at(c.i, c.j, c.site) >= 0) {
            continue;
        }
        const auto neighbours = std::count_if(
            kSixNeighbours.begin(), kSixNeighbours.end(),
            [&](const auto& n) { return known.at(c.i + n[0], c.j + n[1], c.site) >= 0; });
        CAPTURE(c.x, c.y, c.site, neighbours);
        REQUIRE((l.expected(c) >= 0) == (neighbours >= 2));  // all of the strip is at the edge
        if (l.expected(c) >= 0) {
            CHECK(l.off_px(c) < 1e-3);
            CHECK(l.prediction.tracks()[static_cast<std::size_t>(l.expected(c))] == -1);
            ++continued;
        }
    }
    CHECK(continued > 15);
    CHECK(l.prediction.columns().size() == l.atoms.size() + static_cast<std::size_t>(continued));
}

TEST_CASE("the lattice is not continued beyond the crystal's border within the image",
          "[prediction]") {
    Learnt l([](const auto& c) { return c.y < 75; });
    l.learn();
    for (const Atom& a : l.prediction.columns()) {
        const bool at_the_sides = a.x_px < 45 || a.x_px > kCols - 46;
        CHECK((a.y_px < 75 || at_the_sides));
    }
}

TEST_CASE("a site at the border of the crystal that turned out empty is given up", "[prediction]") {
    Learnt l([](const auto& c) { return c.y < 75; });
    int last_row = 0;  // of cations: j falls with y
    for (const Atom& a : l.atoms) {
        last_row = std::min<int>(last_row, a.site == Site::cation ? a.j : 0);
    }
    const std::size_t known = l.atoms.size();
    for (const auto& c : l.truth.columns) {  // the row beyond: thought to be there, found empty
        if (c.site == 0 && c.j == last_row - 1) {
            l.cells.set(c.i, c.j, 0, static_cast<int>(l.atoms.size()));
            Atom a = l.atoms[0];
            a.site = Site::cation;
            a.i = static_cast<std::int16_t>(c.i);
            a.j = static_cast<std::int16_t>(c.j);
            a.x_px = static_cast<float>(c.x);
            a.y_px = static_cast<float>(c.y);
            l.atoms.push_back(vacant(a, 0));
        }
    }
    REQUIRE(l.atoms.size() > known + 5);
    l.learn();
    for (const auto& c : l.truth.columns) {
        CAPTURE(c.x, c.y);
        if (c.y < 75) {
            CHECK(l.expected(c) >= 0);
        } else if (c.x > 45 && c.x < kCols - 46) {
            CHECK(l.expected(c) == -1);
        }
    }
}

TEST_CASE("nothing is expected after clear", "[prediction]") {
    Learnt l(everyone);
    l.learn();
    CHECK_FALSE(l.prediction.columns().empty());
    l.prediction.clear();
    CHECK(l.prediction.columns().empty());
}
