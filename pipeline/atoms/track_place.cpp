// SPDX-License-Identifier: Apache-2.0
// Where a frame lies on the tracks, if nothing is known of its drift.
#include "atoms/track_moments.hpp"

#include <algorithm>

namespace dwellmap {
namespace {

constexpr double kHopAdvantage =
    5;  // standard errors of z by which another cell must correlate better
constexpr int kCellsAround = 4;
constexpr std::size_t kSample = 600;  // columns that decide between cells

}  // namespace

std::ptrdiff_t count_cations(const std::vector<Atom>& atoms) noexcept {
    return std::count_if(atoms.begin(), atoms.end(), [](const Atom& a) {
        return a.site == Site::cation && (a.flags & flag_edge) == 0;
    });
}

/// Mean distance to the nearest tracks from a start, repeated from there, and how alike the amplitudes are.
Tracker::Fit Tracker::compare(const std::vector<Atom>& atoms, Eigen::Vector2d shift,
                              float radius_px, int rounds, std::size_t stride) const noexcept {
    Fit fit;
    for (int round = 0; round < rounds; ++round) {
        MatchMoments moments;
        for (std::size_t m = 0; m < atoms.size(); m += stride) {
            const Atom& atom = atoms[m];
            if (atom.site != Site::cation || (atom.flags & flag_edge) != 0) {
                continue;
            }
            const int k = nearest_track(atom, shift, radius_px);
            if (k < 0) {
                continue;
            }
            moments.add(atom, tracks_[static_cast<std::size_t>(k)]);
        }
        fit.matched = static_cast<int>(moments.n);
        if (fit.matched < 4) {
            return fit;
        }
        shift = moments.shift();
        fit.correlation = moments.correlation();
    }
    fit.shift = shift;
    return fit;
}

/// The shift within the cell that matches most columns, then the cell whose amplitudes agree.
Tracker::Fit Tracker::place(const std::vector<Atom>& atoms, const Lattice& lattice) const noexcept {
    const auto radius = static_cast<float>(0.25 * lattice.a_px);
    Fit best = compare(atoms, drift_, radius, 3, 1);
    const auto cations = count_cations(atoms);
    const std::size_t stride = std::max<std::size_t>(1, atoms.size() / kSample);
    if (best.matched < 0.8 * static_cast<double>(cations)) {
        best = compare(atoms, drift_, radius, 3, stride);
        for (int i = 0; i < 4; ++i) {
            for (int j = 0; j < 4; ++j) {
                Eigen::Vector2d part = 0.25 * i * lattice.a1_px + 0.25 * j * lattice.a2_px;
                part -= std::round(0.25 * i - 0.01) * lattice.a1_px +
                        std::round(0.25 * j - 0.01) * lattice.a2_px;
                const Fit fit = compare(atoms, drift_ + part, radius, 3, stride);
                best = fit.matched > best.matched ? fit : best;
            }
        }
    }
    const auto z = [](const Fit& f) { return z_of(f.correlation, f.matched); };
    const Fit here = compare(atoms, best.shift, radius, 1, stride);
    double best_z = z(here) + kHopAdvantage;
    for (int i = -kCellsAround; i <= kCellsAround; ++i) {
        for (int j = std::max(-kCellsAround, -kCellsAround - i);
             j <= std::min(kCellsAround, kCellsAround - i); ++j) {
            const Fit fit = compare(atoms, here.shift + i * lattice.a1_px + j * lattice.a2_px,
                                    radius, 1, stride);
            if (fit.matched > 0.3 * here.matched && z(fit) > best_z) {
                best = fit;
                best_z = z(fit);
            }
        }
    }
    return compare(atoms, best.shift, radius, 1, 1);
}

}  // namespace dwellmap
