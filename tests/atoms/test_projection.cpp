// SPDX-License-Identifier: Apache-2.0
#include "atoms/projection.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cmath>
#include <random>
#include <vector>

using namespace dwellmap;

TEST_CASE("projections and their variances are what their equations say", "[projection]") {
    const int dim = GENERATE(12, 24, 48);
    std::mt19937 random(static_cast<unsigned>(dim));
    std::normal_distribution<double> normal;
    const LatticeFrame frame{0.02 * std::cos(0.3), 0.02 * std::sin(0.3)};
    const auto size = static_cast<std::size_t>(dim);
    std::vector<float> offsets_px(size), variances_px2(2 + size);
    for (float& x : offsets_px) {
        x = static_cast<float>(16 * normal(random));
    }
    for (float& v : variances_px2) {
        v = static_cast<float>(1e-3 * std::exp(normal(random)));
    }
    Projection projection;
    projection.clear(dim);
    std::array<std::vector<double>, Projection::lanes> patterns;
    for (std::size_t lane = 0; lane < patterns.size(); ++lane) {
        patterns[lane].resize(size);
        for (double& w : patterns[lane]) {
            w = normal(random);
        }
        projection.set(static_cast<int>(lane), frame, patterns[lane].data(), 0.1);
    }
    const auto values = projection.values(offsets_px.data());
    const auto variances = projection.variances(variances_px2.data());
    for (std::size_t lane = 0; lane < patterns.size(); ++lane) {
        double value = -0.1, variance = 0;
        Eigen::Vector2d centre(0, 0);
        for (std::size_t k = 0; k < size; k += 2) {
            const Eigen::Vector2d w(patterns[lane][k], patterns[lane][k + 1]);
            value += w.dot(frame.turn(offsets_px[k], offsets_px[k + 1]));
            const Eigen::Vector2d to_x = frame.turn(1, 0), to_y = frame.turn(0, 1);
            const Eigen::Vector2d along(w.dot(to_x), w.dot(to_y));  // of the image's x and y
            variance += along.x() * along.x() * variances_px2[2 + k] +
                        along.y() * along.y() * variances_px2[3 + k];
            centre += along;
        }
        variance +=
            centre.x() * centre.x() * variances_px2[0] + centre.y() * centre.y() * variances_px2[1];
        CAPTURE(dim, lane);
        CHECK(values[lane] == Approx(value).margin(1e-13));
        CHECK(variances[lane] == Approx(variance).epsilon(1e-6));
    }
}
