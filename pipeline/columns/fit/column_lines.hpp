// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
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

}  // namespace dwellmap
