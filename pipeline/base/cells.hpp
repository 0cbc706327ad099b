// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/types.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace dwellmap {

/// Which column stands at which site: unit cell (i, j), site 0 at the corner, 1 at (1/3, 1/3), 2 at (2/3, 2/3).
/// Neighbours are found by index, not by search. The constructor allocates.
class Cells {
public:
    static constexpr int sites = 3;

    explicit Cells(int max_index) : side_(2 * max_index + 1), max_index_(max_index) {
        column_.resize(static_cast<std::size_t>(side_) * static_cast<std::size_t>(side_) * sites);
        clear();
    }

    void clear() noexcept {
        std::fill(column_.begin(), column_.end(), -1);
        cation_site = 0;
    }

    bool contains(int i, int j) const noexcept {
        return std::abs(i) <= max_index_ && std::abs(j) <= max_index_;
    }

    /// Index into the atoms, or -1 (also outside the grid).
    int at(int i, int j, int site) const noexcept {
        return contains(i, j) ? column_[index(i, j, site)] : -1;
    }

    /// Of the three sites of its cell, the one that column `index` of the atoms stands at; -1: at none.
    int site_of(const Atom& a, std::size_t index) const noexcept {
        for (int site = 0; a.site != Site::other && site < sites; ++site) {
            if (at(a.i, a.j, site) == static_cast<int>(index)) {
                return site;
            }
        }
        return -1;
    }

    void set(int i, int j, int site, int atom) noexcept { column_[index(i, j, site)] = atom; }

    int cation_site = 0;  ///< the brighter of the occupied sites

private:
    std::size_t index(int i, int j, int site) const noexcept {
        return (static_cast<std::size_t>(i + max_index_) * static_cast<std::size_t>(side_) +
                static_cast<std::size_t>(j + max_index_)) *
                   sites +
               static_cast<std::size_t>(site);
    }

    int side_, max_index_;
    std::vector<std::int32_t> column_;
};

/// Indices (i, j) of the six nearest sites of a hexagonal lattice, counter-clockwise from a1.
inline constexpr std::array<std::array<int, 2>, 6> kSixNeighbours{
    {{1, 0}, {0, 1}, {-1, 1}, {-1, 0}, {0, -1}, {1, -1}}};

}  // namespace dwellmap
