// SPDX-License-Identifier: Apache-2.0
#include "regression/gaussian_process.hpp"

#include "support/allocations.hpp"

#include <catch2/catch.hpp>

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include <cmath>
#include <functional>
#include <numbers>
#include <random>
#include <utility>
#include <vector>

using namespace dwellmap;

namespace {

using Function = std::function<double(double n, double x)>;

struct Point {
    double n, x, y;
};

/// Atoms as in a random alloy of the given compositions: n is binomial, `per_image` of them at x = 1.
std::vector<Point> sample(const Function& truth, const std::vector<double>& xs, int per_image,
                          double noise, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<double> normal;
    std::vector<Point> points;
    for (const double x : xs) {
        std::binomial_distribution<int> neighbours(6, x);
        const int atoms = static_cast<int>(per_image * x);
        for (int k = 0; k < atoms; ++k) {
            const double n = neighbours(random);
            points.push_back({n, x, truth(n, x) + noise * normal(random)});
        }
    }
    return points;
}

std::vector<ResponseCell> cells_of(const std::vector<Point>& points) {
    std::vector<ResponseCell> cells;
    for (const auto& p : points) {
        auto cell = std::find_if(cells.begin(), cells.end(),
                                 [&](const auto& c) { return c.n == p.n && c.x == p.x; });
        if (cell == cells.end()) {
            cell = cells.insert(cell, {p.n, p.x});
        }
        cell->add(p.y);
    }
    return cells;
}

using Real = long double;  // as not to measure the rounding of the textbook's own solution
using Matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>;
using Vector = Eigen::Matrix<Real, Eigen::Dynamic, 1>;

Real kernel(const KernelParameters& k, const Point& a, const Point& b) {
    const Real dn = (Real(a.n) - b.n) / 6 / k.length_n, dx = (Real(a.x) - b.x) / k.length_x;
    return k.variance * std::exp(-(dn * dn + dx * dx) / 2);
}

/// The textbook Gaussian process on every single atom, its mean unknown, with a flat prior.
class Dense {
public:
    Dense(std::vector<Point> points, const KernelParameters& parameters)
        : points_(std::move(points)), parameters_(parameters) {
        const auto size = static_cast<Eigen::Index>(points_.size());
        Matrix k(size, size);
        y_.resize(size);
        for (Eigen::Index i = 0; i < size; ++i) {
            k.col(i) = covariances(at(i));
            k(i, i) += parameters.noise_variance;
            y_[i] = at(i).y;
        }
        factor_.compute(k);
        solved_ones_ = factor_.solve(Vector::Ones(size));
        mean_ = y_.dot(solved_ones_) / solved_ones_.sum();
        y_.array() -= mean_;
    }
    GaussianProcess::Prediction predict(double n, double x) const {
        const Vector k = covariances({n, x, 0}), solved = factor_.solve(k);
        const Real rest = 1 - solved.sum();
        const Real variance =
            parameters_.variance - k.dot(solved) + rest * rest / solved_ones_.sum();
        return {static_cast<double>(mean_ + solved.dot(y_)),
                static_cast<double>(std::sqrt(variance))};
    }
    double log_likelihood() const {
        const Real degrees = static_cast<Real>(points_.size() - 1);
        return static_cast<double>(
            -(y_.dot(factor_.solve(y_)) + factor_.vectorD().array().log().sum() +
              std::log(solved_ones_.sum()) + degrees * std::log(2 * std::numbers::pi_v<Real>)) /
            2);
    }

private:
    const Point& at(Eigen::Index i) const { return points_[static_cast<std::size_t>(i)]; }
    Vector covariances(const Point& to) const {
        Vector k(static_cast<Eigen::Index>(points_.size()));
        for (Eigen::Index i = 0; i < k.size(); ++i) {
            k[i] = kernel(parameters_, at(i), to);
        }
        return k;
    }

    std::vector<Point> points_;
    KernelParameters parameters_;
    Eigen::LDLT<Matrix> factor_;
    Vector y_, solved_ones_;
    Real mean_ = 0;
};

double plane(double n, double x) { return 1.65 * n + 5 * x - 0.25; }
double step(double n, double x) { return 9 / (1 + std::exp(-(n - 4 + 2 * x) / 1.2)); }
double folded(double n, double x) { return 0.9 * std::hypot(5, plane(n, x)); }
double wave(double n, double x) { return 4 + 3 * std::sin(n / 2 + 2 * x); }

const std::vector<double> kCompositions = {0.05, 0.55, 0.78, 0.95};

}  // namespace

TEST_CASE("a cell that atoms enter, leave and change equals the one of those that are left",
          "[gaussian_process]") {
    std::mt19937 random(1);
    std::normal_distribution<double> normal(10, 5);
    std::uniform_real_distribution<double> uniform;
    ResponseCell cell;
    std::vector<double> atoms;
    for (int k = 0; k < 100'000; ++k) {
        const double action = uniform(random), y = normal(random);
        const auto at =
            static_cast<std::size_t>(uniform(random) * static_cast<double>(atoms.size()));
        if (atoms.size() < 200 || action < 0.33) {
            cell.add(y);
            atoms.push_back(y);
        } else if (action < 0.66) {
            cell.remove(atoms[at]);
            atoms[at] = atoms.back();
            atoms.pop_back();
        } else {
            cell.replace(atoms[at], y);
            atoms[at] = y;
        }
    }
    double mean = 0, squares = 0;
    for (const double y : atoms) {
        mean += y / static_cast<double>(atoms.size());
    }
    for (const double y : atoms) {
        squares += (y - mean) * (y - mean);
    }
    CHECK(cell.count == static_cast<std::int64_t>(atoms.size()));
    CHECK(cell.mean == Approx(mean).epsilon(1e-12));
    CHECK(cell.sum_of_squares == Approx(squares).epsilon(1e-12));
    for (const double y : atoms) {
        cell.remove(y);
    }
    CHECK(cell.count == 0);
    CHECK(cell.sum_of_squares == 0);
}

