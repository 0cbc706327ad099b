// SPDX-License-Identifier: Apache-2.0
#include "views/structure_factor.hpp"

#include "dwellmap/simulated_crystal.hpp"
#include "simulator/simulated_disorder.hpp"

#include <Eigen/LU>

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <random>
#include <vector>

using namespace dwellmap;

namespace {

constexpr double a_nm = 0.32;
const Eigen::Vector2d a1_nm(a_nm* std::cos(0.3), -a_nm* std::sin(0.3));
const Eigen::Vector2d a2_nm(a_nm* std::cos(0.3 + std::numbers::pi / 3),
                            -a_nm* std::sin(0.3 + std::numbers::pi / 3));

/// The cations of a field of view, on their lattice sites at first.
struct Cations {
    std::vector<double> x, y;
    std::vector<std::int16_t> i, j;

    Cations() = default;

    explicit Cations(double side_nm) {
        for (int p = -150; p <= 150; ++p) {
            for (int q = -150; q <= 150; ++q) {
                const Eigen::Vector2d at = p * a1_nm + q * a2_nm;
                if (at.cwiseAbs().maxCoeff() <= side_nm / 2) {
                    x.push_back(at.x());
                    y.push_back(at.y());
                    i.push_back(static_cast<std::int16_t>(p));
                    j.push_back(static_cast<std::int16_t>(q));
                }
            }
        }
    }

    void shift(std::size_t k, const Eigen::Vector2d& by_nm) {
        x[k] += by_nm.x();
        y[k] += by_nm.y();
    }

    void zigzag(double amplitude_nm, int direction) {
        const Eigen::Vector2d row = std::array<Eigen::Vector2d, 3>{
            a1_nm, a2_nm, a2_nm - a1_nm}[static_cast<std::size_t>(direction)];
        for (std::size_t k = 0; k < x.size(); ++k) {
            shift(k, amplitude_nm * row_sign(i[k], j[k], direction) *
                         Eigen::Vector2d(-row.y(), row.x()).normalized());
        }
    }

    void disorder(double rms_nm, unsigned seed) {
        std::mt19937 random(seed);
        std::normal_distribution<double> normal(0, rms_nm);
        for (std::size_t k = 0; k < x.size(); ++k) {
            shift(k, {normal(random), normal(random)});
        }
    }

    auto half_order() const { return half_order_peaks(x, y, i, j); }

    std::vector<double> hann() const {
        const auto [x0, x1] = std::minmax_element(x.begin(), x.end());
        const auto [y0, y1] = std::minmax_element(y.begin(), y.end());
        std::vector<double> w;
        for (std::size_t k = 0; k < x.size(); ++k) {
            w.push_back(std::pow(std::sin(std::numbers::pi * (x[k] - *x0) / (*x1 - *x0)) *
                                     std::sin(std::numbers::pi * (y[k] - *y0) / (*y1 - *y0)),
                                 2));
        }
        return w;
    }
};

}  // namespace

TEST_CASE("half-order peaks are the sums over all cations", "[structure_factor]") {
    Cations cations(8);
    cations.zigzag(0.004, 1);
    cations.disorder(0.003, 5);
    const auto weights = cations.hann();
    for (const HalfOrder& half : cations.half_order()) {
        CHECK(half.peak ==
              Approx(structure_factor(cations.x, cations.y, weights, half.q)).epsilon(1e-9));
        double background = 0;
        const double radius = std::max(0.24 * half.q.norm(), 3.0 / 8);
        for (int m = 0; m < 24; ++m) {
            const double angle = m * std::numbers::pi / 12;
            background += structure_factor(
                cations.x, cations.y, weights,
                half.q + radius * Eigen::Vector2d(std::cos(angle), std::sin(angle)));
        }
        CHECK(half.background == Approx(background / 24).epsilon(0.1));  // the box is not quite 8
        CHECK(half.excess == half.peak - half.background);
    }
}

TEST_CASE("a zigzag of known amplitude has its peak at its own rows", "[structure_factor]") {
    const int direction = GENERATE(0, 1, 2);
    Cations cations(12);
    const double amplitude_nm = 0.005;
    cations.zigzag(amplitude_nm, direction);
    double sum = 0, squares = 0;
    for (const double w : cations.hann()) {
        sum += w;
        squares += w * w;
    }
    const auto half = cations.half_order();
    for (int k = 0; k < 3; ++k) {
        const HalfOrder& h = half[static_cast<std::size_t>(k)];
        CAPTURE(direction, k, h.excess, h.error);
        CHECK(h.q.norm() == Approx(1 / (std::numbers::sqrt3 * a_nm)).epsilon(1e-3));
        const double phase = 2 * std::numbers::pi * h.q.norm() * amplitude_nm;
        const double truth = k == direction ? std::pow(std::sin(phase) * sum, 2) / squares : 0.0;
        CHECK(h.excess == Approx(truth).epsilon(1e-2).margin(1e-3));
    }
}

TEST_CASE("the excess is right on average, and its error is what is stated", "[structure_factor]") {
    const double amplitude_nm = GENERATE(0.0, 0.002);
    constexpr int fields = 300;
    Cations perfect(6);
    perfect.zigzag(amplitude_nm, 0);
    const double truth = perfect.half_order()[0].excess;
    Eigen::ArrayXd excess(fields);
    std::vector<double> error;
    for (int k = 0; k < fields; ++k) {
        Cations cations = perfect;
        cations.disorder(0.01, static_cast<unsigned>(k));
        const HalfOrder half = cations.half_order()[0];
        excess[k] = half.excess;
        error.push_back(half.error);
    }
    const double scatter = std::sqrt((excess - excess.mean()).square().mean());
    std::sort(error.begin(), error.end());
    const double stated = error[fields / 2];
    CAPTURE(amplitude_nm, truth, excess.mean());
    // disorder weakens the peak, by exp(−(2π q)² 0.01² nm²)
    CHECK(std::abs(excess.mean() - 0.987 * truth) < 3.5 * scatter / std::sqrt(fields));
    CHECK(stated == Approx(scatter).epsilon(0.25));
}

