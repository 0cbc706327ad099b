// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/cells.hpp"
#include "dwellmap/types.hpp"

#include <Eigen/Core>

#include <array>
#include <vector>

namespace dwellmap {

/// Whether a column may be a centre or a neighbour in the statistics.
inline bool usable(const Atom& a) noexcept {
    return (a.flags & (flag_edge | flag_moved | flag_weak | flag_misfit)) == 0;
}

/// The neighbours of each cation at the sites of the lattice, and what they say about its distortion.
///
/// Offsets r_k − r_0 of the N nearest cations are taken in the lattice frame (u along a1, v 90 degrees
/// counter-clockwise on screen), in the order of neighbour_sites(). A neighbour must stand within 0.35 a of its
/// ideal site and be usable(); otherwise the neighbourhood is not complete. Projections on the ideal patterns
/// are of the displacements from the ideal offsets of this frame's lattice.
/// Cost O(N) a cation: neighbours are looked up by lattice index. The constructor allocates, run() does not.
class Neighbourhoods {
public:
    static constexpr float kTolerance = 0.35F;  ///< of a

    Neighbourhoods(int neighbours, std::size_t max_atoms);

    /// @param length_per_px unit of the offsets: nm a pixel, or 1
    /// @param atoms         out: n, complete
    /// @param scores        [atoms] out: isotropic, zigzag, order_parameter and their errors
    void run(const Cells& cells, const Lattice& lattice, double length_per_px,
             std::vector<Atom>& atoms, std::vector<Scores>& scores) noexcept;

    /// Whether the chosen N of this atom are all there.
    bool complete(std::size_t atom) const noexcept { return complete_[atom] != 0; }

    /// [2N] offsets of a complete cation, length.
    Eigen::Map<const Eigen::VectorXd> offsets(std::size_t atom) const noexcept {
        return {offsets_.data() + static_cast<std::ptrdiff_t>(atom) * 2 * neighbours_,
                2 * neighbours_};
    }

    /// Standard error of the projection of a complete cation on a unit vector [2N], from the errors of all its columns.
    double projection_error(const std::vector<Atom>& atoms, std::size_t atom,
                            const double* unit) const noexcept;

private:
    bool offset_of(const std::vector<Atom>& atoms, const Atom& centre, int neighbour,
                   std::size_t site, Eigen::Vector2d& offset) const noexcept;
    void first_shell(const Cells& cells, std::vector<Atom>& atoms, std::size_t k,
                     Scores& scores) const noexcept;

    int neighbours_;
    std::vector<std::array<int, 2>>
        sites_;  // of 24: the first 6, 12, 18 of them are the smaller templates
    std::vector<Eigen::Vector2d> ideal_;  // [24] length, lattice frame
    double cos_ = 1, sin_ = 0, length_per_px_ = 1, a_ = 1;
    std::vector<std::uint8_t> complete_;  // [atoms]
    std::vector<double> offsets_;         // [atoms × 2N]
    std::vector<std::int32_t> index_;     // [atoms × N]
};

}  // namespace dwellmap