TEST_CASE("the process of the cells is that of all atoms, to ten digits", "[gaussian_process]") {
    const auto parameters = GENERATE(KernelParameters{7, 0.4, 0.8, 3},
                                     KernelParameters{20, 3, 3, 0.5},  // nearly singular
                                     KernelParameters{1, 0.15, 0.15, 10});
    const auto points = sample(wave, kCompositions, 130, 2, 5);
    const Dense dense(points, parameters);
    GaussianProcess process;
    REQUIRE(process.condition(cells_of(points), parameters));
    CHECK(process.log_likelihood() == Approx(dense.log_likelihood()).epsilon(1e-10));
    for (const double n : {0.0, 2.5, 6.0}) {
        for (const double x : {0.05, 0.4, 1.0}) {
            const auto expected = dense.predict(n, x), found = process.predict(n, x);
            CAPTURE(n, x, found.mean - expected.mean, found.sd - expected.sd);
            CHECK(found.mean == Approx(expected.mean).epsilon(1e-10));
            CHECK(found.sd == Approx(expected.sd).epsilon(1e-10));
        }
    }
}

TEST_CASE("no parameters on a grid within the bounds are likelier than the fitted ones",
          "[gaussian_process]") {
    const auto truth = GENERATE(as<Function>{}, plane, step, wave);
    const auto cells = cells_of(sample(truth, kCompositions, 2000, 4, 6));
    GaussianProcess process, other;
    REQUIRE(process.fit(cells));
    const auto best = process.parameters();
    double greatest = -1e300;
    for (const double variance : {0.2, 0.5, 0.8, 1.0, 1.25, 2.0, 5.0}) {
        for (const double length_n : {0.15, 0.3, 0.6, 1.2, 3.0, best.length_n}) {
            for (const double length_x : {0.15, 0.3, 0.6, 1.2, 3.0, best.length_x}) {
                for (const double noise : {0.8, 0.98, 1.0, 1.02, 1.25}) {
                    other.condition(cells, {variance * best.variance, length_n, length_x,
                                            noise * best.noise_variance});
                    greatest = std::max(greatest, other.log_likelihood());
                }
            }
        }
    }
    CHECK(process.log_likelihood() >= greatest - 1e-4);
    CHECK(std::sqrt(best.noise_variance) == Approx(4).epsilon(0.05));
}

TEST_CASE("the 95 % band of the function covers it as often as it says", "[gaussian_process]") {
    int covered = 0, all = 0;
    for (const auto& truth : std::vector<Function>{plane, step, folded, wave}) {
        for (unsigned seed = 0; seed < 40; ++seed) {
            GaussianProcess process;
            REQUIRE(process.fit(cells_of(sample(truth, kCompositions, 3000, 4, 100 + seed))));
            for (const double x : {0.05, 0.3, 0.55, 0.65, 0.78, 0.86, 0.95}) {
                for (int n = 0; n <= 6; ++n) {
                    const auto p = process.predict(n, x);
                    covered += std::abs(p.mean - truth(n, x)) < 1.96 * p.sd ? 1 : 0;
                    ++all;
                }
            }
        }
    }
    const double coverage = static_cast<double>(covered) / all;
    CAPTURE(coverage);
    CHECK(coverage > 0.92);
    CHECK(coverage < 0.98);
}

TEST_CASE("a refit after new atoms finds what a fit finds, and does not allocate",
          "[gaussian_process]") {
    auto points = sample(step, kCompositions, 1500, 4, 9);
    GaussianProcess warm, cold;
    REQUIRE(warm.fit(cells_of(points)));
    const auto more = sample(step, kCompositions, 300, 4, 10);
    points.insert(points.end(), more.begin(), more.end());
    auto cells = cells_of(points);
    REQUIRE(warm.refit(cells));
    REQUIRE(cold.fit(cells));
    CHECK(warm.log_likelihood() == Approx(cold.log_likelihood()).margin(1e-4));
    CHECK(warm.predict(3, 0.5).mean == Approx(cold.predict(3, 0.5).mean).epsilon(1e-3));
    cells[0].add(3);
    CHECK(testing::allocations_in([&] { warm.refit(cells); }) == 0);
}

TEST_CASE("one composition is a process over n alone", "[gaussian_process]") {
    GaussianProcess process;
    REQUIRE(process.fit(cells_of(sample(plane, {0.55}, 4000, 4, 11))));
    for (int n = 1; n <= 5; ++n) {
        CHECK(process.predict(n, 0.55).mean == Approx(plane(n, 0.55)).margin(0.8));
    }
}

TEST_CASE("without enough cells nothing is known, without scatter everything is finite",
          "[gaussian_process]") {
    GaussianProcess process;
    CHECK_FALSE(process.fit({}));
    CHECK(std::isnan(process.predict(1, 0.5).mean));
    CHECK(std::isnan(process.log_likelihood()));
    std::vector<ResponseCell> cells = {{0, 0.5, 1, 2}, {1, 0.5, 1, 2}, {2, 0.5}, {3, 0.5}};
    CHECK_FALSE(process.fit(cells));
    cells[2].add(2);  // three equal single atoms
    REQUIRE(process.fit(cells));
    CHECK(process.predict(1, 0.5).mean == Approx(2));
    CHECK(std::isfinite(process.predict(6, 0.9).sd));
    CHECK(std::isfinite(process.log_likelihood()));
    CHECK_FALSE(process.refit(std::span(cells).first(2)));
    CHECK(std::isnan(process.predict(1, 0.5).sd));
}
