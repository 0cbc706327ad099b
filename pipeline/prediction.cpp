// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/prediction.hpp"

#include "dwellmap/buffers.hpp"

#include <algorithm>
#include <cmath>

namespace dwellmap {
namespace {

constexpr int kNeighbours = 3;      // that a new site needs, and an empty one to be kept
constexpr int kEdgeNeighbours = 2;  // nearer to the edge than a
constexpr float kBorder = 2.5F;     // a: here the lattice is continued

Eigen::Vector2f position(const Atom& a) noexcept { return {a.x_px, a.y_px}; }

bool firm(const Atom& a) noexcept { return (a.flags & (flag_weak | flag_moved)) == 0; }

}  // namespace

Prediction::Prediction(int rows_px, int cols_px, std::size_t max_atoms)
    : rows_px_(rows_px), cols_px_(cols_px) {
    for (auto* atoms : {&known_, &columns_}) {
        make_room(*atoms, max_atoms);
    }
    for (auto* tracks : {&known_track_, &tracks_}) {
        make_room(*tracks, max_atoms);
    }
    make_room(site_, max_atoms);
    place_.reserve(static_cast<std::size_t>(rows_px) * static_cast<std::size_t>(cols_px) / 4 + 2);
}

float Prediction::from_edge(const Eigen::Vector2f& at_px) const noexcept {
    return std::min({at_px.x(), at_px.y(), static_cast<float>(cols_px_ - 1) - at_px.x(),
                     static_cast<float>(rows_px_ - 1) - at_px.y()});
}

void Prediction::learn(const std::vector<Atom>& atoms, const std::vector<std::int32_t>& track,
                       const Lattice& lattice, const Eigen::Vector2d& step_px, int band_px,
                       Cells& cells) noexcept {
    a_px_ = static_cast<float>(lattice.a_px);
    a1_px_ = lattice.a1_px.cast<float>();
    a2_px_ = lattice.a2_px.cast<float>();
    collect(atoms, track, step_px.cast<float>(), cells);
    settle_weak(cells);
    extend(cells);
    sort(band_px, cells);
}

/// The sites of the lattice among the columns, moved by the step; cells holds indices into known_ afterwards.
void Prediction::collect(const std::vector<Atom>& atoms, const std::vector<std::int32_t>& track,
                         const Eigen::Vector2f& step_px, Cells& cells) noexcept {
    known_.clear();
    site_.clear();
    known_track_.clear();
    for (std::size_t k = 0; k < atoms.size(); ++k) {
        const Atom& a = atoms[k];
        const int site = cells.site_of(a, k);
        if (site >= 0) {
            cells.set(a.i, a.j, site, static_cast<int>(known_.size()));
            known_.push_back(a);
            known_.back().x_px += step_px.x();
            known_.back().y_px += step_px.y();
            site_.push_back({a.i, a.j, static_cast<std::int8_t>(site)});
            known_track_.push_back(track[k]);
        }
    }
}

/// The mean of where its neighbours on the same sublattice would have it.
Prediction::Guess Prediction::guess(const Site3& s, const Cells& cells) const noexcept {
    Guess g;
    for (const auto& [di, dj] : kSixNeighbours) {
        const int k = cells.at(s.i + di, s.j + dj, s.site);
        if (k >= 0 && firm(known_[static_cast<std::size_t>(k)])) {
            g.at_px += position(known_[static_cast<std::size_t>(k)]) -
                       static_cast<float>(di) * a1_px_ - static_cast<float>(dj) * a2_px_;
            ++g.neighbours;
        }
    }
    g.at_px /= static_cast<float>(std::max(1, g.neighbours));
    return g;
}

/// A column that is not firm is expected where its neighbours say; without enough of them it is given up.
void Prediction::settle_weak(Cells& cells) noexcept {
    for (std::size_t k = 0; k < known_.size(); ++k) {
        if (firm(known_[k])) {
            continue;
        }
        const Guess g = guess(site_[k], cells);
        if (g.neighbours >= kNeighbours) {
            known_[k].x_px = g.at_px.x();
            known_[k].y_px = g.at_px.y();
        } else {
            cells.set(site_[k].i, site_[k].j, site_[k].site, -1);
            known_[k].site = Site::other;  // not sorted in
        }
    }
}

/// New sites at the border of the image, beside those that are known.
void Prediction::extend(Cells& cells) noexcept {
    for (std::size_t k = 0; k < known_.size(); ++k) {
        if (known_[k].site == Site::other || from_edge(position(known_[k])) > kBorder * a_px_) {
            continue;
        }
        for (const auto& [di, dj] : kSixNeighbours) {
            const Site3 s{static_cast<std::int16_t>(site_[k].i + di),
                          static_cast<std::int16_t>(site_[k].j + dj), site_[k].site};
            if (known_.size() == known_.capacity() || !cells.contains(s.i, s.j) ||
                cells.at(s.i, s.j, s.site) >= 0) {
                continue;
            }
            const Guess g = guess(s, cells);
            const float edge = from_edge(g.at_px);
            if (edge >= 0 && g.neighbours >= (edge < a_px_ ? kEdgeNeighbours : kNeighbours)) {
                Atom a = known_[k];
                a.x_px = g.at_px.x();
                a.y_px = g.at_px.y();
                a.i = s.i;
                a.j = s.j;
                a.flags = flag_weak;  // nobody has seen it yet
                cells.set(s.i, s.j, s.site, static_cast<int>(known_.size()));
                known_.push_back(a);
                site_.push_back(s);
                known_track_.push_back(-1);
            }
        }
    }
}

/// By band of rows and along it; what has left the field is gone.
void Prediction::sort(int band_px, Cells& cells) noexcept {
    const int rows = (rows_px_ + band_px - 1) / band_px, cols = (cols_px_ + band_px - 1) / band_px;
    const auto tiles = static_cast<std::size_t>(rows) * static_cast<std::size_t>(cols);
    const auto tile_of = [&](const Atom& a) {
        const int row = std::clamp(static_cast<int>(a.y_px) / band_px, 0, rows - 1),
                  col = std::clamp(static_cast<int>(a.x_px) / band_px, 0, cols - 1);
        return static_cast<std::size_t>(row) * static_cast<std::size_t>(cols) +
               static_cast<std::size_t>(col);
    };
    place_.assign(tiles + 1, 0);
    for (std::size_t k = 0; k < known_.size(); ++k) {
        Atom& a = known_[k];
        if (a.site != Site::other && from_edge(position(a)) < 0) {
            a.site = Site::other;
            cells.set(site_[k].i, site_[k].j, site_[k].site, -1);
        }
        place_[tile_of(a) + 1] += a.site == Site::other ? 0 : 1;
    }
    for (std::size_t k = 0; k < tiles; ++k) {
        place_[k + 1] += place_[k];
    }
    columns_.resize(place_[tiles]);
    tracks_.resize(columns_.size());
    for (std::size_t k = 0; k < known_.size(); ++k) {
        const Atom& a = known_[k];
        if (a.site != Site::other) {
            const auto at = place_[tile_of(a)]++;
            columns_[at] = a;
            columns_[at].id = -1;
            tracks_[at] = known_track_[k];
            cells.set(site_[k].i, site_[k].j, site_[k].site, static_cast<int>(at));
        }
    }
}

}  // namespace dwellmap
