// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/helper.hpp"
#include "base/point_grid.hpp"
#include "dwellmap/field_of_view.hpp"
#include "dwellmap/types.hpp"

#include <Eigen/Core>

#include <cstdint>
#include <vector>

namespace dwellmap {

/// One column followed over the frames of a series, in the coordinates of the first frame.
struct Track {
    std::int64_t id = -1;
    float x_px = 0, y_px = 0;  ///< mean over the frames it was seen in, drift removed
    float amplitude = 0;       ///< when last seen
    std::int32_t seen = 0;     ///< frames
    Site site = Site::other;
};

/// Finds the drift of a frame against the earlier ones and gives every column the id of its track.
///
/// The lattice repeats, so the drift is found in two steps: within a cell, by the mean of the distances to the nearest
/// tracks; then which of the cells around, by the correlation of the columns' amplitudes (the alloy's contrast does
/// not repeat), where a cell further off must be clearly better. A column belongs to a track if each is the
/// other's nearest within `match` a. Cost linear in the columns. The constructor allocates, run() does not.
class Tracker {
public:
    Tracker(int rows_px, int cols_px, std::size_t max_atoms, double match_lattice);

    /// @param keep   false: look only (an unfinished frame): tracks stay as they are, new columns get no id
    /// @param atoms  out: id
    /// @param track  [atoms] out: index of each column's track, or -1
    /// @param drift  out: of this frame against the first, px
    /// @param rows   out: how far the rows are off it, with `keep`
    /// @return false: this frame shows another place (fewer than 30 % of its columns match); with `keep` all tracks start anew
    bool run(const Lattice& lattice, bool keep, std::vector<Atom>& atoms,
             std::vector<std::int32_t>& track, Eigen::Vector2d& drift,
             std::vector<RowShift>& rows) noexcept;

    /// The same for a frame whose columns were expected, the first ones of `atoms`, each from its track.
    /// @param expected  [<= atoms] their tracks, or -1
    bool follow(const Lattice& lattice, bool keep, const std::vector<std::int32_t>& expected,
                std::vector<Atom>& atoms, std::vector<std::int32_t>& track, Eigen::Vector2d& drift,
                std::vector<RowShift>& rows, Helper& helper = no_helper()) noexcept;

    /// Goes on from the cations of an earlier run, in the order of the field, instead of from none; new tracks get ids after theirs.
    /// @param field  at most 2 × max_atoms entries
    /// @param drift  of the next frame against the field's first one, px, to a quarter of a cell
    /// @param atoms  of the next frame: their amplitudes tell those of the field's species
    void restore(const FieldOfView& field, double length_per_px, const Eigen::Vector2d& drift,
                 const std::vector<Atom>& atoms) noexcept;

private:
    struct Fit {
        Eigen::Vector2d shift{0, 0};
        int matched = 0;
        double correlation = 0;  // of the amplitudes
    };

    Fit compare(const std::vector<Atom>& atoms, Eigen::Vector2d shift, float radius_px, int rounds,
                std::size_t stride) const noexcept;
    Fit place(const std::vector<Atom>& atoms, const Lattice& lattice) const noexcept;
    void match(const Eigen::Vector2d& shift, float radius_px, std::vector<Atom>& atoms,
               std::vector<std::int32_t>& track) const noexcept;
    void measure_rows(const Lattice& lattice, const Eigen::Vector2d& shift,
                      const std::vector<Atom>& atoms, const std::vector<std::int32_t>& track,
                      std::vector<RowShift>& rows, Helper& helper) noexcept;
    void remember(const Eigen::Vector2d& shift, std::vector<Atom>& atoms,
                  std::vector<std::int32_t>& track, Helper& helper) noexcept;
    void match_new(const Lattice& lattice, const Eigen::Vector2d& shift, std::vector<Atom>& atoms,
                   std::vector<std::int32_t>& track) noexcept;
    void build_track_grid(const Lattice& lattice) noexcept;
    int nearest_track(const Atom& atom, const Eigen::Vector2d& shift,
                      float radius_px) const noexcept;

    struct RowSum {
        double n = 0, x = 0, y = 0, xx = 0, yy = 0;

        RowSum operator+(const RowSum& b) const noexcept {
            return {n + b.n, x + b.x, y + b.y, xx + b.xx, yy + b.yy};
        }
    };

    int rows_px_;
    double match_lattice_;
    PointGrid track_grid_, atom_grid_;
    std::vector<Track> tracks_;
    std::vector<std::uint8_t> taken_;  // [tracks]
    std::vector<std::int32_t> free_;   // tracks that are not
    std::vector<RowSum> row_sums_;     // [2 × rows of cations], of the halves of the atoms
    std::int64_t next_id_ = 0;
    Eigen::Vector2d drift_{0, 0};
};

}  // namespace dwellmap
