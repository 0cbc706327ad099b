// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

namespace dwellmap {

/// Milliseconds a complete frame costs after its maps are out.
struct SeriesTimes {
    std::vector<double> collect;  ///< tracks -> field of view
    std::vector<double>
        statistics;  ///< field of view -> modes, mixtures, classes, surface, regressions
    double library_atoms = 0, frame_atoms = 0;
};

/// Frames of 17.6 nm (1024 x 1024; 3,000 cations with 24 neighbours) that join a library of about `library_atoms` neighbourhoods of four compositions.
SeriesTimes time_series(int library_atoms, int frames);

}  // namespace dwellmap
