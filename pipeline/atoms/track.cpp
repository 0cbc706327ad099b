// SPDX-License-Identifier: Apache-2.0
#include "atoms/track.hpp"

#include "atoms/track_moments.hpp"
#include "base/buffers.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace dwellmap {
namespace {

constexpr double kFewestMatched = 0.3;
constexpr double kFewestOfRow = 4;
constexpr double kSurelySame = 10;  // standard errors of z: the amplitudes are those of the tracks
constexpr std::uint16_t kNotFirm = flag_edge | flag_weak | flag_moved;

}  // namespace

Tracker::Tracker(int rows_px, int cols_px, std::size_t max_atoms, double match_lattice)
    : rows_px_(rows_px),
      match_lattice_(match_lattice),
      track_grid_(rows_px, cols_px, 2.0, 2 * max_atoms),
      atom_grid_(rows_px, cols_px, 2.0, max_atoms) {
    make_room(tracks_, 2 * max_atoms);
    make_room(taken_, 2 * max_atoms);
    make_room(free_, 2 * max_atoms);
    row_sums_.reserve(static_cast<std::size_t>(rows_px) + 1);
}

void Tracker::build_track_grid(const Lattice& lattice) noexcept {
    track_grid_.build(tracks_.size(), 0.5 * lattice.a_px,
                      [&](std::size_t k) -> const Track& { return tracks_[k]; });
}

int Tracker::nearest_track(const Atom& atom, const Eigen::Vector2d& shift,
                           float radius_px) const noexcept {
    return track_grid_.nearest(
        atom.x_px - static_cast<float>(shift.x()), atom.y_px - static_cast<float>(shift.y()),
        radius_px, [&](std::size_t k) -> const Track& { return tracks_[k]; },
        [&](std::size_t k) { return tracks_[k].site == atom.site; });
}

/// Each column that is its nearest track's nearest column gets that track.
void Tracker::match(const Eigen::Vector2d& shift, float radius_px, std::vector<Atom>& atoms,
                    std::vector<std::int32_t>& track) const noexcept {
    const auto atom_at = [&](std::size_t k) -> const Atom& { return atoms[k]; };
    for (std::size_t k = 0; k < atoms.size(); ++k) {
        const int t = nearest_track(atoms[k], shift, radius_px);
        if (t < 0) {
            continue;
        }
        const Track& near = tracks_[static_cast<std::size_t>(t)];
        const int back = atom_grid_.nearest(
            near.x_px + static_cast<float>(shift.x()), near.y_px + static_cast<float>(shift.y()),
            radius_px, atom_at, [&](std::size_t m) { return atoms[m].site == near.site; });
        if (back == static_cast<int>(k)) {
            atoms[k].id = near.id;
            track[k] = t;
        }
    }
}

void Tracker::measure_rows(const Lattice& lattice, const Eigen::Vector2d& shift,
                           const std::vector<Atom>& atoms, const std::vector<std::int32_t>& track,
                           std::vector<RowShift>& rows, Helper& helper) noexcept {
    // a row of cations, where the lattice lies flat
    const int height = std::max(1, static_cast<int>(std::lround(lattice.a_px * std::sqrt(0.75))));
    const auto lines = static_cast<std::size_t>((rows_px_ + height - 1) / height);
    row_sums_.assign(2 * lines, {});
    helper.halves(atoms.size(), [&](int half, std::size_t first, std::size_t last) {
        RowSum* const sums = row_sums_.data() + static_cast<std::size_t>(half) * lines;
        for (std::size_t k = first; k < last; ++k) {
            const Atom& a = atoms[k];
            if (track[k] < 0 || a.site != Site::cation || (a.flags & kNotFirm) != 0) {
                continue;
            }
            const Track& t = tracks_[static_cast<std::size_t>(track[k])];
            const double x = a.x_px - t.x_px - shift.x(), y = a.y_px - t.y_px - shift.y();
            RowSum& sum = sums[std::min(
                lines - 1, static_cast<std::size_t>(a.y_px) / static_cast<std::size_t>(height))];
            sum = sum + RowSum{1, x, y, x * x, y * y};
        }
    });
    for (std::size_t r = 0; r < lines; ++r) {
        const RowSum s = row_sums_[r] + row_sums_[lines + r];
        if (s.n >= kFewestOfRow && rows.size() < rows.capacity()) {
            const double variance = (s.xx + s.yy - (s.x * s.x + s.y * s.y) / s.n) / (2 * (s.n - 1));
            rows.push_back({static_cast<float>((static_cast<double>(r) + 0.5) * height),
                            static_cast<float>(s.x / s.n), static_cast<float>(s.y / s.n),
                            static_cast<float>(std::sqrt(std::max(0.0, variance) / s.n))});
        }
    }
}

