// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>

namespace dwellmap {

inline constexpr int kMaxWindow = 96;  ///< longest side of a window, px; whole vectors of 8

/// A column along one axis: E = exp(−d²/2σ²) and the distance d from its centre, pixel by pixel.
struct AxisLine {
    alignas(32) std::array<float, kMaxWindow> e, d;
};

/// @param first   pixel of element 0
/// @param pixels  filled in whole vectors of 8
void gaussian_line(float centre_px, float sigma_px, int first, int pixels, AxisLine& line) noexcept;

/// Where a column shines: the corner of the window in the image, and E along both axes.
struct ColumnWindow {
    int x0 = 0, y0 = 0, nx = 0, ny = 0;  ///< nx: a multiple of 8
    AxisLine x, y;

    /// @param radius_sigma  half a side in σ, rounded up to whole vectors along x
    void set(float x_px, float y_px, float sigma_px, double radius_sigma) noexcept;
    /// The window of another one, for its column after a step.
    void set_at(const ColumnWindow& other, float x_px, float y_px, float sigma_px) noexcept;
};

/// Pointers into three images of one size at the corner of a window.
struct WindowPixels {
    const float *counts, *model, *weight;
    std::ptrdiff_t stride;
};

/// What a Gauss-Newton step of (A, x, y) needs. E² and residual r = counts − model, w = 1/variance:
///   r…: Σ w r E {1, u, v};  h…: Σ w E² {1, u, v, u², uv, v²};  u, v: distance from the column along x, y.
struct WindowSums {
    float r, ru, rv, h, hu, hv, huu, huv, hvv;
};

/// And what the frame's width, shape, background and the column's χ² need besides.
struct ShapeSums {
    float ruu, ruv, rvv;        ///< Σ w r E {u², uv, v²}
    float huuuu, huuvv, hvvvv;  ///< Σ w E² {u⁴, u²v², v⁴}
    float w, we, weuu, wevv;    ///< Σ w {1, E, E u², E v²}
    float wr, wrr;              ///< Σ w {r, r²}
};

/// model += amplitude · E over the window.
void add_column(float* model, std::ptrdiff_t stride, const ColumnWindow& window,
                float amplitude) noexcept;

/// model += to_amplitude · E(to) − from_amplitude · E(from), over one window.
void move_column(float* model, std::ptrdiff_t stride, const ColumnWindow& from,
                 float from_amplitude, const ColumnWindow& to, float to_amplitude) noexcept;

/// Over the part of the window that starts at (dx, dy) and has nx (a multiple of 8) by ny pixels, `pixels` being its corner.
WindowSums sum_window(const WindowPixels& pixels, const ColumnWindow& window, int dx, int dy,
                      int nx, int ny) noexcept;
void sum_all(const WindowPixels& pixels, const ColumnWindow& window, int dx, int dy, int nx, int ny,
             WindowSums& sums, ShapeSums& shape) noexcept;

/// weight = 1 / max(gain · model + read_variance, least), along a row.
void weigh_row(const float* model, float gain, float read_variance, float least, int n,
               float* weight) noexcept;

}  // namespace dwellmap
