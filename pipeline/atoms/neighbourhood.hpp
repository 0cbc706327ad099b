// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "atoms/projection.hpp"
#include "base/cells.hpp"
#include "base/helper.hpp"
#include "dwellmap/types.hpp"

#include <Eigen/Core>

#include <array>
#include <cstdint>
#include <vector>

namespace dwellmap {

/// The neighbours of each cation at the sites of the lattice, and what they say about its distortion.
///
/// Offsets r_k − r_0 of the N nearest cations are kept as they lie on the image and given in the lattice frame (u along
/// a1, v 90 degrees counter-clockwise on screen), in the order of neighbour_sites(). A neighbour must stand within
/// 0.35 a of its ideal site and be usable(); otherwise the neighbourhood is not complete. Projections on the ideal
/// patterns are of the displacements from the ideal offsets of the frame's lattice.
///
/// gather() finds the neighbours, part by part while the frame comes in; measure() then counts species and takes the frame's
/// lattice, which offsets() and score() are of.
/// Cost O(N) a cation: neighbours are looked up by lattice index. The constructor allocates, nothing after it does.
class Neighbourhoods {
public:
    static constexpr float kTolerance = 0.35F;  ///< of a
    using Clusters = std::array<std::int64_t, 8>;

    Neighbourhoods(int neighbours, std::size_t max_atoms);

    /// Neighbours of the atoms [first, last), the ones before them have been gathered; needs site, flags and positions of
    /// them and of their neighbours, not the species. Once more for those whose neighbours have changed since.
    /// @param lattice  a1 and a2 place the ideal sites
    void gather(const Cells& cells, const Lattice& lattice, const std::vector<Atom>& atoms,
                std::size_t first, std::size_t last, Helper& helper = no_helper()) noexcept;

    /// Of all atoms, once they are gathered and their species known.
    /// @param length_per_px unit of the offsets: nm a pixel, or 1
    /// @param atoms         out: n, complete
    /// @return complete cations with k second-species atoms among the 7
    Clusters measure(const Lattice& lattice, double length_per_px, std::vector<Atom>& atoms,
                     Helper& helper = no_helper()) noexcept;

    /// Second-species cations in the second and third shell, 0..12; -1: not all of them are there and of a known species.
    int count_outer(std::size_t atom) const noexcept { return count_second(atom, 6, kInner); }

    /// isotropic, zigzag, order_parameter and their errors, of a cation whose six neighbours are there.
    void score(std::size_t atom, Scores& scores) const noexcept;

    /// Standard error of the projection on a zigzag, of a complete cation, unit of the frame.
    float se_zigzag(std::size_t atom) const noexcept;

    /// Whether the chosen N of this atom are all there.
    bool complete(std::size_t atom) const noexcept { return there_[atom] >= neighbours_; }

    using Offsets =
        Eigen::Matrix<double, Eigen::Dynamic, 1, Eigen::ColMajor, Projection::max_dim, 1>;

    /// [2N] offsets of a complete cation in the lattice frame of the last measure(), length.
    Offsets offsets(std::size_t atom) const noexcept;

    /// Turns patterns of that frame into the image, for offsets_px() and variances_px2().
    const LatticeFrame& frame() const noexcept { return frame_; }

    /// [2N] of a complete cation: x, y of neighbour 0, of neighbour 1, ...
    const float* offsets_px(std::size_t atom) const noexcept {
        return offsets_px_.data() + atom * dim();
    }

    /// [2 + 2N] squared standard errors of x, y: of the complete cation itself, of neighbour 0, ...
    const float* variances_px2(std::size_t atom) const noexcept {
        return variances_px2_.data() + atom * (2 + dim());
    }

private:
    static constexpr int kInner = 18;

    struct Place {
        int i, j;
        float x_px, y_px;  // ideal offset
    };

    std::size_t dim() const noexcept { return 2 * static_cast<std::size_t>(neighbours_); }
    void place_sites(const Lattice& lattice) noexcept;
    int gather_one(const Cells& cells, const std::vector<Atom>& atoms, std::size_t k) noexcept;
    void set_patterns(const Lattice& lattice) noexcept;
    int count_second(std::size_t atom, int first, int last) const noexcept;
    void measure_one(std::size_t atom, Atom& a) const noexcept;

    int neighbours_;
    std::vector<Place> sites_;  // of 24: the first 6, 12, 18 of them are the smaller templates
    float reach2_px2_ = 0;
    LatticeFrame frame_;
    Projection patterns_;  // isotropic, three zigzags

    std::vector<std::uint8_t> there_;  // [atoms] how many of the 24, up to a gap
    std::vector<std::array<std::int32_t, kInner>> inner_;  // [atoms] the first three shells
    std::vector<float> offsets_px_, variances_px2_;        // [atoms × 2N], [atoms × (2 + 2N)]
    std::vector<std::uint8_t> kind_;                       // [atoms] of the frame at hand
};

}  // namespace dwellmap
