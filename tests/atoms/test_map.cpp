// SPDX-License-Identifier: Apache-2.0
#include "atoms/map.hpp"
#include "support/allocations.hpp"

#include <catch2/catch.hpp>

#include <bit>
#include <cmath>
#include <random>

using namespace dwellmap;

TEST_CASE("a map pixel takes the nearest cation's value and error, and nothing where none is near",
          "[map]") {
    MapPainter painter(512, 640, 10);
    auto layers = painter.make_layers();
    std::vector<Atom> atoms(2);
    std::vector<Scores> scores(2);
    atoms[0].x_px = 100;
    atoms[0].y_px = 200;
    atoms[1].x_px = 116;
    atoms[1].y_px = 200;
    scores[0].isotropic = 0.01F;
    scores[0].se_isotropic = 0.002F;
    scores[1].isotropic = -0.03F;
    atoms[0].complete = atoms[1].complete = 1;
    painter.begin(16);
    painter.paint(atoms, 0, 2);
    painter.fill(scores, layers);
    const int step = painter.step_px();
    const auto at = [&](int x, int y) { return layers[0].value(y / step, x / step); };
    CHECK(at(100, 200) == 0.01F);
    CHECK(at(94, 203) == 0.01F);
    CHECK(at(117, 199) == -0.03F);
    CHECK(std::isnan(at(100, 230)));
    CHECK(layers[0].sigma(200 / step, 100 / step) == 0.002F);
    CHECK(std::isnan(layers[1].value(200 / step, 100 / step)));
}

TEST_CASE("painted in parts, cut anywhere, the maps are the same bit for bit, and right", "[map]") {
    std::mt19937 random(GENERATE(1U, 2U));
    const int size = GENERATE(100, 700);  // a map pixel a pixel, and a coarse map
    std::uniform_real_distribution<float> anywhere(0, static_cast<float>(size - 1));
    std::vector<Atom> atoms(400);
    std::vector<Scores> scores(atoms.size());
    for (std::size_t k = 0; k < atoms.size(); ++k) {
        atoms[k].x_px = anywhere(random);
        atoms[k].y_px = anywhere(random);
        atoms[k].complete = static_cast<std::uint8_t>(random() % 2);
        scores[k].isotropic = static_cast<float>(k);
    }
    MapPainter once(size, size, 400), often(size, size, 400);
    auto a = once.make_layers(), b = a;
    once.begin(16);
    once.paint(atoms, 0, atoms.size());
    once.fill(scores, a);
    const auto allocations = testing::allocations_in([&] {
        often.begin(16);
        for (std::size_t first = 0; first < atoms.size();) {
            const auto last = std::min(atoms.size(), first + random() % 50);
            often.paint(atoms, first, last);
            first = last;
        }
        often.fill(scores, b);
    });
    CHECK(allocations == 0);
    const float step = static_cast<float>(once.step_px());
    for (Eigen::Index y = 0; y < a[0].value.rows(); ++y) {
        for (Eigen::Index x = 0; x < a[0].value.cols(); ++x) {
            const float value = a[0].value(y, x);
            REQUIRE(std::bit_cast<std::uint32_t>(value) ==
                    std::bit_cast<std::uint32_t>(b[0].value(y, x)));
            double best2 = std::pow(0.62 * 16, 2);
            float nearest = kNaN;
            for (const Atom& atom : atoms) {
                const double dx = atom.x_px - ((static_cast<float>(x) + 0.5F) * step - 0.5F),
                             dy = atom.y_px - ((static_cast<float>(y) + 0.5F) * step - 0.5F);
                if (atom.complete == 1 && dx * dx + dy * dy < best2) {
                    best2 = dx * dx + dy * dy;
                    nearest = scores[static_cast<std::size_t>(&atom - atoms.data())].isotropic;
                }
            }
            CHECK((value == nearest || (std::isnan(value) && std::isnan(nearest))));
        }
    }
}
