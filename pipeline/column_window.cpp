// SPDX-License-Identifier: Apache-2.0
#include "column_window.hpp"

#include "vec8.hpp"
#include "vectorise.hpp"

#include <algorithm>
#include <cmath>

namespace dwellmap {
namespace {

constexpr int kPhases = 64;  // places of the table a pixel
constexpr int kReach_px = 64, kTableRow = 3 * kReach_px;

/// Of a number above −8192; without a call to the library.
int nearest(float v) noexcept { return static_cast<int>(v + 8192.5F) - 8192; }

int whole_px(double radius_sigma, double sigma_px) noexcept {
    return 2 * static_cast<int>(std::lround(radius_sigma * sigma_px)) + 1;
}

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

DWELLMAP_VECTORISE void fill_table(double sigma_px, float* table) noexcept {
    const auto exponent = static_cast<float>(-0.5 / (sigma_px * sigma_px));
    const Vec8 steps = {0, 1, 2, 3, 4, 5, 6, 7};
    for (int phase = 0; phase < kPhases; ++phase) {
        const float first = static_cast<float>(phase) / kPhases - kReach_px;
        for (int k = 0; k < kTableRow; k += kVec) {
            const Vec8 d = steps + (first + static_cast<float>(k));
            store8(table + phase * kTableRow + k, exp8(d * d * exponent));
        }
    }
}

/// E(d) from E(d − δ), d − δ on the table's grid.
DWELLMAP_VECTORISE void fill_line(const float* on_grid, float first, float delta,
                                  float inverse_variance, int pixels, AxisLine& line) noexcept {
    const Vec8 steps = {0, 1, 2, 3, 4, 5, 6, 7};
    for (int k = 0; k < pixels; k += kVec) {
        const Vec8 d = steps + (first + static_cast<float>(k));
        const Vec8 z = (d - 0.5F * delta) * (-delta * inverse_variance);
        store8(line.d.data() + k, d);
        store8(line.e.data() + k,
               load8(on_grid + k) * (z * (z * (z * (1.0F / 6) + 0.5F) + 1.0F) + 1.0F));
    }
}

}  // namespace

int window_px(double radius_sigma, double sigma_px) noexcept {
    return std::min((whole_px(radius_sigma, sigma_px) + kVec - 1) / kVec * kVec, kMaxWindow);
}

ColumnLines::ColumnLines(double radius_sigma, double inner_radius_sigma)
    : radius_sigma_(radius_sigma),
      inner_radius_sigma_(inner_radius_sigma),
      table_(static_cast<std::size_t>(kPhases) * kTableRow) {}

void ColumnLines::set_width(double sigma_px) noexcept {
    if (sigma_px == sigma_px_) {
        return;
    }
    sigma_px_ = sigma_px;
    inverse_variance_ = static_cast<float>(1 / (sigma_px * sigma_px));
    const auto sides = [&](double radius_sigma, int& nx, int& ny) {
        nx = window_px(radius_sigma, sigma_px);
        ny = std::min(whole_px(radius_sigma, sigma_px), kMaxWindow - 1);
    };
    sides(radius_sigma_, nx_, ny_);
    sides(inner_radius_sigma_, inner_nx_, inner_ny_);
    fill_table(sigma_px, table_.data());
}

void ColumnLines::line(float centre_px, int first, int pixels, AxisLine& line) const noexcept {
    const float d = static_cast<float>(first) - centre_px;
    const int grid = nearest(d * kPhases);
    const int phase = grid & (kPhases - 1);
    const int whole =
        std::clamp((grid - phase) / kPhases, -kReach_px, kTableRow - kReach_px - pixels - kVec);
    fill_line(table_.data() + phase * kTableRow + kReach_px + whole, d,
              d - static_cast<float>(grid) / kPhases, inverse_variance_, pixels, line);
}

void ColumnLines::open(float x_px, float y_px, ColumnWindow& window) const noexcept {
    window.nx = nx_;
    window.ny = ny_;
    window.x0 = nearest(x_px) - nx_ / 2;
    window.y0 = nearest(y_px) - ny_ / 2;
    line(x_px, window.x0, window.nx, window.x);
    line(y_px, window.y0, window.ny, window.y);
}

void ColumnLines::open_at(const ColumnWindow& other, float x_px, float y_px,
                          ColumnWindow& window) const noexcept {
    window.x0 = other.x0;
    window.y0 = other.y0;
    window.nx = other.nx;
    window.ny = other.ny;
    line(x_px, window.x0, window.nx, window.x);
    line(y_px, window.y0, window.ny, window.y);
}

DWELLMAP_VECTORISE void add_column(float* model, const std::ptrdiff_t* row_starts,
                                   const ColumnWindow& window, float amplitude) noexcept {
    for (int x = 0; x < window.nx; x += kVec) {
        const Vec8 e = amplitude * load8(window.x.e.data() + x);
        for (int y = 0; y < window.ny; ++y) {
            float* p = model + row_starts[y] + x;
            store8(p, load8(p) + window.y.e[static_cast<std::size_t>(y)] * e);
        }
    }
}

DWELLMAP_VECTORISE void move_column(float* model, const std::ptrdiff_t* row_starts,
                                    const ColumnWindow& from, float from_amplitude,
                                    const ColumnWindow& to, float to_amplitude) noexcept {
    for (int x = 0; x < from.nx; x += kVec) {
        const Vec8 less = from_amplitude * load8(from.x.e.data() + x),
                   more = to_amplitude * load8(to.x.e.data() + x);
        for (int y = 0; y < from.ny; ++y) {
            const auto k = static_cast<std::size_t>(y);
            float* p = model + row_starts[y] + x;
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
            add_row(pixels, pixels.row_starts[y] + x, row, static_cast<std::size_t>(y), left);
            add_row(pixels, pixels.row_starts[y] + x + kVec, row, static_cast<std::size_t>(y),
                    right);
        }
        add_columns(left, load8(e + x), load8(u + x), sum);
        add_columns(right, load8(e + x + kVec), load8(u + x + kVec), sum);
    }
    for (; x < nx; x += kVec) {
        VerticalSums one;
        for (int y = 0; y < ny; ++y) {
            add_row(pixels, pixels.row_starts[y] + x, row, static_cast<std::size_t>(y), one);
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
            add_row(pixels, pixels.row_starts[y] + x, row, more, static_cast<std::size_t>(y), s, t);
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
