// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/pipeline.hpp"
#include "dwellmap/simulated_microscope.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

namespace dwellmap::testing {

/// A simulated place: its frames as the pipeline takes them, with the truth of the latest.
struct Place {
    SimulatedMicroscope microscope;
    std::shared_ptr<const Series> series;
    std::vector<TrueColumn> truth;

    Place(const CrystalConfig& crystal, const ScanConfig& scan, const ChangeConfig& changes = {})
        : microscope(crystal, scan, changes),
          series(std::make_shared<const Series>(microscope.series())) {}

    Frame frame(std::uint64_t number) {
        Frame f;
        f.series = series;
        f.number = number;
        microscope.frame(number, f.counts, truth);
        f.row_valid.assign(static_cast<std::size_t>(f.counts.rows()), 1);
        f.rows_valid = static_cast<int>(f.counts.rows());
        f.complete = true;
        return f;
    }
};

/// The same frame when only its first rows were there.
inline Frame first_rows(const Frame& whole, int rows) {
    Frame f = whole;
    f.complete = false;
    f.rows_valid = rows;
    f.counts.bottomRows(f.counts.rows() - rows).setZero();
    std::fill(f.row_valid.begin() + rows, f.row_valid.end(), std::uint8_t{0});
    return f;
}

struct Match {
    const TrueColumn* truth;
    const Atom* atom;
    const Scores* scores;
};

/// What was found of what is there, at least `margin_nm` from the edge; within 60 pm, each once.
struct Comparison {
    std::vector<Match> matches;
    int missed = 0, invented = 0;

    /// rms of the position error over the columns that `take` chooses, both axes together, without the mean shift; pm
    template <class Take>
    double rms_pm(double pixel_nm, const Take& take) const {
        double n = 0, sx = 0, sy = 0, q = 0;
        for (const auto& m : matches) {
            if (take(*m.truth)) {
                const double dx = m.atom->x_px - m.truth->x_px, dy = m.atom->y_px - m.truth->y_px;
                ++n;
                sx += dx;
                sy += dy;
                q += dx * dx + dy * dy;
            }
        }
        return 1000 * pixel_nm * std::sqrt((q - (sx * sx + sy * sy) / n) / (2 * n));
    }
};

inline Comparison compare(const std::vector<TrueColumn>& truth, const FrameResult& result,
                          double margin_nm = 0.35) {
    const double nm = result.pixel_size_nm;
    const double margin = margin_nm / nm, tolerance = 0.06 / nm;
    const auto rows = static_cast<double>(result.series->rows_px),
               cols = static_cast<double>(result.series->cols_px);
    const auto inside = [&](double x, double y) {
        return x >= margin && y >= margin && x <= cols - 1 - margin && y <= rows - 1 - margin;
    };
    Comparison c;
    std::vector<bool> used(result.atoms.size(), false);
    for (const auto& t : truth) {
        if (t.site == Site::anion && t.atoms == 0) {
            continue;
        }
        std::size_t best = result.atoms.size();
        double best_d = tolerance;
        for (std::size_t k = 0; k < result.atoms.size(); ++k) {
            const double d =
                std::hypot(result.atoms[k].x_px - t.x_px, result.atoms[k].y_px - t.y_px);
            if (d < best_d && !used[k]) {
                best = k;
                best_d = d;
            }
        }
        if (best < used.size()) {
            used[best] = true;
        }
        if (inside(t.x_px, t.y_px)) {
            if (best == used.size()) {
                ++c.missed;
            } else {
                c.matches.push_back({&t, &result.atoms[best], &result.scores[best]});
            }
        }
    }
    for (std::size_t k = 0; k < used.size(); ++k) {
        const Atom& a = result.atoms[k];
        c.invented += !used[k] && a.species != species_vacancy && inside(a.x_px, a.y_px) ? 1 : 0;
    }
    return c;
}

inline bool is_mo(const TrueColumn& t) {
    return t.site == Site::cation && t.species == species_first;
}
inline bool is_re(const TrueColumn& t) {
    return t.site == Site::cation && t.species == species_second;
}
inline bool is_anion(const TrueColumn& t) { return t.site == Site::anion; }

}  // namespace dwellmap::testing
