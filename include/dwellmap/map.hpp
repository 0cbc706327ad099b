// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/types.hpp"

#include <vector>

namespace dwellmap {

/// Values at the cations -> images: each map pixel takes the nearest cation's value and standard error, within
/// 0.62 a (its Wigner-Seitz cell); NaN where there is none. The constructor allocates, run() does not.
class MapPainter {
public:
    MapPainter(int rows_px, int cols_px);

    /// The layers with their sizes: isotropic, order_parameter, mode_1 … mode_3.
    std::vector<MapLayer> make_layers() const;
    int step_px() const noexcept { return step_px_; }

    void run(const std::vector<Atom>& atoms, const std::vector<Scores>& scores, double a_px,
             std::vector<MapLayer>& layers) noexcept;

private:
    int step_px_, rows_, cols_;
    std::vector<std::int32_t> nearest_;  // [rows × cols] atom
    std::vector<float> distance2_;
};

}  // namespace dwellmap
