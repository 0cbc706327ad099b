// SPDX-License-Identifier: Apache-2.0
#include "column_window.hpp"

#include "vec8.hpp"
#include "vectorise.hpp"

#include <algorithm>
#include <cmath>

namespace dwellmap {
namespace {

/// Per row of a window: E along y times the powers of v that the sums need.
struct RowFactors {
    const float* e;
    alignas(32) std::array<float, kMaxWindow> ev, f, fv, fvv;
};

DWELLMAP_INLINE void row_factors(const ColumnWindow& window, int dy, int ny, RowFactors& out) {
    out.e = window.y.e.data() + dy;
    for (int y = 0; y < ny; y += kVec) {
        const Vec8 e = load8(out.e + y), v = load8(window.y.d.data() + dy + y);
        const Vec8 f = e * e;
        store8(out.ev.data() + y, e * v);
        store8(out.f.data() + y, f);
        store8(out.fv.data() + y, f * v);
        store8(out.fvv.data() + y, f * v * v);
    }
}

/// Sums along y for one vector of columns of pixels: Σ_y {e, ev} w r and Σ_y {f, fv, fvv} w.
struct VerticalSums {
    Vec8 r0{}, r1{}, h0{}, h1{}, h2{};
};

DWELLMAP_INLINE void add_row(const WindowPixels& at, std::ptrdiff_t offset, const RowFactors& row,
                             std::size_t y, VerticalSums& s) {
    const Vec8 w = load8(at.weight + offset);
    const Vec8 wr = w * (load8(at.counts + offset) - load8(at.model + offset));
    s.r0 += row.e[y] * wr;
    s.r1 += row.ev[y] * wr;
    s.h0 += row.f[y] * w;
    s.h1 += row.fv[y] * w;
    s.h2 += row.fvv[y] * w;
}

struct WideSums {
    Vec8 r{}, ru{}, rv{}, h{}, hu{}, hv{}, huu{}, huv{}, hvv{};
};

DWELLMAP_INLINE void add_columns(const VerticalSums& s, const Vec8& e, const Vec8& u,
                                 WideSums& sum) {
    const Vec8 eu = e * u, f = e * e, fu = f * u;
    sum.r += e * s.r0;
    sum.ru += eu * s.r0;
    sum.rv += e * s.r1;
    sum.h += f * s.h0;
    sum.hu += fu * s.h0;
    sum.hv += f * s.h1;
    sum.huu += fu * u * s.h0;
    sum.huv += fu * s.h1;
    sum.hvv += f * s.h2;
}

DWELLMAP_INLINE WindowSums horizontal(const WideSums& sum) {
    return {sum8(sum.r),  sum8(sum.ru),  sum8(sum.rv),  sum8(sum.h),  sum8(sum.hu),
            sum8(sum.hv), sum8(sum.huu), sum8(sum.huv), sum8(sum.hvv)};
}

/// The same for what the shape needs besides.
struct ShapeFactors {
    alignas(32) std::array<float, kMaxWindow> evv, fvvvv;
};

DWELLMAP_INLINE void shape_factors(const RowFactors& row, const ColumnWindow& window, int dy,
                                   int ny, ShapeFactors& out) {
    for (int y = 0; y < ny; y += kVec) {
        const Vec8 v = load8(window.y.d.data() + dy + y);
        store8(out.evv.data() + y, load8(row.ev.data() + y) * v);
        store8(out.fvvvv.data() + y, load8(row.fvv.data() + y) * v * v);
    }
}

struct VerticalShape {
    Vec8 r2{}, h4{}, w{}, e0{}, e2{}, wr{}, wrr{};
};

DWELLMAP_INLINE void add_row(const WindowPixels& at, std::ptrdiff_t offset, const RowFactors& row,
                             const ShapeFactors& more, std::size_t y, VerticalSums& s,
                             VerticalShape& t) {
    const Vec8 w = load8(at.weight + offset);
    const Vec8 residual = load8(at.counts + offset) - load8(at.model + offset);
    const Vec8 wr = w * residual;
    s.r0 += row.e[y] * wr;
    s.r1 += row.ev[y] * wr;
    s.h0 += row.f[y] * w;
    s.h1 += row.fv[y] * w;
    s.h2 += row.fvv[y] * w;
    t.r2 += more.evv[y] * wr;
    t.h4 += more.fvvvv[y] * w;
    t.w += w;
    t.e0 += row.e[y] * w;
    t.e2 += more.evv[y] * w;
    t.wr += wr;
    t.wrr += wr * residual;
}

struct WideShape {
    Vec8 ruu{}, ruv{}, rvv{}, huuuu{}, huuvv{}, hvvvv{}, w{}, we{}, weuu{}, wevv{}, wr{}, wrr{};
};

DWELLMAP_INLINE void add_columns(const VerticalSums& s, const VerticalShape& t, const Vec8& e,
                                 const Vec8& u, WideShape& sum) {
    const Vec8 uu = u * u, f = e * e, fuu = f * uu;
    sum.ruu += e * uu * s.r0;
    sum.ruv += e * u * s.r1;
    sum.rvv += e * t.r2;
    sum.huuuu += fuu * uu * s.h0;
    sum.huuvv += fuu * s.h2;
    sum.hvvvv += f * t.h4;
    sum.w += t.w;
    sum.we += e * t.e0;
    sum.weuu += e * uu * t.e0;
    sum.wevv += e * t.e2;
    sum.wr += t.wr;
    sum.wrr += t.wrr;
}

}  // namespace

DWELLMAP_VECTORISE void gaussian_line(float centre_px, float sigma_px, int first, int pixels,
                                      AxisLine& line) noexcept {
    const float exponent = -0.5F / (sigma_px * sigma_px);
    const Vec8 steps = {0, 1, 2, 3, 4, 5, 6, 7};
    for (int k = 0; k < pixels; k += kVec) {
        const Vec8 d = steps + (static_cast<float>(first + k) - centre_px);
        store8(line.d.data() + k, d);
        store8(line.e.data() + k, exp8(d * d * exponent));
    }
}

void ColumnWindow::set(float x_px, float y_px, float sigma_px, double radius_sigma) noexcept {
    const int side = 2 * static_cast<int>(std::lround(radius_sigma * sigma_px)) + 1;
    nx = std::min((side + kVec - 1) / kVec * kVec, kMaxWindow);
    ny = std::min(side, kMaxWindow - 1);
    x0 = static_cast<int>(std::lround(x_px)) - nx / 2;
    y0 = static_cast<int>(std::lround(y_px)) - ny / 2;
    gaussian_line(x_px, sigma_px, x0, nx, x);
    gaussian_line(y_px, sigma_px, y0, ny, y);
}

void ColumnWindow::set_at(const ColumnWindow& other, float x_px, float y_px,
                          float sigma_px) noexcept {
    x0 = other.x0;
    y0 = other.y0;
    nx = other.nx;
    ny = other.ny;
    gaussian_line(x_px, sigma_px, x0, nx, x);
    gaussian_line(y_px, sigma_px, y0, ny, y);
}

DWELLMAP_VECTORISE void add_column(float* model, std::ptrdiff_t stride, const ColumnWindow& window,
                                   float amplitude) noexcept {
    for (int x = 0; x < window.nx; x += kVec) {
        const Vec8 e = amplitude * load8(window.x.e.data() + x);
        for (int y = 0; y < window.ny; ++y) {
            float* p = model + y * stride + x;
            store8(p, load8(p) + window.y.e[static_cast<std::size_t>(y)] * e);
        }
    }
}

DWELLMAP_VECTORISE void move_column(float* model, std::ptrdiff_t stride, const ColumnWindow& from,
                                    float from_amplitude, const ColumnWindow& to,
                                    float to_amplitude) noexcept {
    for (int x = 0; x < from.nx; x += kVec) {
        const Vec8 less = from_amplitude * load8(from.x.e.data() + x),
                   more = to_amplitude * load8(to.x.e.data() + x);
        for (int y = 0; y < from.ny; ++y) {
            const auto k = static_cast<std::size_t>(y);
            float* p = model + y * stride + x;
            store8(p, load8(p) + (to.y.e[k] * more - from.y.e[k] * less));
        }
    }
}

DWELLMAP_VECTORISE WindowSums sum_window(const WindowPixels& pixels, const ColumnWindow& window,
                                         int dx, int dy, int nx, int ny) noexcept {
    RowFactors row;
    row_factors(window, dy, ny, row);
    const float *e = window.x.e.data() + dx, *u = window.x.d.data() + dx;
    WideSums sum;
    int x = 0;
    for (; x + kVec < nx; x += 2 * kVec) {  // two vectors a turn keep the units busy
        VerticalSums left, right;
        for (int y = 0; y < ny; ++y) {
            add_row(pixels, y * pixels.stride + x, row, static_cast<std::size_t>(y), left);
            add_row(pixels, y * pixels.stride + x + kVec, row, static_cast<std::size_t>(y), right);
        }
        add_columns(left, load8(e + x), load8(u + x), sum);
        add_columns(right, load8(e + x + kVec), load8(u + x + kVec), sum);
    }
    for (; x < nx; x += kVec) {
        VerticalSums one;
        for (int y = 0; y < ny; ++y) {
            add_row(pixels, y * pixels.stride + x, row, static_cast<std::size_t>(y), one);
        }
        add_columns(one, load8(e + x), load8(u + x), sum);
    }
    return horizontal(sum);
}

DWELLMAP_VECTORISE void sum_all(const WindowPixels& pixels, const ColumnWindow& window, int dx,
                                int dy, int nx, int ny, WindowSums& sums,
                                ShapeSums& shape) noexcept {
    RowFactors row;
    row_factors(window, dy, ny, row);
    ShapeFactors more;
    shape_factors(row, window, dy, ny, more);
    WideSums sum;
    WideShape wide;
    for (int x = 0; x < nx; x += kVec) {
        VerticalSums s;
        VerticalShape t;
        for (int y = 0; y < ny; ++y) {
            add_row(pixels, y * pixels.stride + x, row, more, static_cast<std::size_t>(y), s, t);
        }
        const Vec8 e = load8(window.x.e.data() + dx + x), u = load8(window.x.d.data() + dx + x);
        add_columns(s, e, u, sum);
        add_columns(s, t, e, u, wide);
    }
    sums = horizontal(sum);
    shape = {sum8(wide.ruu),   sum8(wide.ruv),   sum8(wide.rvv), sum8(wide.huuuu),
             sum8(wide.huuvv), sum8(wide.hvvvv), sum8(wide.w),   sum8(wide.we),
             sum8(wide.weuu),  sum8(wide.wevv),  sum8(wide.wr),  sum8(wide.wrr)};
}

DWELLMAP_VECTORISE void weigh_row(const float* model, float gain, float read_variance, float least,
                                  int n, float* weight) noexcept {
    for (int x = 0; x < n; ++x) {
        const float variance = gain * model[x] + read_variance;
        weight[x] = 1.0F / (variance > least ? variance : least);
    }
}

}  // namespace dwellmap
