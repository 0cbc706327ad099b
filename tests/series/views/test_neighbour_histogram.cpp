// SPDX-License-Identifier: Apache-2.0
#include "views/neighbour_histogram.hpp"

#include "atoms/patterns.hpp"
#include "support/allocations.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>

using namespace dwellmap;

namespace {

constexpr double a_nm = 0.32;

Eigen::VectorXd ideal_offsets(int neighbours) {
    Eigen::VectorXd offsets(2 * neighbours);
    const auto sites = neighbour_sites(neighbours);
    for (int k = 0; k < neighbours; ++k) {
        const auto& [i, j] = sites[static_cast<std::size_t>(k)];
        offsets.segment<2>(2 * k) =
            a_nm * Eigen::Vector2d(i + 0.5 * j, j * std::numbers::sqrt3 / 2);
    }
    return offsets;
}

/// Ideal neighbourhoods with white noise, and site 0 at either of two places `apart` along an angle.
Eigen::MatrixXd neighbourhoods(int neighbours, int count, double noise, double apart,
                               double angle_rad) {
    std::mt19937 random(3);
    std::normal_distribution<double> normal(0, noise * a_nm);
    Eigen::MatrixXd all = ideal_offsets(neighbours).replicate(1, count);
    for (auto& value : all.reshaped()) {
        value += normal(random);
    }
    for (Eigen::Index k = 0; k < count; ++k) {
        const double half = random() % 2 == 0 ? apart / 2 : -apart / 2;
        all.col(k).head<2>() +=
            a_nm * half * Eigen::Vector2d(std::cos(angle_rad), std::sin(angle_rad));
    }
    return all;
}

NeighbourHistogram filled(const Eigen::MatrixXd& all) {
    NeighbourHistogram histogram(static_cast<int>(all.rows() / 2), 201, 3);
    for (const auto& offsets : all.colwise()) {
        histogram.add(offsets, a_nm);
    }
    return histogram;
}

}  // namespace

TEST_CASE("every offset is counted in its bin, v upwards", "[neighbour_histogram]") {
    const int neighbours = GENERATE(6, 12, 24);
    const Eigen::MatrixXd all = neighbourhoods(neighbours, 40, 0.05, 0, 0);
    NeighbourHistogram histogram = filled(all);
    NeighbourHistogram::Counts expected = NeighbourHistogram::Counts::Zero(201, 201);
    for (const auto& offsets : all.colwise()) {
        for (Eigen::Index k = 0; k < neighbours; ++k) {
            const double u = offsets[2 * k] / a_nm, v = offsets[2 * k + 1] / a_nm;
            ++expected(100 - std::lround(v / histogram.bin_length()),
                       100 + std::lround(u / histogram.bin_length()));
        }
    }
    CHECK((histogram.counts() == expected).all());
    CHECK(histogram.count() == 40);
    histogram.clear();
    CHECK(histogram.counts().sum() == 0);
    CHECK(std::isnan(histogram.spread(0).widest));
}

TEST_CASE("what is off the picture is left out of it", "[neighbour_histogram]") {
    NeighbourHistogram histogram(24, 101, 1.3);
    histogram.add(ideal_offsets(24), a_nm);
    CHECK(histogram.counts().sum() == 6);
}

TEST_CASE("mean and principal widths equal those of two passes", "[neighbour_histogram]") {
    const Eigen::MatrixXd all = neighbourhoods(12, 300, 0.05, 0.1, 0.4);
    const NeighbourHistogram histogram = filled(all);
    for (int k = 0; k < 12; ++k) {
        const Eigen::MatrixXd site = all.middleRows(2 * k, 2) / a_nm;
        const Eigen::Vector2d mean = site.rowwise().mean();
        const Eigen::Matrix2Xd centred = site.colwise() - mean;
        const Eigen::Matrix2d covariance = centred * centred.transpose() / 300;
        const auto spread = histogram.spread(k);
        CHECK((spread.mean - mean).norm() < 1e-12);
        const Eigen::Vector2d axis(std::cos(spread.widest_rad), std::sin(spread.widest_rad));
        const double widest2 = spread.widest * spread.widest;
        CHECK((covariance * axis - widest2 * axis).norm() < 1e-12);
        CHECK(widest2 + spread.narrowest * spread.narrowest ==
              Approx(covariance.trace()).epsilon(1e-9));
    }
}

