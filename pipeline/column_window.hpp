// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <vector>

namespace dwellmap {

inline constexpr int kMaxWindow = 96;  ///< longest side of a window, px; whole vectors of 8

/// Side of a window along x, of which `radius_sigma` σ are half.
int window_px(double radius_sigma, double sigma_px) noexcept;

/// A column along one axis: E = exp(−d²/2σ²) and the distance d from its centre, pixel by pixel.
struct AxisLine {
    alignas(32) std::array<float, kMaxWindow> e, d;
};

/// Where a column shines: the corner of the window in the image, and E along both axes.
struct ColumnWindow {
    int x0 = 0, y0 = 0, nx = 0, ny = 0;  ///< nx: a multiple of 8
    AxisLine x, y;
};

/// Makes the lines of columns of one width without an exponential: E at the nearest of 64 places a pixel from a table, times
/// exp(−δ(d + δ/2)/σ²) for the rest δ by its series. Error below 1e-6. The constructor allocates.
class ColumnLines {
public:
    /// @param radius_sigma        half a side of the windows, σ; along x rounded up to whole vectors
    /// @param inner_radius_sigma  half a side of their inner part, likewise
    ColumnLines(double radius_sigma, double inner_radius_sigma);

    void set_width(double sigma_px) noexcept;

    /// The window around a column.
    void open(float x_px, float y_px, ColumnWindow& window) const noexcept;

    /// Sides of the inner part, which has the same centre.
    int inner_nx() const noexcept { return inner_nx_; }
    int inner_ny() const noexcept { return inner_ny_; }

    /// A column at another place in the window of `other`.
    void open_at(const ColumnWindow& other, float x_px, float y_px,
                 ColumnWindow& window) const noexcept;

private:
    void line(float centre_px, int first, int pixels, AxisLine& line) const noexcept;

    double radius_sigma_, inner_radius_sigma_, sigma_px_ = 0;
    float inverse_variance_ = 0;
    int nx_ = 0, ny_ = 0, inner_nx_ = 0, inner_ny_ = 0;
    std::vector<float> table_;
};

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
