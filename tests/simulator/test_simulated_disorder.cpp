// SPDX-License-Identifier: Apache-2.0
#include "simulator/simulated_disorder.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>

namespace dwellmap {
namespace {

constexpr Eigen::Index kSide = 80;

/// [kSide² × 2] a square grid of 0.5 nm
Eigen::MatrixX2d grid() {
    Eigen::MatrixX2d points(kSide * kSide, 2);
    for (Eigen::Index k = 0; k < points.rows(); ++k) {
        const Eigen::Index row = k / kSide;
        points.row(k) << 0.5 * static_cast<double>(k % kSide), 0.5 * static_cast<double>(row);
    }
    return points;
}

TEST_CASE("a smooth field has its rms and its correlation length") {
    double covariance = 0;  // of points 2 nm apart
    for (unsigned seed = 1; seed <= 8; ++seed) {
        Noise noise(seed, 0);
        const auto field = smooth_field(grid(), 0.03, 2.0, noise);
        CHECK(field.mean() == Approx(0).margin(1e-12));
        CHECK(std::sqrt(field.squaredNorm() / static_cast<double>(field.size())) == Approx(0.03));
        const Eigen::Index apart = 4 * kSide;
        const Eigen::Index pairs = field.size() - apart;
        covariance += field.head(pairs).dot(field.tail(pairs)) / static_cast<double>(pairs) / 8;
    }
    CHECK(covariance / (0.03 * 0.03) == Approx(std::exp(-0.5)).margin(0.08));
}

TEST_CASE("domains have both signs, their size, and directions as often as asked for") {
    const auto points = grid();
    Noise noise(3, 0);
    const auto one = draw_domains(points, 1000, 0, noise);
    const bool uniform = std::all_of(one.begin(), one.end(), [&](const auto& d) {
        return d.sign == one[0].sign && d.direction == 0;
    });
    CHECK(uniform);

    const auto many = draw_domains(points, 3, 0.5, noise);
    double positive = 0;
    double minor = 0;
    int walls = 0;
    for (std::size_t k = 0; k < many.size(); ++k) {
        positive += many[k].sign > 0 ? 1 : 0;
        minor += many[k].direction != 0 ? 1 : 0;
        const bool same_row = k % static_cast<std::size_t>(kSide) != 0;
        walls += same_row && many[k].sign != many[k - 1].sign ? 1 : 0;
    }
    const auto count = static_cast<double>(many.size());
    CHECK(positive / count == Approx(0.5).margin(0.2));
    CHECK(minor / count == Approx(0.5).margin(0.2));
    CHECK(walls / count == Approx(0.5 * 0.5 / (3 * 0.7854))
                               .margin(0.05));  // a wall between domains, half of the times
}

}  // namespace
}  // namespace dwellmap
