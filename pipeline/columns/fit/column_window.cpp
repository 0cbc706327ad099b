// SPDX-License-Identifier: Apache-2.0
#include "fit/column_window.hpp"

#include "base/vec8.hpp"
#include "base/vectorise.hpp"

namespace dwellmap {
namespace {

/// Where the rows of a window begin if they lie at equal distances, as nearly all do: one addition a row less.
struct EvenRows {
    std::ptrdiff_t first, stride;
    std::ptrdiff_t operator[](std::ptrdiff_t y) const { return first + y * stride; }
};

DWELLMAP_INLINE EvenRows as_even(const std::ptrdiff_t* starts) {
    return {starts[0], starts[1] - starts[0]};
}

DWELLMAP_INLINE bool are_even(const std::ptrdiff_t* starts, int rows) {
    return as_even(starts)[rows - 1] == starts[rows - 1];
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

template <class Rows>
DWELLMAP_INLINE void add_to_rows(float* model, const Rows& rows, const ColumnWindow& window,
                                 float amplitude) {
    for (int x = 0; x < window.nx; x += kVec) {
        const Vec8 e = amplitude * load8(window.x.e.data() + x);
        for (int y = 0; y < window.ny; ++y) {
            float* p = model + rows[y] + x;
            store8(p, load8(p) + window.y.e[static_cast<std::size_t>(y)] * e);
        }
    }
}

template <class Rows>
DWELLMAP_INLINE void move_in_rows(float* model, const Rows& rows, const ColumnWindow& from,
                                  float from_amplitude, const ColumnWindow& to,
                                  float to_amplitude) {
    for (int x = 0; x < from.nx; x += kVec) {
        const Vec8 less = from_amplitude * load8(from.x.e.data() + x),
                   more = to_amplitude * load8(to.x.e.data() + x);
        for (int y = 0; y < from.ny; ++y) {
            const auto k = static_cast<std::size_t>(y);
            float* p = model + rows[y] + x;
            store8(p, load8(p) + (to.y.e[k] * more - from.y.e[k] * less));
        }
    }
}

template <class Rows>
DWELLMAP_INLINE WindowSums sum_rows(const WindowPixels& pixels, const Rows& rows,
                                    const RowFactors& row, const ColumnWindow& window, int dx,
                                    int nx, int ny) {
    const float *e = window.x.e.data() + dx, *u = window.x.d.data() + dx;
    WideSums sum;
    int x = 0;
    for (; x + kVec < nx; x += 2 * kVec) {  // two vectors a turn keep the units busy
        VerticalSums left, right;
        for (int y = 0; y < ny; ++y) {
            add_row(pixels, rows[y] + x, row, static_cast<std::size_t>(y), left);
            add_row(pixels, rows[y] + x + kVec, row, static_cast<std::size_t>(y), right);
        }
        add_columns(left, load8(e + x), load8(u + x), sum);
        add_columns(right, load8(e + x + kVec), load8(u + x + kVec), sum);
    }
    for (; x < nx; x += kVec) {
        VerticalSums one;
        for (int y = 0; y < ny; ++y) {
            add_row(pixels, rows[y] + x, row, static_cast<std::size_t>(y), one);
        }
        add_columns(one, load8(e + x), load8(u + x), sum);
    }
    return horizontal(sum);
}

template <class Rows>
DWELLMAP_INLINE void sum_all_rows(const WindowPixels& pixels, const Rows& rows,
                                  const RowFactors& row, const ShapeFactors& more,
                                  const ColumnWindow& window, int dx, int nx, int ny,
                                  WindowSums& sums, ShapeSums& shape) {
    WideSums sum;
    WideShape wide;
    for (int x = 0; x < nx; x += kVec) {
        VerticalSums s;
        VerticalShape t;
        for (int y = 0; y < ny; ++y) {
            add_row(pixels, rows[y] + x, row, more, static_cast<std::size_t>(y), s, t);
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

}  // namespace

DWELLMAP_VECTORISE void add_column(float* model, const std::ptrdiff_t* row_starts,
                                   const ColumnWindow& window, float amplitude) noexcept {
    if (are_even(row_starts, window.ny)) {
        add_to_rows(model, as_even(row_starts), window, amplitude);
    } else {
        add_to_rows(model, row_starts, window, amplitude);
    }
}

DWELLMAP_VECTORISE void move_column(float* model, const std::ptrdiff_t* row_starts,
                                    const ColumnWindow& from, float from_amplitude,
                                    const ColumnWindow& to, float to_amplitude) noexcept {
    if (are_even(row_starts, from.ny)) {
        move_in_rows(model, as_even(row_starts), from, from_amplitude, to, to_amplitude);
    } else {
        move_in_rows(model, row_starts, from, from_amplitude, to, to_amplitude);
    }
}

DWELLMAP_VECTORISE WindowSums sum_window(const WindowPixels& pixels, const ColumnWindow& window,
                                         int dx, int dy, int nx, int ny) noexcept {
    RowFactors row;
    row_factors(window, dy, ny, row);
    return are_even(pixels.row_starts, ny)
               ? sum_rows(pixels, as_even(pixels.row_starts), row, window, dx, nx, ny)
               : sum_rows(pixels, pixels.row_starts, row, window, dx, nx, ny);
}

DWELLMAP_VECTORISE void sum_all(const WindowPixels& pixels, const ColumnWindow& window, int dx,
                                int dy, int nx, int ny, WindowSums& sums,
                                ShapeSums& shape) noexcept {
    RowFactors row;
    row_factors(window, dy, ny, row);
    ShapeFactors more;
    shape_factors(row, window, dy, ny, more);
    if (are_even(pixels.row_starts, ny)) {
        sum_all_rows(pixels, as_even(pixels.row_starts), row, more, window, dx, nx, ny, sums,
                     shape);
    } else {
        sum_all_rows(pixels, pixels.row_starts, row, more, window, dx, nx, ny, sums, shape);
    }
}

DWELLMAP_VECTORISE void weigh_row(const float* model, float gain, float read_variance, float least,
                                  int n, float* weight) noexcept {
    for (int x = 0; x < n; ++x) {
        const float variance = gain * model[x] + read_variance;
        weight[x] = 1.0F / (variance > least ? variance : least);
    }
}

}  // namespace dwellmap
