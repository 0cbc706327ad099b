// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>

#include <array>
#include <cstdint>
#include <limits>
#include <span>

namespace dwellmap {

/// (−1)^row of cation (i, j), for rows along a1 (direction 0), a2 (1) or a2 − a1 (2): exp(2πi q·r) of its lattice site at the
/// half-order point q = g/2 of these rows.
int row_sign(std::int16_t i, std::int16_t j, int direction) noexcept;

/// What the map of domains shows: the score of a mode that alternates from row to row, with the alternation taken off, so that
/// it keeps its sign throughout a domain and changes it at an antiphase boundary.
inline double domain_score(double score, std::int16_t i, std::int16_t j, int direction) noexcept {
    return score * row_sign(i, j, direction);
}

/// S(q) = |Σ_j w_j exp(2πi q·r_j)|² / Σ_j w_j²: 1 for random positions, the number of atoms at a lattice spot.
/// @param x, y     [n] length
/// @param weights  [n]
/// @param q        (x, y), 1/length
double structure_factor(std::span<const double> x, std::span<const double> y,
                        std::span<const double> weights, const Eigen::Vector2d& q) noexcept;

/// Half-way to a lattice spot, of positions alone. NaN: the cations do not span a lattice.
struct HalfOrder {
    static constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

    Eigen::Vector2d q{unknown, unknown};  ///< (x, y), 1/length
    double peak = unknown;                ///< S(q)
    double background = unknown;          ///< mean of S on a ring around q
    double excess = unknown;              ///< peak − background: 0 without a doubled period
    double error = unknown;               ///< standard error of the excess
};

/// The structure factor of the cations' positions at the half-order points of the three row directions: a doubled period
/// of the displacements, whatever the species. Weights are a Hann window over the box around the cations; the lattice is
/// fitted to all positions and indices, r = r_0 + i a1 + j a2.
///
///   background  24 points at 0.12 |g| from q, at least 3 over the side of the box
///   error       √(b² (2 + 1/12) + 4 b max(excess, 0)), b the background: at g/2, which is −g/2 and a lattice vector, the
///               amplitude is real, a square of it has the variance 2 b²; opposite points of the ring say the same
///
/// A field of view with domains of both signs has a lower peak; see LongRangeOrder for their size.
/// Cost: 1.5 ms of 3,000 cations. Nothing allocates.
/// @param x, y  [n] length
/// @param i, j  [n] unit cell
/// @return [3] of the rows along a1, a2, a2 − a1
std::array<HalfOrder, 3> half_order_peaks(std::span<const double> x, std::span<const double> y,
                                          std::span<const std::int16_t> i,
                                          std::span<const std::int16_t> j) noexcept;

/// How far a mode that alternates from row to row does so in step. With t_j = s_j (−1)^row:
///
///   order        <t>² / <s²>: 1 if all |s| are equal and in step, 1/n if the signs are random
///   correlation  C(d) = <t_j t_k> / <t²> over pairs d lattice parameters apart along any of the three rows
///   correlation length   the d − 3 at which C has fallen to C(3)/e. Nearer neighbourhoods share atoms, and their errors
///                        with them. Not beyond the field of view or 32 − 3: that, or more.
struct LongRangeOrder {
    static constexpr int reach = 32;
    static constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

    int count = 0;           ///< cations with a score
    double order = unknown;  ///< NaN: no scores, or all are 0
    double error = unknown;  ///< standard error, the cations taken as independent
    std::array<double, reach + 1> correlation;  ///< [d]; NaN: fewer than 30 pairs
    double correlation_length_a = unknown;      ///< NaN: C(3) is not four errors above 0
};

/// Cost: 0.5 ms of 3,000 cations. Allocates a table of the unit cells.
/// @param i, j       [n] unit cell
/// @param scores     [n] of the mode, NaN where not known
/// @param direction  of the rows across which it alternates: along a1, a2, a2 − a1
LongRangeOrder long_range_order(std::span<const std::int16_t> i, std::span<const std::int16_t> j,
                                std::span<const double> scores, int direction);

}  // namespace dwellmap
