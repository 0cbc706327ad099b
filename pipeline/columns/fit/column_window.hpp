// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fit/column_lines.hpp"

#include <cstddef>

namespace dwellmap {

/// Three images of one size: where the left column of a window's pixels is in them, and from there where its rows begin.
struct WindowPixels {
    const float *counts, *model, *weight;
    const std::ptrdiff_t* row_starts;
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

/// model += amplitude · E over the window, whose pixels are at model + row_starts[y] + x.
void add_column(float* model, const std::ptrdiff_t* row_starts, const ColumnWindow& window,
                float amplitude) noexcept;

/// model += to_amplitude · E(to) − from_amplitude · E(from), over one window.
void move_column(float* model, const std::ptrdiff_t* row_starts, const ColumnWindow& from,
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
