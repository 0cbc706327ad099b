// SPDX-License-Identifier: Apache-2.0
#include "mixtures/score_mixture.hpp"

#include "support/allocations.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>
#include <vector>

using namespace dwellmap;

namespace {

constexpr double kSigma_nm = 0.005;

/// Scores of +D with probability w and of −D otherwise, in sigmas, and noise of `sigma_of_minus` on the latter.
std::vector<double> pair_of(double d, std::size_t n, unsigned seed, double w = 0.5,
                            double sigma_of_minus = 1) {
    std::mt19937 random(seed);
    std::normal_distribution<double> normal;
    std::bernoulli_distribution plus(w);
    std::vector<double> scores;
    for (std::size_t i = 0; i < n; ++i) {
        scores.push_back(
            kSigma_nm * (plus(random) ? d + normal(random) : -d + sigma_of_minus * normal(random)));
    }
    return scores;
}

namespace reference {

struct Component {
    double weight, mean, variance;
};
using Mixture = std::vector<Component>;

double density(const Component& c, double s) {
    return c.weight * std::exp(-0.5 * (s - c.mean) * (s - c.mean) / c.variance) /
           std::sqrt(2 * std::numbers::pi * c.variance);
}

double density(const Mixture& m, double s) {
    double sum = 0;
    for (const auto& c : m) {
        sum += density(c, s);
    }
    return sum;
}

double log_likelihood(const std::vector<double>& scores, const Mixture& m) {
    double sum = 0;
    for (const double s : scores) {
        sum += std::log(density(m, s));
    }
    return sum;
}

double variance(const std::vector<double>& scores) {
    const auto n = static_cast<double>(scores.size());
    double mean = 0, square = 0;
    for (const double s : scores) {
        mean += s / n;
    }
    for (const double s : scores) {
        square += (s - mean) * (s - mean) / n;
    }
    return square;
}

/// Expectation-maximisation by the book, until nothing moves.
Mixture converged(const std::vector<double>& scores, Mixture m) {
    const double floor = 0.0025 * variance(scores);
    for (int iteration = 0; iteration < 20000; ++iteration) {
        double moved = 0;
        const Mixture old = m;
        for (std::size_t k = 0; k < m.size(); ++k) {
            double n = 0, sum = 0, square = 0;
            for (const double s : scores) {
                const double r = density(old[k], s) / density(old, s);
                n += r;
                sum += r * s;
                square += r * s * s;
            }
            m[k] = {n / static_cast<double>(scores.size()), sum / n,
                    std::max(square / n - sum * sum / (n * n), floor)};
            moved = std::max(moved, std::abs(m[k].mean - old[k].mean));
        }
        if (moved < 1e-10 * kSigma_nm) {
            break;
        }
    }
    return m;
}

/// From equal slices of the sorted scores, or Gaussians about the mean; the better one, ordered.
Mixture batch(std::vector<double> scores, std::size_t components) {
    std::sort(scores.begin(), scores.end());
    Mixture slices, about;
    const double v = variance(scores);
    for (std::size_t k = 0; k < components; ++k) {
        const std::size_t first = scores.size() * k / components;
        const std::size_t last = scores.size() * (k + 1) / components;
        const std::vector<double> part(scores.begin() + static_cast<std::ptrdiff_t>(first),
                                       scores.begin() + static_cast<std::ptrdiff_t>(last));
        double mean = 0;
        for (const double s : part) {
            mean += s / static_cast<double>(part.size());
        }
        const double weight = 1 / static_cast<double>(components);
        slices.push_back({weight, mean, std::max(variance(part), 0.0025 * v)});
        about.push_back(
            {weight,
             (static_cast<double>(k) - 0.5 * static_cast<double>(components - 1)) * std::sqrt(v),
             0.25 * v});
    }
    Mixture a = converged(scores, slices);
    const Mixture b = converged(scores, about);
    if (log_likelihood(scores, b) > log_likelihood(scores, a)) {
        a = b;
    }
    std::sort(a.begin(), a.end(), [](const auto& l, const auto& r) { return l.mean < r.mean; });
    return a;
}

}  // namespace reference

/// Is the number of hits what 68 % of n would be, within 60…76 %?
bool is_one_sigma(int hits, int n) { return hits > 0.60 * n && hits < 0.76 * n; }

}  // namespace

TEST_CASE("the fits are those of slow expectation-maximisation", "[score_mixture]") {
    const double d = GENERATE(0.0, 0.8, 1.5, 3.0);
    const std::size_t n = GENERATE(40, 150);
    const auto scores = pair_of(d, n, 3, 0.6, 1.3);
    const ScoreMixture cell = fit_mixture(scores, {}, nullptr, 0);
    for (std::size_t k = 1; k <= 3; ++k) {
        CAPTURE(d, n, k);
        const GaussianMixture& fit = cell.fits[k - 1];
        const auto slow = reference::batch(scores, k);
        const double highest = reference::log_likelihood(scores, slow);
        CHECK(fit.log_likelihood > highest - 1e-6);
        CHECK(fit.bic ==
              Approx(-2 * fit.log_likelihood + static_cast<double>(3 * k - 1) * std::log(n)));
        for (std::size_t j = 0; j < k && fit.log_likelihood < highest + 1e-6; ++j) {
            CHECK(fit.mean[j] == Approx(slow[j].mean).margin(1e-3 * fit.sigma[j]).epsilon(0));
            CHECK(fit.sigma[j] == Approx(std::sqrt(slow[j].variance)).epsilon(1e-3));
            CHECK(fit.weight[j] == Approx(slow[j].weight).margin(1e-3));
        }
    }
}