/// Takes a complete frame into the tracks; columns without one start theirs.
void Tracker::remember(const Eigen::Vector2d& shift, std::vector<Atom>& atoms,
                       std::vector<std::int32_t>& track, Helper& helper) noexcept {
    drift_ = shift;
    const auto x = [&](const Atom& a) { return static_cast<float>(a.x_px - shift.x()); };
    const auto y = [&](const Atom& a) { return static_cast<float>(a.y_px - shift.y()); };
    helper.halves(atoms.size(), [&](int, std::size_t first, std::size_t last) {
        for (std::size_t k = first; k < last; ++k) {
            if (track[k] >= 0) {
                Track& t = tracks_[static_cast<std::size_t>(track[k])];
                ++t.seen;
                t.x_px += (x(atoms[k]) - t.x_px) / static_cast<float>(t.seen);
                t.y_px += (y(atoms[k]) - t.y_px) / static_cast<float>(t.seen);
                t.amplitude = atoms[k].amplitude;
            }
        }
    });
    for (std::size_t k = 0; k < atoms.size(); ++k) {
        if (track[k] < 0) {
            Atom& a = atoms[k];
            a.id = next_id_++;
            if (tracks_.size() < tracks_.capacity()) {
                track[k] = static_cast<std::int32_t>(tracks_.size());
                tracks_.push_back({a.id, x(a), y(a), a.amplitude, 1, a.site});
            }
        }
    }
}

void Tracker::restore(const FieldOfView& field, double length_per_px, const Eigen::Vector2d& drift,
                      const std::vector<Atom>& atoms) noexcept {
    std::array<MatchMoments, 2> contrast;  // of the field only its species are known
    for (const Atom& a : atoms) {
        if (a.species == species_first || a.species == species_second) {
            contrast[a.species == species_second ? 1 : 0].add(a, {});
        }
    }
    for (std::size_t k = 0; k < field.size(); ++k) {
        const MatchMoments& of_species = contrast[field.species[k] == species_second ? 1 : 0];
        tracks_.push_back({field.id[k], static_cast<float>(field.x[k] / length_per_px),
                           static_cast<float>(field.y[k] / length_per_px),
                           static_cast<float>(of_species.a / std::max(1.0, of_species.n)), 1,
                           Site::cation});  // where it was last seen, which is no mean
        next_id_ = std::max(next_id_, field.id[k] + 1);
    }
    drift_ = drift;
}

bool Tracker::run(const Lattice& lattice, bool keep, std::vector<Atom>& atoms,
                  std::vector<std::int32_t>& track, Eigen::Vector2d& drift,
                  std::vector<RowShift>& rows) noexcept {
    rows.clear();
    build_track_grid(lattice);
    atom_grid_.build(atoms.size(), 0.5 * lattice.a_px,
                     [&](std::size_t k) -> const Atom& { return atoms[k]; });
    track.assign(atoms.size(), -1);
    for (Atom& a : atoms) {
        a.id = -1;
    }
    bool found = true;
    drift = drift_;
    if (!tracks_.empty()) {
        const Fit fit = place(atoms, lattice);
        found = fit.matched >= kFewestMatched * static_cast<double>(count_cations(atoms));
        drift = found ? fit.shift : Eigen::Vector2d(0, 0);
    }
    if (found) {
        match(drift, static_cast<float>(match_lattice_ * lattice.a_px / std::sqrt(3.0)), atoms,
              track);
    } else if (keep) {
        tracks_.clear();
    }
    if (keep) {
        measure_rows(lattice, drift, atoms, track, rows, no_helper());
        remember(drift, atoms, track, no_helper());
    }
    return found;
}

