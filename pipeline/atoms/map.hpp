// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/helper.hpp"
#include "dwellmap/types.hpp"

#include <array>
#include <vector>

namespace dwellmap {

/// Values at the cations -> images: each map pixel takes the nearest cation's value and standard error, within
/// 0.62 a (its Wigner-Seitz cell); NaN where there is none. Only cations with their six neighbours have values.
///
/// begin() a frame, paint() its atoms part by part, fill() in their values. The constructor allocates, nothing after it does.
class MapPainter {
public:
    static constexpr std::size_t layers = 5;

    MapPainter(int rows_px, int cols_px, std::size_t max_atoms);

    /// The layers with their sizes: isotropic, order_parameter, mode_1 … mode_3.
    std::vector<MapLayer> make_layers() const;
    int step_px() const noexcept { return step_px_; }

    void begin(double a_px) noexcept;

    /// Finds the pixels nearest to the atoms [first, last): where they stand and whether they are complete is final.
    void paint(const std::vector<Atom>& atoms, std::size_t first, std::size_t last,
               Helper& helper = no_helper()) noexcept;

    /// @param scores [atoms]
    void fill(const std::vector<Scores>& scores, std::vector<MapLayer>& maps,
              Helper& helper = no_helper()) noexcept;

private:
    void paint_one(const Atom& atom, std::int32_t number, int top, int bottom) noexcept;

    int step_px_, rows_, cols_;
    int stride_;                         // of the two below: room to the right for whole vectors
    float reach_ = 0;                    // map pixels
    std::vector<std::int32_t> painted_;  // atoms
    std::vector<std::int32_t> nearest_;  // [rows × stride] place among them + 1, 0: none
    std::vector<float> distance2_;
    std::array<std::vector<std::array<float, 2>>, layers>
        tables_;  // [1 + painted] value and error, the first for none
};

}  // namespace dwellmap
