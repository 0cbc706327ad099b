// SPDX-License-Identifier: Apache-2.0
#include "fit/column_window.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <random>

using namespace dwellmap;

namespace {

constexpr int kSide = 128;

std::vector<float> noise(double low, double high, unsigned seed) {
    std::mt19937 random(seed);
    std::vector<float> values(kSide * kSide);
    for (float& v : values) {
        v = static_cast<float>(std::uniform_real_distribution<double>(low, high)(random));
    }
    return values;
}

/// Rows that lie one below the other in the image, and `step` rows from each other in memory, round and round.
std::vector<std::ptrdiff_t> rows_apart(std::ptrdiff_t step) {
    std::vector<std::ptrdiff_t> starts(kSide);
    for (std::ptrdiff_t y = 0; y < kSide; ++y) {
        starts[static_cast<std::size_t>(y)] = y * step % kSide * kSide;
    }
    return starts;
}

double gauss(double d, double sigma) { return std::exp(-d * d / (2 * sigma * sigma)); }

void check_line(const AxisLine& line, int first, int pixels, double centre, double sigma) {
    double worst = 0;
    for (int k = 0; k < pixels; ++k) {
        const auto at = static_cast<std::size_t>(k);
        worst = std::max(worst, std::abs(line.e[at] - gauss(first + k - centre, sigma)));
        CHECK(line.d[at] == Approx(first + k - centre).margin(1e-5));
    }
    CAPTURE(sigma, centre, worst);
    CHECK(worst < 1e-6);
}

/// Three images of kSide × kSide and a column in them, and what all sums are made of.
struct Patch {
    std::vector<float> counts = noise(0, 100, 1), model = noise(10, 80, 2),
                       weight = noise(0.01, 0.1, 3);
    std::vector<std::ptrdiff_t> rows;
    ColumnLines lines{4.5, 3};
    ColumnWindow window;

    explicit Patch(double sigma_px, std::ptrdiff_t rows_step) : rows(rows_apart(rows_step)) {
        lines.set_width(sigma_px);
        lines.open(60.3F, 57.8F, window);
    }

    WindowPixels pixels(int dx, int dy) const {
        const int x = window.x0 + dx;
        return {counts.data() + x, model.data() + x, weight.data() + x,
                rows.data() + window.y0 + dy};
    }

    std::size_t at(int x, int y) const {
        return static_cast<std::size_t>(rows[static_cast<std::size_t>(y)] + x);
    }

    struct Pixel {
        double w, r, e, u, v;
    };

    /// Σ of a term over the part of the window.
    template <class Term>
    double sum(int dx, int dy, int nx, int ny, const Term& term) const {
        double all = 0;
        for (int y = dy; y < dy + ny; ++y) {
            for (int x = dx; x < dx + nx; ++x) {
                const std::size_t pixel = at(window.x0 + x, window.y0 + y);
                const auto kx = static_cast<std::size_t>(x), ky = static_cast<std::size_t>(y);
                all += term(Pixel{weight[pixel], static_cast<double>(counts[pixel]) - model[pixel],
                                  static_cast<double>(window.x.e[kx]) * window.y.e[ky],
                                  window.x.d[kx], window.y.d[ky]});
            }
        }
        return all;
    }
};

using Pixel = Patch::Pixel;

}  // namespace

TEST_CASE("a column's lines are exponentials, at any width and place", "[column_window]") {
    const double sigma = GENERATE(0.8, 1.3, 2.5, 4.0, 7.0, 10.0);
    ColumnLines lines(4.5, 3);
    lines.set_width(sigma);
    std::mt19937 random(4);
    std::uniform_real_distribution<float> place(-0.5F, 1500.0F);
    for (int n = 0; n < 50; ++n) {
        const float x = place(random), y = place(random);
        ColumnWindow window, other;
        lines.open(x, y, window);
        CHECK(window.nx % 8 == 0);
        CHECK(std::abs(window.x0 + 0.5 * window.nx - x) <= 1.5);  // around the column
        CHECK(std::abs(window.y0 + 0.5 * window.ny - y) <= 1.5);
        check_line(window.x, window.x0, window.nx, x, sigma);
        check_line(window.y, window.y0, window.ny, y, sigma);
        lines.open_at(window, x + 0.37F, y - 1.1F, other);
        CHECK(other.x0 == window.x0);
        CHECK(other.ny == window.ny);
        check_line(other.x, window.x0, window.nx, x + 0.37F, sigma);
        check_line(other.y, window.y0, window.ny, y - 1.1F, sigma);
    }
}