bool Tracker::follow(const Lattice& lattice, bool keep, const std::vector<std::int32_t>& expected,
                     std::vector<Atom>& atoms, std::vector<std::int32_t>& track,
                     Eigen::Vector2d& drift, std::vector<RowShift>& rows, Helper& helper) noexcept {
    rows.clear();
    track.assign(atoms.size(), -1);
    std::array<MatchMoments, 2> halves;
    helper.halves(std::min(expected.size(), atoms.size()), [&](int half, std::size_t first,
                                                               std::size_t last) {
        MatchMoments mine;
        for (std::size_t k = first; k < last; ++k) {
            Atom& a = atoms[k];
            const auto at = static_cast<std::size_t>(expected[k]);
            track[k] = expected[k];
            a.id = track[k] < 0 ? -1 : tracks_[at].id;
            if (track[k] >= 0 && a.site == Site::cation && (a.flags & kNotFirm) == 0) {
                mine.add(a, tracks_[at]);
            }
        }
        halves[static_cast<std::size_t>(half)] = mine;
    });
    const MatchMoments m = halves[0] + halves[1];
    const bool same_cell = z_of(m.correlation(), m.n) > kSurelySame;
    if (m.n < 4 || (keep && !same_cell)) {  // nothing says that it has not jumped by a cell
        return run(lattice, keep, atoms, track, drift, rows);
    }
    drift = m.shift();
    if (keep) {
        measure_rows(lattice, drift, atoms, track, rows, helper);
        match_new(lattice, drift, atoms, track);
        remember(drift, atoms, track, helper);
    }
    return true;
}

/// Tracks for the columns that have none: known ones that come back into the field.
void Tracker::match_new(const Lattice& lattice, const Eigen::Vector2d& shift,
                        std::vector<Atom>& atoms, std::vector<std::int32_t>& track) noexcept {
    if (std::find(track.begin(), track.end(), -1) == track.end()) {
        return;
    }
    taken_.assign(tracks_.size(), 0);
    for (const std::int32_t t : track) {
        if (t >= 0) {
            taken_[static_cast<std::size_t>(t)] = 1;
        }
    }
    free_.clear();
    for (std::size_t t = 0; t < tracks_.size(); ++t) {
        if (taken_[t] == 0) {
            free_.push_back(static_cast<std::int32_t>(t));
        }
    }
    const auto radius = static_cast<float>(match_lattice_ * lattice.a_px / std::sqrt(3.0));
    const auto free_track = [&](std::size_t k) -> const Track& {
        return tracks_[static_cast<std::size_t>(free_[k])];
    };
    track_grid_.build(free_.size(), 0.5 * lattice.a_px, free_track);
    for (std::size_t k = 0; k < atoms.size(); ++k) {
        if (track[k] >= 0) {
            continue;
        }
        const int nearest =
            track_grid_.nearest(atoms[k].x_px - static_cast<float>(shift.x()),
                                atoms[k].y_px - static_cast<float>(shift.y()), radius, free_track,
                                [&](std::size_t f) { return free_track(f).site == atoms[k].site; });
        const auto t = nearest < 0 ? -1 : free_[static_cast<std::size_t>(nearest)];
        if (t >= 0 && taken_[static_cast<std::size_t>(t)] == 0) {
            taken_[static_cast<std::size_t>(t)] = 1;
            track[k] = t;
            atoms[k].id = tracks_[static_cast<std::size_t>(t)].id;
        }
    }
}

}  // namespace dwellmap
