// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>

namespace dwellmap {

/// exp(−(k − x)²/2σ²) for k = first … first+count−1, by recurrence: three exponentials whatever the count.
void gaussian_line(double x, double sigma, int first, int count, float* out) noexcept;

/// image(y, x) += column_y[y] · line_x[x] over a window; `stride` floats from row to row.
void add_column(float* image, std::ptrdiff_t stride, const float* line_x, int count_x,
                const float* column_y, int count_y) noexcept;

/// Sums over a window that a Gauss-Newton step of (A, x, y, σ) needs. E = exp(−(u²+v²)/2σ²), u = k_x − x, v = k_y − y.
struct WindowSums {
    /// Σ weighted residual · E · {1, u, v, u²+v²}
    double r, ru, rv, rq;
    /// Σ weight · E² · {1, u, v, u², uv, v², q, uq, vq, q²},  q = u²+v²
    double h, hu, hv, huu, huv, hvv, hq, huq, hvq, hqq;
};

inline constexpr int kMaxWindow = 96;  ///< longest side of a window, px

/// @param u, ex [count_x], v, ey [count_y]; count_x <= kMaxWindow
WindowSums sum_window(const float* weight, const float* weighted, std::ptrdiff_t stride,
                      const float* u, const float* ex, int count_x, const float* v, const float* ey,
                      int count_y) noexcept;

}  // namespace dwellmap
