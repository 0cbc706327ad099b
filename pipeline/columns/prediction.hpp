// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/cells.hpp"
#include "dwellmap/types.hpp"

#include <Eigen/Core>

#include <cstdint>
#include <vector>

namespace dwellmap {

/// Where the columns of a frame are expected, from the frame before: the start of its fit.
///
/// Every site of the lattice that was found is expected again, vacant or not; a column too weak to have a place of its own is
/// expected in the middle of its neighbours. Where drift brings new specimen into the field, the lattice is continued from at least
/// three known neighbours (two at the edge). A site at the border of the crystal that turned out empty is given up.
/// A first frame's own sites are completed at its border in the same way (no drift, no tracks).
/// Cost: linear in the columns. The constructor allocates, nothing after it.
class Prediction {
public:
    Prediction(int rows_px, int cols_px, std::size_t max_atoms);

    /// @param atoms    of a complete frame, with their species
    /// @param track    [atoms] of each, or -1
    /// @param cells    in: indices into atoms; out: into columns()
    /// @param step_px  expected drift to the next frame
    /// @param band_px  columns() is sorted by bands of this height, and by tiles as wide along a band
    void learn(const std::vector<Atom>& atoms, const std::vector<std::int32_t>& track,
               const Lattice& lattice, const Eigen::Vector2d& step_px, int band_px,
               Cells& cells) noexcept;
    void clear() noexcept { columns_.clear(); }

    const std::vector<Atom>& columns() const noexcept { return columns_; }
    const std::vector<std::int32_t>& tracks() const noexcept { return tracks_; }  ///< [columns]

private:
    struct Known {
        Eigen::Vector2f at_px;
        std::int32_t like;  // the atom that it is; of a new one: that it stands beside
        std::int16_t i, j;
        std::int8_t site;  // −1: given up
        bool firm, seen;
    };
    struct Guess {
        Eigen::Vector2f at_px{0, 0};
        int neighbours = 0;  // it is the mean of
    };

    void collect(const std::vector<Atom>& atoms, const Eigen::Vector2f& step_px,
                 Cells& cells) noexcept;
    Guess guess(int i, int j, int site, const Cells& cells) const noexcept;
    static void give_up(Known& s, Cells& cells) noexcept;
    void settle_weak(Cells& cells) noexcept;
    void extend(Cells& cells) noexcept;
    void sort(const std::vector<Atom>& atoms, const std::vector<std::int32_t>& track, int band_px,
              Cells& cells) noexcept;
    float from_edge(const Eigen::Vector2f& at_px) const noexcept;

    int rows_px_, cols_px_;
    float a_px_ = 1;
    Eigen::Vector2f a1_px_{0, 0}, a2_px_{0, 0};
    std::vector<Known> known_;
    std::vector<Atom> columns_;
    std::vector<std::int32_t> tracks_;
    std::vector<std::uint32_t> place_;  // [tiles] of columns_
};

}  // namespace dwellmap
