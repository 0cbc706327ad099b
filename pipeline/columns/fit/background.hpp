// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/types.hpp"
#include "fit/fit_image.hpp"

#include <vector>

namespace dwellmap {

/// What lies under the columns: bilinear between nodes 5 lattice parameters apart, stiff enough not to follow columns,
/// soft enough for contamination. Each column tells the nodes around it how much the background under it should
/// rise (its own amplitude eliminated). The constructor allocates.
class Background {
public:
    Background(int rows_px, int cols_px);

    /// The darkest tenth of the counts around each node, in rows 0…rows_in−1.
    void start(const FitImage& image, int rows_in, double a_px) noexcept;

    void render(FitImage& image, int first_row, int last_row, int first_col,
                int last_col) const noexcept;

    void begin_step() noexcept;
    /// One column's share: gradient and Fisher information of a background under it, and that of background and width together.
    /// @param half  0, 1: may be called at the same time for both
    void add(int half, float x_px, float y_px, double gradient, double fisher,
             double fisher_width) noexcept;
    /// @param d_width  step of the width that is taken at the same time
    /// @param limit    counts: no node moves further
    void step(double d_width, double limit) noexcept;

    float at(float x_px, float y_px) const noexcept;
    float mean() const noexcept;

private:
    struct Place {
        int node;
        float u, v;  // 0…1, from it to the next
    };
    struct Share {
        double gradient, fisher, fisher_width;
    };
    Place place(float x_px, float y_px) const noexcept;
    float darkest_tenth(const FitImage& image, int cx, int cy) noexcept;

    int rows_px_, cols_px_, rows_in_ = 0, nodes_x_ = 0, nodes_y_ = 0;
    double step_px_ = 1;
    std::vector<float> nodes_, sample_;
    std::vector<Share> share_;  // [2 × nodes]
};

}  // namespace dwellmap
