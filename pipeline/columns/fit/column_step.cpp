// SPDX-License-Identifier: Apache-2.0
#include "fit/column_step.hpp"

#include <algorithm>
#include <cmath>

namespace dwellmap {
namespace {

constexpr double kFaint = 1e-3;  // standard errors: never less, so that the place has a gradient

}  // namespace

ColumnStep::ColumnStep(const Atom& a, const ColumnLines& lines, const FitImage& image,
                       bool measure) noexcept {
    lines.open(a.x_px, a.y_px, window);
    nx = lines.inner_nx();
    ny = lines.inner_ny();
    dx = (window.nx - nx) / 2;
    dy = (window.ny - ny) / 2;
    const int x = window.x0 + dx, y = window.y0 + dy;
    pixels = {image.counts(x), image.model(x), image.weight(x), image.row_starts(y)};
    if (measure) {
        sum_all(pixels, window, dx, dy, nx, ny, s, shape);
    } else {
        s = sum_window(pixels, window, dx, dy, nx, ny);
    }
}

void ColumnStep::solve(const Atom& a, double sigma_px, double prior, double x_px,
                       double y_px) noexcept {
    const double inverse_h = 1 / static_cast<double>(s.h);
    double amplitude = a.amplitude;
    if (!(amplitude > 0 && amplitude * amplitude * s.h > kFaint * kFaint)) {
        amplitude = kFaint * std::sqrt(inverse_h);
    }
    const double hold = amplitude * amplitude * s.h < weak * weak ? prior : 0;
    const double c = amplitude / (sigma_px * sigma_px);
    const double ax = c * s.hu * inverse_h, ay = c * s.hv * inverse_h;  // A eliminated
    const double xx = c * c * s.huu - ax * c * s.hu + hold + 1e-12,
                 xy = c * c * s.huv - ax * c * s.hv,
                 yy = c * c * s.hvv - ay * c * s.hv + hold + 1e-12;
    const double gx = c * s.ru - ax * s.r + hold * (x_px - a.x_px),
                 gy = c * s.rv - ay * s.r + hold * (y_px - a.y_px);
    const double det = 1 / (xx * yy - xy * xy);
    d_x = (yy * gx - xy * gy) * det;
    d_y = (xx * gy - xy * gx) * det;
    d_amplitude = s.r * inverse_h - ax * d_x - ay * d_y;
    variance_x = yy * det;
    variance_y = xx * det;
    gain = d_x * gx + d_y * gy + static_cast<double>(s.r) * s.r * inverse_h;
    const double longest = 0.5 * sigma_px, length2 = d_x * d_x + d_y * d_y;
    if (length2 > longest * longest) {
        const double shorter = longest / std::sqrt(length2);
        d_x *= shorter;
        d_y *= shorter;
    }
}

bool ColumnStep::inside(const FitImage& image, int rows_in, int margin_px) const noexcept {
    const int x = window.x0 + dx, y = window.y0 + dy;
    return std::min(x, y) >= margin_px && x + nx <= image.cols() - margin_px &&
           y + ny <= rows_in - margin_px;
}

}  // namespace dwellmap
