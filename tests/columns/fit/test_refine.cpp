// SPDX-License-Identifier: Apache-2.0
#include "fit/refine.hpp"
#include "support/allocations.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <random>

using namespace dwellmap;

namespace {

constexpr double kSigma = 2.5, kA = 16;

struct Column {
    double x, y, amplitude;
    Site site;
};

/// A honeycomb of bright and faint columns on a sloping background, expected counts.
struct Scene {
    std::vector<Column> columns;
    Image counts = Image::Zero(160, 200);

    Scene() {
        for (int i = -20; i < 20; ++i) {
            for (int j = 0; j < 14; ++j) {
                const double x = kA * (i + 0.5 * j) + 3, y = kA * std::sqrt(0.75) * j + 4;
                columns.push_back({x + 0.3 * std::sin(7.0 * i + j), y + 0.3 * std::cos(3.0 * j - i),
                                   (i + j) % 3 == 0 ? 130.0 : 50.0, Site::cation});
                columns.push_back({x + kA / 2, y + kA / std::sqrt(12.0), 20, Site::anion});
            }
        }
        std::erase_if(columns,
                      [](const Column& c) { return c.x < 0 || c.y < 0 || c.x > 199 || c.y > 159; });
        render();
    }

    static double background(int x, int y) { return 6 + 0.02 * x - 0.01 * y; }

    void render() {
        for (int y = 0; y < 160; ++y) {
            for (int x = 0; x < 200; ++x) {
                double sum = background(x, y);
                for (const auto& c : columns) {
                    sum += c.amplitude * std::exp(-((x - c.x) * (x - c.x) + (y - c.y) * (y - c.y)) /
                                                  (2 * kSigma * kSigma));
                }
                counts(y, x) = static_cast<float>(sum);
            }
        }
    }

    /// As if found to the nearest pixel, with rough amplitudes.
    std::vector<Atom> start() const {
        std::vector<Atom> atoms;
        for (const auto& c : columns) {
            Atom a;
            a.x_px = static_cast<float>(std::lround(c.x));
            a.y_px = static_cast<float>(std::lround(c.y));
            a.amplitude = static_cast<float>(0.8 * c.amplitude);
            a.site = c.site;
            atoms.push_back(a);
        }
        return atoms;
    }
};

bool inside(const Column& c) { return c.x > 20 && c.y > 20 && c.x < 180 && c.y < 140; }

}  // namespace

TEST_CASE("the joint fit returns expected counts to what they were made of", "[refine]") {
    const Scene scene;
    auto atoms = scene.start();
    Refiner refiner(160, 200, 1000);
    FrameFit fit;
    const std::vector<std::uint8_t> valid(160, 1);
    refiner.run(scene.counts, valid, 160, kA, 20, atoms, fit);
    REQUIRE(atoms.size() == scene.columns.size());
    CHECK(fit.sigma_px == Approx(kSigma).epsilon(0.01));
    for (std::size_t k = 0; k < atoms.size(); ++k) {
        if (inside(scene.columns[k])) {
            CHECK(atoms[k].x_px == Approx(scene.columns[k].x).margin(0.02));
            CHECK(atoms[k].y_px == Approx(scene.columns[k].y).margin(0.02));
            CHECK(atoms[k].amplitude == Approx(scene.columns[k].amplitude).epsilon(0.03));
            CHECK(atoms[k].background ==
                  Approx(Scene::background(static_cast<int>(scene.columns[k].x),
                                           static_cast<int>(scene.columns[k].y)))
                      .margin(0.6));
        }
    }
}

TEST_CASE("gain and read-out noise are seen in the residual, so errors hold in any unit",
          "[refine]") {
    const double gain = GENERATE(1.0, 40.0, 0.001);
    const Scene scene;
    std::mt19937 random(5);
    Image counts = scene.counts;
    for (Eigen::Index k = 0; k < counts.size(); ++k) {
        counts.data()[k] =
            static_cast<float>(gain * std::poisson_distribution<int>(counts.data()[k])(random));
    }
    auto atoms = scene.start();
    for (auto& a : atoms) {
        a.amplitude *= static_cast<float>(gain);
    }
    Refiner refiner(160, 200, 1000);
    FrameFit fit;
    refiner.run(counts, std::vector<std::uint8_t>(160, 1), 160, kA, 8, atoms, fit);
    CHECK(fit.gain == Approx(gain).epsilon(0.25));
    CHECK(fit.chi2 == Approx(1).epsilon(0.1));
    int within = 0, all = 0;
    for (std::size_t k = 0; k < atoms.size(); ++k) {
        if (inside(scene.columns[k]) && scene.columns[k].site == Site::cation) {
            within += std::abs(atoms[k].x_px - scene.columns[k].x) < atoms[k].se_x_px ? 1 : 0;
            within += std::abs(atoms[k].y_px - scene.columns[k].y) < atoms[k].se_y_px ? 1 : 0;
            all += 2;
        }
    }
    CAPTURE(gain, within, all);
    CHECK(within > 0.55 * all);
    CHECK(within < 0.80 * all);
}

TEST_CASE("a site without a column stays where it is, and has next to no amplitude", "[refine]") {
    Scene scene;
    std::size_t vacant = 0;
    while (scene.columns[vacant].site == Site::cation || !inside(scene.columns[vacant])) {
        ++vacant;
    }
    scene.columns[vacant].amplitude = 0;
    scene.render();
    std::mt19937 random(6);
    for (Eigen::Index k = 0; k < scene.counts.size(); ++k) {
        scene.counts.data()[k] =
            static_cast<float>(std::poisson_distribution<int>(scene.counts.data()[k])(random));
    }
    auto atoms = scene.start();
    atoms[vacant].amplitude = 15;
    Refiner refiner(160, 200, 1000);
    FrameFit fit;
    refiner.run(scene.counts, std::vector<std::uint8_t>(160, 1), 160, kA, 8, atoms, fit);
    CHECK(atoms[vacant].amplitude < 0.3 * 20);
    CHECK(std::hypot(atoms[vacant].x_px - scene.columns[vacant].x,
                     atoms[vacant].y_px - scene.columns[vacant].y) < 0.22 * kA);
}

TEST_CASE("a fit does not allocate", "[refine]") {
    const Scene scene;
    auto atoms = scene.start();
    Refiner refiner(160, 200, 1000);
    FrameFit fit;
    const std::vector<std::uint8_t> valid(160, 1);
    CHECK(testing::allocations_in(
              [&] { refiner.run(scene.counts, valid, 160, kA, 4, atoms, fit); }) == 0);
}
