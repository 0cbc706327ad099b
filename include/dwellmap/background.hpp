// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/types.hpp"

#include <cstdint>
#include <vector>

namespace dwellmap {

/// What lies under the columns: bilinear between nodes 5 lattice parameters apart, stiff enough not to follow columns,
/// soft enough for contamination. It is measured where the columns are dark, and not within half a lattice
/// parameter of the edge, where columns beyond it shine in. The constructor allocates.
class Background {
public:
    Background(int rows_px, int cols_px);

    /// The darkest fifth of the counts around each node, in rows 0…rows_in−1.
    void start(const Image& counts, int rows_in, double a_px) noexcept;

    void render(Image& model) const noexcept;  ///< into rows 0…rows_in−1

    /// Adds to each node the mean residual of the dark pixels around it.
    /// @param model             background and columns
    /// @param cation_amplitude  a pixel with 3 % of it from the columns counts half
    void update(const Image& counts, const Image& model, const std::vector<std::uint8_t>& row_valid,
                double cation_amplitude) noexcept;

    float at(float x_px, float y_px) const noexcept;

    static int border_px(double a_px) noexcept { return static_cast<int>(0.5 * a_px); }

private:
    struct Place {
        int node;
        float u, v;  // 0…1, from it to the next
    };
    Place place(float x_px, float y_px) const noexcept;
    float interpolate_row(int y) const noexcept;
    int interval_end(int nx) const noexcept;

    int rows_px_, cols_px_, rows_in_ = 0, nodes_x_ = 0, nodes_y_ = 0;
    double a_px_ = 0, step_px_ = 1;
    std::vector<float> nodes_, sum_, weight_, sample_;
    mutable std::vector<float> line_;  // nodes interpolated to one row
};

}  // namespace dwellmap
