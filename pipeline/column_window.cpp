// SPDX-License-Identifier: Apache-2.0
#include "column_window.hpp"

#include "vectorise.hpp"

#include <algorithm>
#include <cmath>

namespace dwellmap {

void gaussian_line(double x, double sigma, int first, int count, float* out) noexcept {
    const double s2 = 1 / (sigma * sigma);
    const double d = first - x;
    double value = std::exp(-0.5 * d * d * s2);
    double ratio = std::exp(-(d + 0.5) * s2);
    const double ratio_of_ratios = std::exp(-s2);
    for (int k = 0; k < count; ++k) {
        out[k] = static_cast<float>(value);
        value *= ratio;
        ratio *= ratio_of_ratios;
    }
}

DWELLMAP_VECTORISE void add_column(float* image, std::ptrdiff_t stride, const float* line_x,
                                   int count_x, const float* column_y, int count_y) noexcept {
    for (int y = 0; y < count_y; ++y) {
        float* row = image + y * stride;
        const float a = column_y[y];
        for (int x = 0; x < count_x; ++x) {
            row[x] += a * line_x[x];
        }
    }
}

/// The sums over y first, for every x of the window: no reduction, so that it runs on whole vectors.
DWELLMAP_VECTORISE WindowSums sum_window(const float* weight, const float* weighted,
                                         std::ptrdiff_t stride, const float* u, const float* ex,
                                         int count_x, const float* v, const float* ey,
                                         int count_y) noexcept {
    std::array<float, kMaxWindow> r0, r1, r2, h0, h1, h2, h3, h4;
    for (auto* line : {&r0, &r1, &r2, &h0, &h1, &h2, &h3, &h4}) {
        std::fill_n(line->begin(), count_x, 0.0F);
    }
    for (int y = 0; y < count_y; ++y) {
        const float* w = weight + y * stride;
        const float* wr = weighted + y * stride;
        const float e = ey[y], ev = e * v[y], ev2 = ev * v[y];
        const float f = e * e, fv = f * v[y], fv2 = fv * v[y], fv3 = fv2 * v[y], fv4 = fv3 * v[y];
        for (int x = 0; x < count_x; ++x) {
            r0[x] += e * wr[x];
            r1[x] += ev * wr[x];
            r2[x] += ev2 * wr[x];
            h0[x] += f * w[x];
            h1[x] += fv * w[x];
            h2[x] += fv2 * w[x];
            h3[x] += fv3 * w[x];
            h4[x] += fv4 * w[x];
        }
    }
    WindowSums s{};
    for (int x = 0; x < count_x; ++x) {
        const double g = ex[x], p = u[x], p2 = p * p;
        s.r += g * r0[x];
        s.ru += g * p * r0[x];
        s.rv += g * r1[x];
        s.rq += g * (p2 * r0[x] + r2[x]);
        const double g2 = g * g;
        s.h += g2 * h0[x];
        s.hu += g2 * p * h0[x];
        s.hv += g2 * h1[x];
        s.huu += g2 * p2 * h0[x];
        s.huv += g2 * p * h1[x];
        s.hvv += g2 * h2[x];
        s.huq += g2 * p * (p2 * h0[x] + h2[x]);
        s.hvq += g2 * (p2 * h1[x] + h3[x]);
        s.hqq += g2 * (p2 * p2 * h0[x] + 2 * p2 * h2[x] + h4[x]);
    }
    s.hq = s.huu + s.hvv;
    return s;
}

}  // namespace dwellmap
