// SPDX-License-Identifier: Apache-2.0
#include "regression/folded_regression.hpp"

#include "regression/folded_errors.hpp"
#include "regression/folded_sums.hpp"
#include "support/regression_series.hpp"

#include <catch2/catch.hpp>

#include <Eigen/LU>

#include <cmath>
#include <functional>
#include <numbers>
#include <random>
#include <vector>

using namespace dwellmap;
using testing::Series;
using testing::SeriesTruth;
using testing::simulate_series;
using Width = FoldedRegression::Width;
using Shells = FoldedRegression::Shells;

namespace {

/// Log likelihood of p = (a, b, d, ln v), atom by atom, as it is written.
double log_likelihood(const Series& s, const Eigen::Vector4d& p) {
    const double v = std::exp(p[3]);
    const auto normal = [v](double deviation) {
        return std::exp(-0.5 * deviation * deviation / v) / std::sqrt(2 * std::numbers::pi * v);
    };
    double sum = 0;
    for (std::size_t i = 0; i < s.n.size(); ++i) {
        const double separation = p[0] * s.n[i] + p[1] * s.x[i] + p[2];
        sum +=
            std::log(0.5 * normal(s.score[i] - separation) + 0.5 * normal(s.score[i] + separation));
    }
    return sum;
}

/// Second differences of it.
Eigen::Matrix4d curvature(const Series& s, const Eigen::Vector4d& p) {
    const double h = 1e-3;
    Eigen::Matrix4d second;
    for (int i = 0; i < 4; ++i) {
        for (int k = 0; k < 4; ++k) {
            const auto at = [&](double si, double sk) {
                Eigen::Vector4d q = p;
                q[i] += si * h;
                q[k] += sk * h;
                return log_likelihood(s, q);
            };
            second(i, k) = -(at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)) / (4 * h * h);
        }
    }
    return second;
}

/// Σ over blocks of the outer products of their log likelihoods' slopes.
Eigen::Matrix4d scatter_of_blocks(const Series& s, const Eigen::Vector4d& p) {
    const double h = 1e-4;
    Eigen::Matrix4d sum = Eigen::Matrix4d::Zero();
    for (int image = 0; image < 4; ++image) {
        for (int block = 0; block < 16; ++block) {
            const Series part = s.only(image, block);
            Eigen::Vector4d slope;
            for (int k = 0; k < 4; ++k) {
                const Eigen::Vector4d step = h * Eigen::Vector4d::Unit(k);
                slope[k] =
                    (log_likelihood(part, p + step) - log_likelihood(part, p - step)) / (2 * h);
            }
            sum += slope * slope.transpose();
        }
    }
    return sum;
}

/// The log width of greatest likelihood, by ternary search.
double best_log_width(const Series& s, Eigen::Vector4d p) {
    double low = 0, high = 6;
    while (high - low > 1e-7) {
        const double left = low + (high - low) / 3, right = high - (high - low) / 3;
        p[3] = left;
        const double at_left = log_likelihood(s, p);
        p[3] = right;
        (at_left < log_likelihood(s, p) ? low : high) =
            at_left < log_likelihood(s, p) ? left : right;
    }
    return low;
}

RegressionEstimate with_errors(const FoldedRegression& regression, const RegressionSample& sample) {
    FoldedErrors errors;
    errors.renew_all(regression, sample, 0);
    RegressionEstimate e = regression.estimate();
    errors.set(regression, 0, e);
    return e;
}

}  // namespace

TEST_CASE("sums over folded samples equal the standard library's", "[folded_regression]") {
    const std::size_t size = GENERATE(0, 1, 7, 8, 9, 5000);
    const double k = GENERATE(-1.3, 0.0, 1e-4, 0.2, 60.0);
    CAPTURE(size, k);
    std::mt19937 random(1);
    std::normal_distribution<double> normal(0, 8);
    std::vector<double> samples(size);
    FoldedSums expected;
    for (auto& s : samples) {
        s = normal(random);
        const double q = std::abs(k * s);
        expected.s_tanh += s * std::tanh(k * s);
        expected.s2_sech2 += s * s * 4 * std::exp(-2 * q) / std::pow(1 + std::exp(-2 * q), 2);
        expected.log_cosh += q + std::log1p(std::exp(-2 * q)) - std::numbers::ln2;
    }
    const FoldedSums sums = folded_sums(samples.data(), size, k);
    CHECK(sums.s_tanh == Approx(expected.s_tanh).epsilon(1e-12));
    CHECK(sums.s2_sech2 == Approx(expected.s2_sech2).epsilon(1e-12));
    CHECK(sums.log_cosh == Approx(expected.log_cosh).epsilon(1e-12).margin(1e-10));
}

