// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/cells.hpp"
#include "dwellmap/types.hpp"
#include "image/find.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <utility>
#include <vector>

namespace dwellmap::testing {

/// Bright columns of two contrasts and faint ones between them, whose places, shape and sites are known.
struct Honeycomb {
    static constexpr double a_px = 16;

    struct Column {
        double x, y, amplitude;
        int i, j, site;
    };

    int rows_px, cols_px;
    double sigma_px = 2.5, background = 6;
    double ellipticity = 0, ellipticity_rad = 0;  ///< of the long axis, counter-clockwise on screen
    Lattice lattice;
    std::vector<Column> columns;  ///< cations at site 0, anions at site 1
    Cells cells{64};              ///< indices into columns

    Honeycomb(int rows, int cols, unsigned seed = 1) : rows_px(rows), cols_px(cols) {
        lattice.found = true;
        lattice.a_px = a_px;
        lattice.a1_px = {a_px, 0};
        lattice.a2_px = {a_px / 2, -a_px * std::sqrt(0.75)};  // y points down
        std::mt19937 random(seed);
        for (int j = -40; j <= 1; ++j) {
            for (int i = -40; i <= 40; ++i) {
                add(i, j, 0, random() % 3 == 0 ? 130 : 50);
                add(i, j, 1, 20);
            }
        }
    }

    void add(int i, int j, int site, double amplitude) {
        const Eigen::Vector2d at = Eigen::Vector2d(3.2, 4.7) + (i + site / 3.0) * lattice.a1_px +
                                   (j + site / 3.0) * lattice.a2_px;
        if (at.x() >= 0 && at.y() >= 0 && at.x() <= cols_px - 1 && at.y() <= rows_px - 1) {
            cells.set(i, j, site, static_cast<int>(columns.size()));
            columns.push_back({at.x(), at.y(), amplitude, i, j, site});
        }
    }

    bool inside(const Column& c, double margin_px = 20) const {
        return c.x > margin_px && c.y > margin_px && c.x < cols_px - 1 - margin_px &&
               c.y < rows_px - 1 - margin_px;
    }

    double column_at(const Column& c, double x, double y) const {
        const double u = (x - c.x) * std::cos(ellipticity_rad) -
                         (y - c.y) * std::sin(ellipticity_rad),
                     v = (x - c.x) * std::sin(ellipticity_rad) +
                         (y - c.y) * std::cos(ellipticity_rad);
        const double along = u / (1 + ellipticity), across = v / (1 - ellipticity);
        return std::exp(-(along * along + across * across) / (2 * sigma_px * sigma_px));
    }

    /// Expected counts. Rows from `shifted_row` on show everything `shift_px` further to the right.
    Image expected(int shifted_row = 1 << 20, double shift_px = 0) const {
        Image counts = Image::Constant(rows_px, cols_px, static_cast<float>(background));
        const int reach = static_cast<int>(6 * sigma_px);
        for (const Column& c : columns) {
            for (int y = std::max(0, static_cast<int>(c.y) - reach);
                 y < std::min(rows_px, static_cast<int>(c.y) + reach); ++y) {
                const double shift = y >= shifted_row ? shift_px : 0;
                for (int x = std::max(0, static_cast<int>(c.x) - reach);
                     x < std::min(cols_px, static_cast<int>(c.x) + reach); ++x) {
                    counts(y, x) += static_cast<float>(c.amplitude * column_at(c, x - shift, y));
                }
            }
        }
        return counts;
    }

    /// The columns as atoms, off by a shift.
    std::vector<Atom> atoms(double dx_px = 0, double dy_px = 0) const {
        std::vector<Atom> atoms;
        for (const Column& c : columns) {
            Atom a;
            a.x_px = static_cast<float>(c.x + dx_px);
            a.y_px = static_cast<float>(c.y + dy_px);
            a.amplitude = static_cast<float>(c.amplitude);
            a.site = c.site == 0 ? Site::cation : Site::anion;
            a.i = static_cast<std::int16_t>(c.i);
            a.j = static_cast<std::int16_t>(c.j);
            atoms.push_back(a);
        }
        return atoms;
    }

    /// Sorts the columns by bands of rows, and by tiles along them.
    void sort(int band_px) {
        const auto tile = [&](const Column& c) {
            return std::pair(static_cast<int>(c.y) / band_px, static_cast<int>(c.x) / band_px);
        };
        std::stable_sort(columns.begin(), columns.end(),
                         [&](const Column& a, const Column& b) { return tile(a) < tile(b); });
        for (std::size_t k = 0; k < columns.size(); ++k) {
            cells.set(columns[k].i, columns[k].j, columns[k].site, static_cast<int>(k));
        }
    }

    /// Where a search would see the cations: raster order.
    std::vector<Peak> peaks() const {
        std::vector<Peak> peaks;
        for (const Column& c : columns) {
            if (c.site == 0) {
                peaks.push_back({static_cast<float>(c.x), static_cast<float>(c.y),
                                 static_cast<float>(background + 0.7 * c.amplitude)});
            }
        }
        std::sort(peaks.begin(), peaks.end(), [](const Peak& a, const Peak& b) {
            return std::pair(std::lround(a.y_px), a.x_px) < std::pair(std::lround(b.y_px), b.x_px);
        });
        return peaks;
    }
};

/// Electrons counted one by one.
inline Image counted(Image expected, unsigned seed) {
    std::mt19937 random(seed);
    for (Eigen::Index k = 0; k < expected.size(); ++k) {
        expected.data()[k] =
            static_cast<float>(std::poisson_distribution<int>(expected.data()[k])(random));
    }
    return expected;
}

}  // namespace dwellmap::testing