TEST_CASE("from the previous fit, 3 % more scores lead where a cold start leads, without the heap",
          "[score_mixture]") {
    const double d = GENERATE(0.5, 1.5, 2.5);
    const unsigned seed = GENERATE(range(1U, 9U));
    const auto all = pair_of(d, 412, seed);
    const std::vector<float> errors(all.size(), 0.001F);
    const std::span<const double> scores(all);
    const std::span<const float> se(errors);
    const ScoreMixture before = fit_mixture(scores.first(400), se.first(400), nullptr, 0);
    ScoreMixture warm;
    CHECK(testing::allocations_in([&] { warm = fit_mixture(scores, se, &before, 0); }) == 0);
    const ScoreMixture cold = fit_mixture(scores, se, nullptr, 0);
    CAPTURE(d, seed);
    CHECK(warm.best == cold.best);
    for (int k = 1; k <= cold.best;
         ++k) {  // of more components than there are, several maxima are alike
        const auto &a = warm.fits[static_cast<std::size_t>(k - 1)],
                   &b = cold.fits[static_cast<std::size_t>(k - 1)];
        CHECK(a.log_likelihood == Approx(b.log_likelihood).margin(1e-6).epsilon(0));
        for (std::size_t j = 0; j < 3; ++j) {
            CHECK(a.mean[j] == Approx(b.mean[j]).margin(1e-3 * kSigma_nm).epsilon(0));
        }
    }
    CHECK(warm.symmetric.separation == Approx(cold.symmetric.separation));
}

TEST_CASE("one peak is called one and two are called two", "[score_mixture]") {
    const unsigned seed = GENERATE(range(1U, 21U));
    const ScoreMixture one = fit_mixture(pair_of(0, 300, seed), {}, nullptr, 0);
    CAPTURE(seed);
    CHECK(one.best == 1);
    CHECK(one.delta_bic_2_1 > 0);
    CHECK_FALSE(one.symmetric_pair);
    const ScoreMixture two = fit_mixture(pair_of(1.6, 300, seed), {}, nullptr, 0);
    CHECK(two.best == 2);
    CHECK(two.delta_bic_2_1 < 0);
    CHECK(two.fits[1].mean[0] < two.fits[1].mean[1]);
    CHECK(two.symmetric.bic < two.fits[1].bic);  // it says the same with fewer parameters
}

TEST_CASE("standard errors hold the truth in two cases of three", "[score_mixture]") {
    constexpr double kD = 1.6;
    int of_means = 0, of_separation = 0, pairs = 0;
    constexpr int kSeeds = 300;
    for (unsigned seed = 0; seed < kSeeds; ++seed) {
        const ScoreMixture cell = fit_mixture(pair_of(kD, 250, seed), {}, nullptr, 2);
        const GaussianMixture& fit = cell.fits[1];
        of_means += std::abs(fit.mean[0] + kD * kSigma_nm) < fit.se_mean[0] ? 1 : 0;
        of_means += std::abs(fit.mean[1] - kD * kSigma_nm) < fit.se_mean[1] ? 1 : 0;
        const SymmetricMixture& both = cell.symmetric;
        of_separation += std::abs(both.separation - kD * kSigma_nm) < both.se_separation ? 1 : 0;
        pairs += cell.symmetric_pair ? 1 : 0;
    }
    CAPTURE(of_means, of_separation, pairs);
    CHECK(is_one_sigma(of_means, 2 * kSeeds));
    CHECK(is_one_sigma(of_separation, kSeeds));
    CHECK(pairs > 0.85 * kSeeds);
}

TEST_CASE("a pair is symmetric only where its means cancel and its weights are alike",
          "[score_mixture]") {
    CHECK(fit_mixture(pair_of(2.5, 400, 1), {}, nullptr, 0).symmetric_pair);
    CHECK_FALSE(fit_mixture(pair_of(2.5, 400, 1, 0.85), {}, nullptr, 0).symmetric_pair);
    CHECK_FALSE(fit_mixture(pair_of(2.5, 400, 1, 0.5, 3), {}, nullptr, 0).symmetric_pair);
    auto shifted = pair_of(2.5, 400, 1);
    for (double& s : shifted) {
        s += kSigma_nm;
    }
    CHECK_FALSE(fit_mixture(shifted, {}, nullptr, 0).symmetric_pair);
    // a third component between the two: domain walls
    auto walls = pair_of(4, 400, 1);
    const auto between = pair_of(0, 80, 2);
    walls.insert(walls.end(), between.begin(), between.end());
    const auto three = fit_mixture(walls, {}, nullptr, 0);
    CHECK(three.best == 3);
    CHECK(three.symmetric_pair);
}

