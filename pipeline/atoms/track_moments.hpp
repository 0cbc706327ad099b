// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "atoms/track.hpp"
#include "base/fisher_z.hpp"

#include <Eigen/Core>

#include <cmath>
#include <cstddef>
#include <vector>

namespace dwellmap {

/// Fisher's z in units of its standard error.
inline double z_of(double correlation, double n) noexcept {
    return fisher_z(correlation) / std::sqrt(fisher_z_variance(n));
}

/// Of the distances of columns from tracks, and of their amplitudes.
struct MatchMoments {
    Eigen::Vector2d sum{0, 0};
    double n = 0, a = 0, b = 0, aa = 0, bb = 0, ab = 0;

    void add(const Atom& atom, const Track& t) noexcept {
        sum += Eigen::Vector2d(static_cast<double>(atom.x_px) - t.x_px,
                               static_cast<double>(atom.y_px) - t.y_px);
        const double p = atom.amplitude, q = t.amplitude;
        ++n;
        a += p;
        b += q;
        aa += p * p;
        bb += q * q;
        ab += p * q;
    }
    MatchMoments operator+(const MatchMoments& o) const noexcept {
        return {sum + o.sum, n + o.n, a + o.a, b + o.b, aa + o.aa, bb + o.bb, ab + o.ab};
    }
    Eigen::Vector2d shift() const noexcept { return sum / n; }
    double correlation() const noexcept {
        const double scale = std::sqrt((aa - a * a / n) * (bb - b * b / n));
        return scale > 0 ? (ab - a * b / n) / scale : 0;
    }
};

/// Cations that no edge cuts.
std::ptrdiff_t count_cations(const std::vector<Atom>& atoms) noexcept;

}  // namespace dwellmap
