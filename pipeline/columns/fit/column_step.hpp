// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/types.hpp"
#include "fit/column_window.hpp"
#include "fit/fit_image.hpp"

namespace dwellmap {

/// One Gauss-Newton step of a column's (A, x, y) against the model of all columns, and the sums it comes from.
struct ColumnStep {
    static constexpr double fit_radius_sigma = 3;      ///< pixels it is fitted to
    static constexpr double model_radius_sigma = 4.5;  ///< pixels it shines on
    static constexpr double weak =
        5;  ///< standard errors: with less amplitude it is held near its place

    ColumnWindow window;
    int dx = 0, dy = 0, nx = 0, ny = 0;  ///< the part of the window that is fitted
    WindowPixels pixels{};
    WindowSums s{};
    ShapeSums shape;  ///< if measured
    double d_amplitude = 0, d_x = 0, d_y = 0;
    double variance_x = 0, variance_y = 0;
    double gain = 0;  ///< by how much the step lowers χ²

    /// @param measure  sum what the frame's shape needs, too
    ColumnStep(const Atom& a, const ColumnLines& lines, const FitImage& image,
               bool measure) noexcept;

    /// The step, not longer than σ/2.
    /// @param prior  1/variance of the place of a weak column around (x_px, y_px), 1/px²
    void solve(const Atom& a, double sigma_px, double prior, double x_px, double y_px) noexcept;

    /// Is what is fitted at least `margin_px` away from the edge?
    bool inside(const FitImage& image, int rows_in, int margin_px) const noexcept;
};

}  // namespace dwellmap