TEST_CASE("the estimate is the maximum of the likelihood, its errors the inverse curvature",
          "[folded_regression]") {
    SeriesTruth truth;
    truth.atoms = 400;
    const Series series = simulate_series(truth, 1);
    FoldedRegression regression(Width::common, Shells::first);
    REQUIRE(regression.fit(series.sample()));
    const auto e = with_errors(regression, series.sample());
    Eigen::Vector4d p(e.value.a, e.value.b, e.value.d, 0);
    p[3] = best_log_width(series, p);
    CHECK(regression.log_likelihood() == Approx(log_likelihood(series, p)).epsilon(1e-9));

    const Eigen::Matrix4d covariance = curvature(series, p).inverse();
    CHECK(e.se_model.a == Approx(std::sqrt(covariance(0, 0))).epsilon(1e-3));
    CHECK(e.se_model.b == Approx(std::sqrt(covariance(1, 1))).epsilon(1e-3));
    CHECK(e.se_model.d == Approx(std::sqrt(covariance(2, 2))).epsilon(1e-3));
    const Eigen::Vector4d slope(-e.ratio / e.value.a, 1 / (6 * e.value.a), 0, 0);
    CHECK(e.se_ratio_model == Approx(std::sqrt(slope.dot(covariance * slope))).epsilon(1e-3));
    const Eigen::Matrix4d between =
        64.0 / 63 * covariance * scatter_of_blocks(series, p) * covariance;
    CHECK(e.se.a == Approx(std::sqrt(between(0, 0))).epsilon(1e-3));
    CHECK(e.se.b == Approx(std::sqrt(between(1, 1))).epsilon(1e-3));
    CHECK(e.se.d == Approx(std::sqrt(between(2, 2))).epsilon(1e-3));
    for (int k = 0; k < 4; ++k) {
        Eigen::Vector4d up = p, down = p;
        up[k] += 0.1 * std::sqrt(covariance(k, k));
        down[k] -= 0.1 * std::sqrt(covariance(k, k));
        const double difference = log_likelihood(series, up) - log_likelihood(series, down);
        CHECK(std::abs(difference) < 1e-3);
        CHECK(log_likelihood(series, up) < regression.log_likelihood());
    }
}

TEST_CASE("the truth is found, also where widths differ and the outer shells act",
          "[folded_regression]") {
    const bool outer = GENERATE(false, true);
    SeriesTruth truth;
    truth.atoms = 8000;
    truth.width = 3;
    truth.width_per_n = 0.5;
    truth.b = outer ? 1.5 : 5;
    truth.c = outer ? 0.4 : 0;
    const Series series = simulate_series(truth, 2);
    FoldedRegression regression(Width::per_cell, outer ? Shells::outer : Shells::first);
    REQUIRE(regression.fit(series.sample()));
    const auto e = regression.estimate();
    CHECK(std::abs(e.value.a - truth.a) < 3.5 * e.se_model.a);
    CHECK(std::abs(e.value.b - truth.b) < 3.5 * e.se_model.b);
    CHECK(std::abs(e.value.d - truth.d) < 3.5 * e.se_model.d);
    CHECK(e.se_ratio_model < 0.06);
    if (outer) {
        CHECK(std::abs(e.value.c - truth.c) < 3.5 * e.se_model.c);
        CHECK(e.se_model.c < 0.1);
    } else {
        CHECK(std::isnan(e.value.c));
        // one width for all takes the wider wells for farther ones
        FoldedRegression common(Width::common, Shells::first);
        REQUIRE(common.fit(series.sample()));
        CHECK(common.log_likelihood() < regression.log_likelihood() - 100);
        CHECK(std::abs(common.estimate().value.a - truth.a) > 3.5 * e.se_model.a);
    }
}

TEST_CASE("atoms whose outer shells are not known are left out", "[folded_regression]") {
    Series series = simulate_series({}, 3), known;
    for (std::size_t i = 0; i < series.n.size(); ++i) {
        if (i % 3 == 0) {
            series.n_outer[i] = -1;
        } else {
            known.push(series.n[i], series.n_outer[i], series.x[i], series.score[i],
                       series.image[i], series.block[i]);
        }
    }
    FoldedRegression some(Width::common, Shells::outer), all(Width::common, Shells::outer);
    REQUIRE(some.fit(series.sample()));
    REQUIRE(all.fit(known.sample()));
    CHECK(some.estimate().count == static_cast<std::int64_t>(known.n.size()));
    CHECK(some.estimate().value.c == Approx(all.estimate().value.c));
    CHECK(with_errors(some, series.sample()).se.c == Approx(with_errors(all, known.sample()).se.c));
}

TEST_CASE("a refit finds what a fit finds, whatever the sign and the order of the atoms",
          "[folded_regression]") {
    const Width width = GENERATE(Width::common, Width::per_cell);
    Series series = simulate_series({}, 4);
    FoldedRegression warm(width, Shells::first), cold(width, Shells::first);
    REQUIRE(warm.fit(series.without(3).sample()));
    for (auto& s : series.score) {
        s = -s;
    }
    REQUIRE(warm.refit(series.sample()));
    REQUIRE(cold.fit(series.sample()));
    CHECK(warm.log_likelihood() == Approx(cold.log_likelihood()).epsilon(1e-12));
    CHECK(warm.estimate().ratio == Approx(cold.estimate().ratio).epsilon(1e-6));
    CHECK(warm.estimate().value.a > 0);
}