TEST_CASE("the splitting equals that of the fourth cumulant along each direction",
          "[neighbour_histogram]") {
    Eigen::MatrixXd all = neighbourhoods(6, 500, 0.03, 0.12, 0.6);
    for (auto& value : all.reshaped()) {  // lopsided, and off the ideal sites
        value += 0.1 * a_nm + 4 * value * value;
    }
    const NeighbourHistogram histogram = filled(all);
    for (int k = 0; k < 6; ++k) {
        const Eigen::Matrix2Xd site = all.middleRows(2 * k, 2) / a_nm;
        double lowest = 1e9, splitting = 0;
        for (int d = 0; d < 36; ++d) {
            const double angle = d * std::numbers::pi / 36;
            Eigen::ArrayXd x = site.transpose() * Eigen::Vector2d(std::cos(angle), std::sin(angle));
            x -= x.mean();
            const double variance = x.square().mean();
            const double cumulant = x.pow(4).mean() - 3 * variance * variance;
            if (cumulant / (variance * variance) < lowest) {
                lowest = cumulant / (variance * variance);
                splitting = std::pow(std::max(0.0, -8 * cumulant), 0.25);
            }
        }
        const auto spread = histogram.spread(k);
        CHECK(spread.splitting == Approx(splitting).epsilon(1e-6));
        CHECK(spread.splitting_significance == Approx(-lowest / std::sqrt(24.0 / 500)));
    }
}

TEST_CASE("a site that is split says how far and along what, the others do not",
          "[neighbour_histogram]") {
    const double apart = GENERATE(0.1, 0.2);
    const double angle_rad = GENERATE(0.0, 0.7, 2.5);
    const NeighbourHistogram histogram = filled(neighbourhoods(6, 3000, 0.03, apart, angle_rad));
    const auto split = histogram.spread(0);
    CAPTURE(apart, angle_rad, split.splitting, split.splitting_rad);
    CHECK(split.splitting == Approx(apart).epsilon(0.05));
    CHECK(std::abs(std::remainder(split.splitting_rad - angle_rad, std::numbers::pi)) < 0.3);
    CHECK(split.splitting_significance > 8);
    for (int k = 1; k < 6; ++k) {
        CHECK(histogram.spread(k).splitting_significance < 4);
        CHECK(histogram.spread(k).widest == Approx(0.03).epsilon(0.05));
    }
}

TEST_CASE("a zigzag splits the four neighbours off its row", "[neighbour_histogram]") {
    NeighbourHistogram histogram(6, 201, 1.5);
    std::mt19937 random(8);
    std::normal_distribution<double> normal(0, 0.02 * a_nm);
    const double amplitude = 0.03;
    for (int k = 0; k < 2000; ++k) {
        // the rows along a1 stay, the others move by ∓2 A against them
        const double score = 4 * amplitude * a_nm * (k % 2 == 0 ? 1 : -1);
        Eigen::VectorXd offsets = ideal_offsets(6) + score * ideal_patterns().zigzag[0];
        for (auto& value : offsets) {
            value += normal(random);
        }
        histogram.add(offsets, a_nm);
    }
    for (int k = 0; k < 6; ++k) {
        const auto spread = histogram.spread(k);
        CAPTURE(k, spread.splitting, spread.splitting_rad, spread.splitting_significance);
        if (k % 3 == 0) {
            CHECK(spread.splitting_significance < 4);
        } else {
            CHECK(spread.splitting == Approx(4 * amplitude).epsilon(0.05));
            CHECK(spread.splitting_rad == Approx(std::numbers::pi / 2).margin(0.2));
            CHECK(spread.splitting_significance > 8);
        }
    }
}

TEST_CASE("too few neighbourhoods, or all alike, are no numbers or zero", "[neighbour_histogram]") {
    NeighbourHistogram histogram(6, 51, 2);
    for (int k = 0; k < NeighbourHistogram::kMinCount; ++k) {
        CHECK(std::isnan(histogram.spread(0).splitting));
        histogram.add(ideal_offsets(6), a_nm);
    }
    const auto spread = histogram.spread(3);
    CHECK(spread.mean.isApprox(Eigen::Vector2d(-1, 0)));
    CHECK(spread.widest == Approx(0).margin(1e-7));
    CHECK(spread.splitting == 0);
    CHECK(spread.splitting_significance == 0);
    const Eigen::VectorXd offsets = ideal_offsets(6);
    CHECK(testing::allocations_in([&] { histogram.add(offsets, a_nm); }) == 0);
}
