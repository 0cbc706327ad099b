// SPDX-License-Identifier: Apache-2.0
#include "columns/prediction.hpp"

#include "base/buffers.hpp"

#include <algorithm>
#include <cmath>

namespace dwellmap {
namespace {

constexpr int kNeighbours = 3;      // that a new site needs, and an empty one to be kept
constexpr int kEdgeNeighbours = 2;  // nearer to the edge than a
constexpr float kBorder = 2.5F;     // a: here the lattice is continued
constexpr float kOutside = 0.5F;    // a: no site so far outside is moved in by its neighbours

}  // namespace

Prediction::Prediction(int rows_px, int cols_px, std::size_t max_atoms)
    : rows_px_(rows_px), cols_px_(cols_px) {
    make_room(known_, max_atoms);
    make_room(columns_, max_atoms);
    make_room(tracks_, max_atoms);
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
    collect(atoms, step_px.cast<float>(), cells);
    settle_weak(cells);
    extend(cells);
    sort(atoms, track, band_px, cells);
}

/// The sites of the lattice among the columns, moved by the step; cells holds indices into known_ afterwards.
void Prediction::collect(const std::vector<Atom>& atoms, const Eigen::Vector2f& step_px,
                         Cells& cells) noexcept {
    known_.clear();
    for (std::size_t k = 0; k < atoms.size(); ++k) {
        const Atom& a = atoms[k];
        const int site = cells.site_of(a, k);
        if (site >= 0) {
            cells.set(a.i, a.j, site, static_cast<int>(known_.size()));
            known_.push_back({{a.x_px + step_px.x(), a.y_px + step_px.y()},
                              static_cast<std::int32_t>(k),
                              a.i,
                              a.j,
                              static_cast<std::int8_t>(site),
                              (a.flags & (flag_weak | flag_moved)) == 0,
                              true});
        }
    }
}

/// The mean of where its neighbours on the same sublattice would have it.
Prediction::Guess Prediction::guess(int i, int j, int site, const Cells& cells) const noexcept {
    Guess g;
    for (const auto& [di, dj] : kSixNeighbours) {
        const int k = cells.at(i + di, j + dj, site);
        if (k >= 0 && known_[static_cast<std::size_t>(k)].firm) {
            g.at_px += known_[static_cast<std::size_t>(k)].at_px - static_cast<float>(di) * a1_px_ -
                       static_cast<float>(dj) * a2_px_;
            ++g.neighbours;
        }
    }
    g.at_px /= static_cast<float>(std::max(1, g.neighbours));
    return g;
}

/// A column that is not firm is expected where its neighbours say; without enough of them it is given up.
void Prediction::settle_weak(Cells& cells) noexcept {
    for (Known& s : known_) {
        if (s.firm) {
            continue;
        }
        const Guess g = guess(s.i, s.j, s.site, cells);
        if (g.neighbours >= kNeighbours) {
            s.at_px = g.at_px;
        } else {
            give_up(s, cells);
        }
    }
}

void Prediction::give_up(Known& s, Cells& cells) noexcept {
    cells.set(s.i, s.j, s.site, -1);
    s.site = -1;
}

/// New sites at the border of the image, beside those that are known.
void Prediction::extend(Cells& cells) noexcept {
    for (std::size_t k = 0; k < known_.size(); ++k) {
        const Known s = known_[k];
        if (s.site < 0 || from_edge(s.at_px) > kBorder * a_px_) {
            continue;
        }
        for (const auto& [di, dj] : kSixNeighbours) {
            const int i = s.i + di, j = s.j + dj;
            const Eigen::Vector2f beside =
                s.at_px + static_cast<float>(di) * a1_px_ + static_cast<float>(dj) * a2_px_;
            if (from_edge(beside) < -kOutside * a_px_ || known_.size() == known_.capacity() ||
                !cells.contains(i, j) || cells.at(i, j, s.site) >= 0) {
                continue;
            }
            const Guess g = guess(i, j, s.site, cells);
            const float edge = from_edge(g.at_px);
            if (edge >= 0 && g.neighbours >= (edge < a_px_ ? kEdgeNeighbours : kNeighbours)) {
                cells.set(i, j, s.site, static_cast<int>(known_.size()));
                known_.push_back({g.at_px, s.like, static_cast<std::int16_t>(i),
                                  static_cast<std::int16_t>(j), s.site, false, false});
            }
        }
    }
}

/// By band of rows and along it; what has left the field is gone.
void Prediction::sort(const std::vector<Atom>& atoms, const std::vector<std::int32_t>& track,
                      int band_px, Cells& cells) noexcept {
    const int rows = (rows_px_ + band_px - 1) / band_px, cols = (cols_px_ + band_px - 1) / band_px;
    const auto tiles = static_cast<std::size_t>(rows) * static_cast<std::size_t>(cols);
    const auto tile_of = [&](const Known& s) {
        const int row = std::clamp(static_cast<int>(s.at_px.y()) / band_px, 0, rows - 1),
                  col = std::clamp(static_cast<int>(s.at_px.x()) / band_px, 0, cols - 1);
        return static_cast<std::size_t>(row) * static_cast<std::size_t>(cols) +
               static_cast<std::size_t>(col);
    };
    place_.assign(tiles + 1, 0);
    for (Known& s : known_) {
        if (s.site >= 0 && from_edge(s.at_px) < 0) {
            give_up(s, cells);
        }
        place_[tile_of(s) + 1] += s.site < 0 ? 0 : 1;
    }
    for (std::size_t k = 0; k < tiles; ++k) {
        place_[k + 1] += place_[k];
    }
    columns_.resize(place_[tiles]);
    tracks_.resize(columns_.size());
    for (const Known& s : known_) {
        if (s.site < 0) {
            continue;
        }
        const auto at = place_[tile_of(s)]++;
        const auto like = static_cast<std::size_t>(s.like);
        Atom& a = columns_[at];
        a = atoms[like];
        a.id = -1;
        a.x_px = s.at_px.x();
        a.y_px = s.at_px.y();
        a.i = s.i;
        a.j = s.j;
        a.flags = s.seen ? a.flags : std::uint16_t{flag_weak};
        tracks_[at] = s.seen ? track[like] : -1;
        cells.set(s.i, s.j, s.site, static_cast<int>(at));
    }
}

}  // namespace dwellmap