TEST_CASE("a column's sums are those of plain loops", "[column_window]") {
    const double sigma = GENERATE(1.0, 2.5, 5.0);
    const bool whole = GENERATE(true, false);
    const Patch p(sigma, GENERATE(1, 37));
    const int dx = whole ? 0 : 3, dy = whole ? 0 : 2, nx = whole ? p.window.nx : 8,
              ny = whole ? p.window.ny : p.window.ny - 3;
    WindowSums s{};
    ShapeSums t{};
    sum_all(p.pixels(dx, dy), p.window, dx, dy, nx, ny, s, t);
    const WindowSums less = sum_window(p.pixels(dx, dy), p.window, dx, dy, nx, ny);
    const auto check = [&](const char* name, double value, const auto& term) {
        const double scale =
            p.sum(dx, dy, nx, ny, [&](const Pixel& q) { return std::abs(term(q)); });
        CAPTURE(name, sigma, whole);
        CHECK(value == Approx(p.sum(dx, dy, nx, ny, term)).margin(2e-6 * scale));
    };
    const auto check_both = [&](const char* name, float WindowSums::*member, const auto& term) {
        check(name, s.*member, term);
        check(name, less.*member, term);
    };
    check_both("r", &WindowSums::r, [](const Pixel& q) { return q.w * q.r * q.e; });
    check_both("ru", &WindowSums::ru, [](const Pixel& q) { return q.w * q.r * q.e * q.u; });
    check_both("rv", &WindowSums::rv, [](const Pixel& q) { return q.w * q.r * q.e * q.v; });
    const auto h = [](const Pixel& q) { return q.w * q.e * q.e; };
    check_both("h", &WindowSums::h, h);
    check_both("hu", &WindowSums::hu, [&](const Pixel& q) { return h(q) * q.u; });
    check_both("hv", &WindowSums::hv, [&](const Pixel& q) { return h(q) * q.v; });
    check_both("huu", &WindowSums::huu, [&](const Pixel& q) { return h(q) * q.u * q.u; });
    check_both("huv", &WindowSums::huv, [&](const Pixel& q) { return h(q) * q.u * q.v; });
    check_both("hvv", &WindowSums::hvv, [&](const Pixel& q) { return h(q) * q.v * q.v; });
    check("ruu", t.ruu, [](const Pixel& q) { return q.w * q.r * q.e * q.u * q.u; });
    check("ruv", t.ruv, [](const Pixel& q) { return q.w * q.r * q.e * q.u * q.v; });
    check("rvv", t.rvv, [](const Pixel& q) { return q.w * q.r * q.e * q.v * q.v; });
    check("huuuu", t.huuuu, [&](const Pixel& q) { return h(q) * std::pow(q.u, 4); });
    check("huuvv", t.huuvv, [&](const Pixel& q) { return h(q) * q.u * q.u * q.v * q.v; });
    check("hvvvv", t.hvvvv, [&](const Pixel& q) { return h(q) * std::pow(q.v, 4); });
    check("w", t.w, [](const Pixel& q) { return q.w; });
    check("we", t.we, [](const Pixel& q) { return q.w * q.e; });
    check("weuu", t.weuu, [](const Pixel& q) { return q.w * q.e * q.u * q.u; });
    check("wevv", t.wevv, [](const Pixel& q) { return q.w * q.e * q.v * q.v; });
    check("wr", t.wr, [](const Pixel& q) { return q.w * q.r; });
    check("wrr", t.wrr, [](const Pixel& q) { return q.w * q.r * q.r; });
}

TEST_CASE("a column is added and moved within its window, and nowhere else", "[column_window]") {
    Patch p(2.5, GENERATE(1, 37));
    ColumnWindow to;
    p.lines.open_at(p.window, 60.9F, 57.1F, to);
    const std::vector<float> before = p.model;
    float* left = p.model.data() + p.window.x0;
    const std::ptrdiff_t* top = p.rows.data() + p.window.y0;
    add_column(left, top, p.window, 30);
    move_column(left, top, p.window, 30, to, 40);
    double worst = 0;
    for (int y = 0; y < kSide; ++y) {
        for (int x = 0; x < kSide; ++x) {
            const int kx = x - p.window.x0, ky = y - p.window.y0;
            const bool in = kx >= 0 && ky >= 0 && kx < p.window.nx && ky < p.window.ny;
            const double column = in ? 40 * gauss(x - 60.9, 2.5) * gauss(y - 57.1, 2.5) : 0;
            const std::size_t at = p.at(x, y);
            worst = std::max(worst, std::abs(p.model[at] - before[at] - column));
        }
    }
    CHECK(worst < 1e-4);  // 40 counts, single precision
}

TEST_CASE("weights are one over the variance, which has a least", "[column_window]") {
    const std::vector<float> model{-50, 0, 1, 10, 100, 1000, 7, 8, 9};
    std::vector<float> weight(model.size());
    weigh_row(model.data(), 2, 3, 5, static_cast<int>(model.size()), weight.data());
    for (std::size_t k = 0; k < model.size(); ++k) {
        CHECK(weight[k] == Approx(1 / std::max(5.0, 2.0 * model[k] + 3)));
    }
}