TEST_CASE("the symmetric mixture is the most likely of all on a grid, also unresolved",
          "[score_mixture]") {
    const double d = GENERATE(0.0, 0.4, 1.0, 2.0);
    const unsigned seed = GENERATE(range(1U, 6U));
    const auto scores = pair_of(d, 200, seed);
    const SymmetricMixture fit = fit_mixture(scores, {}, nullptr, 0).symmetric;
    const auto log_likelihood = [&](double separation, double sigma) {
        return reference::log_likelihood(
            scores, {{0.5, separation, sigma * sigma}, {0.5, -separation, sigma * sigma}});
    };
    double highest = -1e300;
    for (int i = 0; i < 60; ++i) {
        for (int j = 0; j < 50; ++j) {
            highest = std::max(highest,
                               log_likelihood(0.05 * i * kSigma_nm, (0.5 + 0.02 * j) * kSigma_nm));
        }
    }
    CAPTURE(d, seed, fit.separation, fit.se_separation);
    CHECK(fit.log_likelihood >= highest);
    CHECK(fit.log_likelihood < highest + 0.2);
    CHECK(fit.log_likelihood == Approx(log_likelihood(fit.separation, fit.sigma)));
    const double square = fit.separation * fit.separation + fit.sigma * fit.sigma;
    const bool resolved = fit.log_likelihood > log_likelihood(0, std::sqrt(square)) + 2;
    CHECK(std::isfinite(fit.se_separation) == resolved);
    CHECK((d < 2 || resolved));
}

TEST_CASE("widths without the errors of measurement, also where these differ", "[score_mixture]") {
    double minus = 0, plus = 0, observed = 0;
    constexpr int kSeeds = 20;
    for (unsigned seed = 0; seed < kSeeds; ++seed) {
        auto scores = pair_of(3, 400, seed, 0.5, 0.6);
        std::mt19937 random(seed + 1000);
        std::normal_distribution<double> normal;
        std::vector<float> errors;
        for (double& s : scores) {
            errors.push_back(static_cast<float>(kSigma_nm * (errors.size() % 2 == 0 ? 0.3 : 1.2)));
            s += static_cast<double>(errors.back()) * normal(random);
        }
        const ScoreMixture cell = fit_mixture(scores, errors, nullptr, 2);
        minus += cell.true_sigma[0] / kSigma_nm / kSeeds;
        plus += cell.true_sigma[1] / kSigma_nm / kSeeds;
        observed += cell.fits[1].sigma[1] / kSigma_nm / kSeeds;
        CHECK(std::isnan(cell.true_sigma[2]));
    }
    CHECK(minus == Approx(0.6).epsilon(0.05));
    CHECK(plus == Approx(1).epsilon(0.05));
    CHECK(observed > 1.2);
    CHECK(std::isnan(fit_mixture(pair_of(2, 100, 1), {}, nullptr, 0).true_sigma[0]));
}

TEST_CASE("scores that say little or nothing give no false numbers", "[score_mixture]") {
    for (const auto& nothing : {std::vector<double>{}, std::vector<double>{1.0}, pair_of(2, 19, 1),
                                std::vector<double>(50, 0.1)}) {
        const ScoreMixture cell = fit_mixture(nothing, {}, nullptr, 0);
        CHECK(cell.count == static_cast<std::int64_t>(nothing.size()));
        CHECK(cell.best == 0);
        CHECK(std::isnan(cell.symmetric.separation));
        CHECK(fit_mixture(pair_of(2, 50, 1), {}, &cell, 0).best > 0);  // and no harm later
    }
    std::vector<double> two_values(40, -kSigma_nm), outlier = pair_of(0, 40, 1);
    std::fill_n(two_values.begin(), 20, kSigma_nm);
    outlier.back() = 1e3;
    for (const auto& odd : {two_values, outlier}) {
        const ScoreMixture cell = fit_mixture(odd, std::vector<float>(40, 0.1F), nullptr, 0);
        CHECK(cell.best > 0);
        for (const auto& fit : cell.fits) {
            CHECK(std::isfinite(fit.log_likelihood));
            CHECK(fit.weight[0] + fit.weight[1] + fit.weight[2] == Approx(1));
            CHECK(std::is_sorted(fit.mean.begin(), fit.mean.begin() + fit.k));
        }
        CHECK(std::isfinite(cell.symmetric.sigma));
        CHECK(std::isfinite(cell.true_sigma[0]));
    }
}

TEST_CASE("a fixed number of components is called best, whatever BIC says", "[score_mixture]") {
    const int components = GENERATE(1, 2, 3);
    const auto cell = fit_mixture(pair_of(0, 100, 1), {}, nullptr, components);
    CHECK(cell.best == components);
    CHECK(cell.fits[2].k == 3);
}
