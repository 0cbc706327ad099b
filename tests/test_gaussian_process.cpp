// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/gaussian_process.hpp"

#include "support/allocations.hpp"

#include <catch2/catch.hpp>

#include <Eigen/LU>

#include <cmath>
#include <functional>
#include <numbers>
#include <random>
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

double kernel(const KernelParameters& k, const Point& a, const Point& b) {
    const double dn = (a.n - b.n) / 6 / k.length_n, dx = (a.x - b.x) / k.length_x;
    return k.variance * std::exp(-0.5 * (dn * dn + dx * dx));
}

/// The textbook Gaussian process on every single atom; an unknown mean is a constant of huge prior variance.
struct Dense {
    std::vector<Point> points;
    KernelParameters parameters;
    double mean_variance;
    std::vector<double> noise;  // of each point

    Eigen::MatrixXd covariance() const {
        const auto size = static_cast<Eigen::Index>(points.size());
        Eigen::MatrixXd k(size, size);
        for (Eigen::Index i = 0; i < size; ++i) {
            for (Eigen::Index j = 0; j < size; ++j) {
                const auto a = static_cast<std::size_t>(i), b = static_cast<std::size_t>(j);
                k(i, j) = kernel(parameters, points[a], points[b]) + mean_variance +
                          (i == j ? noise[a] : 0);
            }
        }
        return k;
    }
    Eigen::VectorXd deviations(double mean) const {
        Eigen::VectorXd y(static_cast<Eigen::Index>(points.size()));
        for (Eigen::Index i = 0; i < y.size(); ++i) {
            y[i] = points[static_cast<std::size_t>(i)].y - mean;
        }
        return y;
    }
    GaussianProcess::Prediction predict(double mean, double n, double x) const {
        Eigen::VectorXd k(static_cast<Eigen::Index>(points.size()));
        for (Eigen::Index i = 0; i < k.size(); ++i) {
            k[i] =
                kernel(parameters, points[static_cast<std::size_t>(i)], {n, x, 0}) + mean_variance;
        }
        const Eigen::LDLT<Eigen::MatrixXd> factor(covariance());
        return {mean + k.dot(factor.solve(deviations(mean))),
                std::sqrt(parameters.variance + mean_variance - k.dot(factor.solve(k)))};
    }
    double log_likelihood(double mean) const {
        const Eigen::LDLT<Eigen::MatrixXd> factor(covariance());
        const Eigen::VectorXd y = deviations(mean);
        return -0.5 * (y.dot(factor.solve(y)) + factor.vectorD().array().log().sum() +
                       static_cast<double>(y.size()) * std::log(2 * std::numbers::pi));
    }
};

double mean_of(const std::vector<Point>& points) {
    double sum = 0;
    for (const auto& p : points) {
        sum += p.y;
    }
    return sum / static_cast<double>(points.size());
}

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

TEST_CASE("the process of the cells is that of all atoms", "[gaussian_process]") {
    const bool pooled = GENERATE(false, true);
    const bool per_cell = GENERATE(false, true);
    CAPTURE(pooled, per_cell);
    const auto points = sample(wave, kCompositions, 130, 2, 5);
    const auto cells = cells_of(points);
    const KernelParameters parameters{7, 0.4, 0.8, 3};
    GaussianProcess process(
        per_cell ? GaussianProcess::Noise::per_cell : GaussianProcess::Noise::common,
        pooled ? GaussianProcess::Mean::pooled : GaussianProcess::Mean::unknown);
    REQUIRE(process.condition(cells, parameters));

    // the prior variance of the mean is large, and what it adds to the likelihood is known
    const double mean_variance = pooled ? 0 : 1e6, mean = mean_of(points);
    Dense dense{points, parameters, mean_variance, std::vector<double>(points.size(), 3)};
    if (per_cell) {
        double within = 0;
        for (const auto& c : cells) {
            within += c.sum_of_squares / static_cast<double>(points.size() - cells.size());
        }
        for (std::size_t k = 0; k < points.size(); ++k) {
            const auto c = *std::find_if(cells.begin(), cells.end(), [&](const auto& cell) {
                return cell.n == points[k].n && cell.x == points[k].x;
            });
            dense.noise[k] =
                c.count < 5 ? within : c.sum_of_squares / static_cast<double>(c.count - 1);
        }
    }
    const double tolerance = pooled ? 1e-8 : 1e-5;
    const double known_mean = pooled ? 0 : 0.5 * std::log(2 * std::numbers::pi * mean_variance);
    CHECK(process.log_likelihood() ==
          Approx(dense.log_likelihood(mean) + known_mean).epsilon(tolerance));
    for (const double n : {0.0, 2.5, 6.0}) {
        for (const double x : {0.05, 0.4, 1.0}) {
            const auto expected = dense.predict(mean, n, x), found = process.predict(n, x);
            CHECK(found.mean == Approx(expected.mean).epsilon(tolerance));
            CHECK(found.sd == Approx(expected.sd).epsilon(tolerance));
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
    double residuals = 0, cells_seen = 0;
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
            const auto z = process.leave_one_out();
            residuals += z.square().sum();
            cells_seen += static_cast<double>(z.size());
        }
    }
    const double coverage = static_cast<double>(covered) / all;
    CAPTURE(coverage);
    CHECK(coverage > 0.92);
    CHECK(coverage < 0.98);
    CHECK(residuals / cells_seen == Approx(1).margin(0.15));
}

TEST_CASE("a leave-one-out residual is that of a process without the cell", "[gaussian_process]") {
    const auto cells = cells_of(sample(wave, kCompositions, 300, 2, 8));
    const KernelParameters parameters{7, 0.4, 0.8, 3};
    GaussianProcess process, without;
    REQUIRE(process.condition(cells, parameters));
    const auto z = process.leave_one_out();
    for (std::size_t k = 0; k < cells.size(); ++k) {
        auto others = cells;
        others[k].count = 0;
        REQUIRE(without.condition(others, parameters));
        const auto p = without.predict(cells[k].n, cells[k].x);
        const double error = std::sqrt(p.sd * p.sd + 3 / static_cast<double>(cells[k].count));
        CHECK(z[static_cast<Eigen::Index>(k)] ==
              Approx((cells[k].mean - p.mean) / error).epsilon(1e-8));
    }
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
    CHECK(process.leave_one_out().size() == 0);
    cells[2].add(2);  // three equal single atoms
    REQUIRE(process.fit(cells));
    CHECK(process.predict(1, 0.5).mean == Approx(2));
    CHECK(std::isfinite(process.predict(6, 0.9).sd));
    CHECK(std::isfinite(process.log_likelihood()));
    CHECK_FALSE(process.refit(std::span(cells).first(2)));
    CHECK(std::isnan(process.predict(1, 0.5).sd));
}
