// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/stream.hpp"

#include <memory>

namespace dwellmap::testing {

/// A result in which every number is its own, so that a swapped field shows.
inline FrameResult result(int atoms) {
    FrameResult r;
    r.series = std::make_shared<const Series>(start_message(12, 20).series);
    r.frame_number = 7;
    r.rows_valid = 12;
    r.complete = true;
    r.pixel_size_nm = 0.0125;
    r.species_names = {"Mo", "Re", "S2", "vacancy"};
    for (int i = 0; i < atoms; ++i) {
        const auto f = static_cast<float>(i);
        Atom a;
        a.id = 1000 + i;
        a.x_px = 1.25F + f;
        a.y_px = 2.5F + f;
        a.se_x_px = 0.01F + f;
        a.amplitude = 100 + f;
        a.background = 10 + f;
        a.site = i % 2 == 0 ? Site::cation : Site::anion;
        a.species = static_cast<std::int8_t>(i % 3 - 1);
        a.n = static_cast<std::int8_t>(i);
        a.flags = static_cast<std::uint16_t>(i * 3);
        a.j = static_cast<std::int16_t>(-i);
        r.atoms.push_back(a);
        Scores s;
        for (std::size_t k = 0; k < kModes; ++k) {
            s.pca[k] = f + static_cast<float>(k) / 8;
        }
        s.zigzag = {f, f + 0.25F, f + 0.5F};
        s.isotropic = -f;
        s.order_parameter = f / 4;
        r.scores.push_back(s);
    }
    r.sigma_px = 3.5;
    r.lattice.a_px = 25.4;
    r.drift_px = {0.5, -0.75};
    r.species.threshold = 1.5;
    r.species.clusters = {0, 10, 20, 30, 0, 0, 0, 0};
    r.modes[0].neighbours = 6;
    r.modes[0].mean = Eigen::VectorXd::LinSpaced(12, 0, 1);
    r.modes[0].loadings = Eigen::MatrixXd::Random(12, kModes);
    r.modes[0].explained = {0.5, 0.25};
    r.modes[0].name[0] = ModeName::isotropic;
    r.maps.push_back({"isotropic", Image::Random(3, 5), Image::Random(3, 5)});
    r.maps.push_back({"order_parameter", Image::Random(3, 5), Image::Random(3, 5)});
    r.map_step_px = 4;
    r.notes = note_no_scale | note_rows_lost;
    return r;
}

}  // namespace dwellmap::testing
