// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

namespace dwellmap {

/// Complete clusters (a cation and its six neighbours) of an image: [species of the centre][neighbours of the second species]
using ClusterCounts = std::array<std::array<std::int64_t, 7>, 2>;

/// How far an alloy is from an ideal solid solution. What the counts don't tell is NaN. Places k = 0…7: second-species
/// atoms of a cluster's seven.
struct ClusterStatistics {
    std::int64_t clusters = 0;
    std::array<double, 8> measured{};     ///< P(k)
    std::array<double, 8> low{}, high{};  ///< its interval of 68 %
    std::array<double, 8>
        independent{};  ///< clusters that, did they not overlap, would tell as much about P(k)
    std::array<double, 8> ideal{};           ///< binomial(k; 7, x)
    std::array<double, 8> quasi_chemical{};  ///< with the energy below

    /// Σ_k N (measured − ideal)²/ideal over its expectation in a random alloy: about 1 there (sd 0.7). Only
    /// over k that the ideal solution has at least once.
    double discrepancy = 0;

    double composition = 0;  ///< measured: second-species fraction of both ends of all pairs
    double alpha_1 = 0, se_alpha_1 = 0;  ///< Warren–Cowley, below 0: unlike neighbours preferred
    double energy_kT = 0, se_energy_kT = 0;  ///< w/kT, below 0: unlike neighbours preferred
};

/// Cluster probabilities, short-range order and the energy that explains it.
///
/// Ideal: P(k) = binomial(k; 7, x). Interval: Wilson's with N/g_k in place of N clusters, since each atom is in seven. In a
/// random alloy, with m common atoms of clusters at a distance of 1, √3, 2 (6 neighbours each, m = 4, 2, 1),
///   g_k = 1 + 6 Σ_m [Σ_j b(j; m, x) b(k−j; 7−m, x)² − P(k)²]/(P(k) (1 − P(k))),  b the binomial,
/// exactly, 1 to 7. discrepancy: corrected to first order by the same g_k [Rao 1981].
///
/// Pairs (centre, neighbour), P_12 one way round:  α_1 = 1 − P_12/(x(1−x)); its error is from the scatter of the
/// clusters, each bond counted in two. Quasi-chemical approximation [Guggenheim 1935], pairs as if free:
///   P_12²/(P_11 P_22) = exp(−2w/kT),  w = V_12 − (V_11 + V_22)/2: the energy of an unlike bond over that of like ones.
/// In a triangular lattice pairs have common neighbours, which it leaves out: w/kT is too large by about (w/kT)²
/// (0.2 reads 0.25, −0.2 reads −0.17 for x = 0.5). Its clusters have neighbours that depend on the centre only,
///   P(k) = (1−x) b(k; 6, P_12/(1−x)) + x b(k−1; 6, P_22/x).
///
/// Cost: microseconds; allocates nothing.
/// [Guggenheim 1935] Proc. R. Soc. A 148, 304.  [Rao 1981] Rao, Scott, J. Am. Stat. Assoc. 76, 221.
/// @param composition  x of the ideal solution, 0…1 (nominal or of a larger area); NaN: the measured one
ClusterStatistics cluster_statistics(const ClusterCounts& counts, double composition) noexcept;

}  // namespace dwellmap