TEST_CASE("the simulated alloy has the half-order peak of its zigzag", "[structure_factor]") {
    CrystalConfig config;
    config.composition = 0.95;
    config.domain_nm = 100;  // one domain
    const bool distorted = GENERATE(false, true);
    if (!distorted) {
        config.zigzag = {0, 0, 0};
    }
    const SimulatedCrystal crystal(config);
    Eigen::Matrix2d vectors;
    vectors << crystal.a1_nm(), crystal.a2_nm();
    Cations cations;
    for (int k = 0; k < crystal.cations(); ++k) {
        const auto& c = crystal.columns()[static_cast<std::size_t>(k)];
        const Eigen::Vector2d cell =
            vectors.inverse() * (c.ideal_nm - crystal.columns().front().ideal_nm);
        cations.x.push_back(c.position_nm.x());
        cations.y.push_back(c.position_nm.y());
        cations.i.push_back(static_cast<std::int16_t>(std::lround(cell.x())));
        cations.j.push_back(static_cast<std::int16_t>(std::lround(cell.y())));
    }
    const auto half = cations.half_order();
    CAPTURE(half[0].peak, half[0].background, half[1].excess, half[2].excess);
    CHECK((half[0].excess > 10 * half[0].error) == distorted);
    CHECK(half[1].excess < 5 * half[1].error);
    CHECK(half[2].excess < 5 * half[2].error);
}

TEST_CASE("long-range order is 1 in step, 1/n at random, 0 in equal domains",
          "[structure_factor]") {
    const int direction = GENERATE(0, 1, 2);
    const Cations cations(14);
    std::mt19937 random(6);
    std::vector<double> in_step, any, halves;
    for (std::size_t k = 0; k < cations.x.size(); ++k) {
        in_step.push_back(-0.01 * row_sign(cations.i[k], cations.j[k], direction));
        any.push_back(random() % 2 == 0 ? 0.01 : -0.01);
        halves.push_back(cations.x[k] > 0 ? in_step.back() : -in_step.back());
    }
    const auto n = static_cast<double>(in_step.size());
    const auto order = [&](const std::vector<double>& scores) {
        return long_range_order(cations.i, cations.j, scores, direction);
    };
    CHECK(order(in_step).order == Approx(1));
    CHECK(order(in_step).error == Approx(0).margin(1e-9));
    CHECK(order(in_step).correlation_length_a == LongRangeOrder::reach - 3);
    CHECK(order(any).order < 8 / n);
    CHECK(std::isnan(order(any).correlation_length_a));
    CHECK(order(halves).order < 1e-3);
    CHECK(order(halves).correlation[1] > 0.9);
    CHECK(long_range_order(cations.i, cations.j, in_step, (direction + 1) % 3).order < 1e-3);
}

TEST_CASE("the correlation length is that of the field behind the scores", "[structure_factor]") {
    const double length_a = GENERATE(4.0, 8.0);
    const Cations cations(40);
    const auto n = static_cast<Eigen::Index>(cations.x.size());
    Eigen::MatrixX2d at(n, 2);
    for (Eigen::Index k = 0; k < n; ++k) {
        at.row(k) << cations.x[static_cast<std::size_t>(k)], cations.y[static_cast<std::size_t>(k)];
    }
    Noise noise(3, 0);
    const Eigen::VectorXd field = smooth_field(at, 1, length_a * a_nm, noise);
    std::vector<double> scores;
    for (std::size_t k = 0; k < cations.x.size(); ++k) {  // as much noise as signal
        scores.push_back(row_sign(cations.i[k], cations.j[k], 1) *
                             field[static_cast<Eigen::Index>(k)] +
                         noise.normal());
    }
    scores[17] = std::numeric_limits<double>::quiet_NaN();
    const auto order = long_range_order(cations.i, cations.j, scores, 1);
    CHECK(order.count == static_cast<int>(n) - 1);
    CHECK(order.correlation[0] == Approx(1));
    CHECK(order.correlation[3] ==
          Approx(0.5 * std::exp(-4.5 / (length_a * length_a))).epsilon(0.05));
    // C(d) = exp(−d² / 2 l²) / 2
    const double truth = std::sqrt(9 + 2 * length_a * length_a) - 3;
    CHECK(order.correlation_length_a == Approx(truth).epsilon(0.15));
}

TEST_CASE("cations that span nothing, or have no scores, are not known", "[structure_factor]") {
    const std::vector<double> x{0, 1, 2, 3, 4}, y(5, 0.0), zeros(5, 0.0);
    const std::vector<std::int16_t> i{0, 1, 2, 3, 4}, j(5, std::int16_t{0});
    for (const std::size_t n : {0U, 1U, 5U}) {
        const std::span cut_x(x.data(), n), cut_y(y.data(), n);
        const std::span cut_i(i.data(), n), cut_j(j.data(), n);
        CHECK(std::isnan(half_order_peaks(cut_x, cut_y, cut_i, cut_j)[0].peak));
        const auto order = long_range_order(cut_i, cut_j, std::span(zeros.data(), n), 0);
        CHECK(std::isnan(order.order));
        CHECK(order.count == static_cast<int>(n));
    }
}
