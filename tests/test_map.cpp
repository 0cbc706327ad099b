// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/map.hpp"

#include <catch2/catch.hpp>

#include <cmath>

using namespace dwellmap;

TEST_CASE("a map pixel takes the nearest cation's value and error, and nothing where none is near",
          "[map]") {
    MapPainter painter(512, 640);
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
    painter.run(atoms, scores, 16, layers);
    const int step = painter.step_px();
    const auto at = [&](int x, int y) { return layers[0].value(y / step, x / step); };
    CHECK(at(100, 200) == 0.01F);
    CHECK(at(94, 203) == 0.01F);
    CHECK(at(117, 199) == -0.03F);
    CHECK(std::isnan(at(100, 230)));
    CHECK(layers[0].sigma(200 / step, 100 / step) == 0.002F);
    CHECK(std::isnan(layers[1].value(200 / step, 100 / step)));
}