TEST_CASE("the quoted error of the ratio is its spread between series", "[folded_regression]") {
    const Width width = GENERATE(Width::common, Width::per_cell);
    SeriesTruth truth;
    truth.block_factor = 0.12;
    truth.atoms = 1600;
    std::vector<double> ratios, quoted, model;
    for (unsigned seed = 0; seed < 80; ++seed) {
        const Series series = simulate_series(truth, 100 + seed);
        FoldedRegression regression(width, Shells::first);
        REQUIRE(regression.fit(series.sample()));
        const auto e = with_errors(regression, series.sample());
        ratios.push_back(e.ratio);
        quoted.push_back(e.se_ratio);
        model.push_back(e.se_ratio_model);
        CHECK(e.ratio_low < e.ratio_high);
    }
    const auto found = testing::spread_of(ratios);
    CHECK(found.mean == Approx(0.5).margin(0.05));
    CHECK(testing::spread_of(quoted).mean == Approx(found.sd).epsilon(0.25));
    CHECK(testing::spread_of(model).mean < 0.85 * found.sd);
}

TEST_CASE("the range without one image is that of fits without it", "[folded_regression]") {
    const Series series = simulate_series({}, 5);
    FoldedRegression regression(Width::per_cell, Shells::first), part = regression;
    REQUIRE(regression.fit(series.sample()));
    const auto e = with_errors(regression, series.sample());
    Range expected;
    for (int image = 0; image < 4; ++image) {
        const Series rest = series.without(image);
        REQUIRE(part.fit(rest.sample()));
        expected.add(part.estimate().ratio);
    }
    CHECK(e.ratio_low == Approx(expected.low).epsilon(1e-5));
    CHECK(e.ratio_high == Approx(expected.high).epsilon(1e-5));
}

TEST_CASE(
    "errors renewed image by image are, after a round, those found at once, and say how old they "
    "are",
    "[folded_regression]") {
    const Series series = simulate_series({}, 7);
    FoldedRegression regression(Width::per_cell, Shells::first);
    REQUIRE(regression.fit(series.sample()));
    const auto expected = with_errors(regression, series.sample());
    FoldedErrors errors;
    RegressionEstimate e = regression.estimate();
    for (int update = 1; update <= 4; ++update) {
        CHECK(std::isnan(e.se.a));
        errors.renew(regression, series.sample(), 1, update);
        errors.set(regression, update, e);
    }
    CHECK(e.se.a == Approx(expected.se.a));
    CHECK(e.se_ratio == Approx(expected.se_ratio));
    CHECK(e.ratio_low == expected.ratio_low);
    CHECK(e.ratio_high == expected.ratio_high);
    CHECK(e.errors_age == 3);
    errors.renew(regression, series.sample(), 1, 5);  // the oldest one
    errors.set(regression, 5, e);
    CHECK(e.errors_age == 3);

    const Series fewer = series.without(2);
    regression.refit(fewer.sample());
    errors.renew(regression, fewer.sample(), 3, 6);
    e = regression.estimate();
    errors.set(regression, 6, e);
    CHECK(e.se_ratio == Approx(with_errors(regression, fewer.sample()).se_ratio));
    CHECK(e.errors_age == 0);
}

TEST_CASE("what a sample does not determine is not known, and nothing else suffers",
          "[folded_regression]") {
    const Width width = GENERATE(Width::common, Width::per_cell);
    FoldedRegression regression(width, Shells::first);
    CHECK_FALSE(regression.fit({}));
    CHECK(std::isnan(regression.estimate().ratio));

    SeriesTruth one_image;
    one_image.compositions = {0.5};
    const Series single = simulate_series(one_image, 6);
    REQUIRE(regression.refit(single.sample()));
    const auto e = with_errors(regression, single.sample());
    CHECK(std::abs(e.value.a - 1.65) < 4 * e.se.a);
    CHECK(std::isnan(e.value.b));
    CHECK(std::isnan(e.se.b));
    CHECK(std::isnan(e.ratio_low));

    Series atom;
    atom.push(3, 0, 0.5, 2.0, 0, 0);
    regression.fit(atom.sample());
    CHECK(std::isnan(regression.estimate().value.a));
    Series flat;
    for (int k = 0; k < 60; ++k) {
        flat.push(k % 6, 0, k % 2 == 0 ? 0.3 : 0.6, 0.0, k % 2, 0);
    }
    regression.fit(flat.sample());
    CHECK_FALSE(std::isinf(regression.estimate().ratio));
}
