// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>

#include <complex>
#include <string>
#include <vector>

namespace dwellmap {

// A neighbourhood is its offsets [2N]: u, v of neighbour 0, of neighbour 1, ... in the lattice frame and in the order of
// neighbour_sites(N), N = 6, 12, 18 or 24. Ideal offsets are a times the sites of the hexagonal lattice. But for names and
// the tables that the first call makes, nothing here allocates.

/// What stands for a neighbourhood in the statistics, and in which unit:
///
///   offsets             [2N] r_k, length
///   distances           [N]  |r_k|, length
///   angles              [N]  of r_k against its ideal direction, counter-clockwise, rad: it wraps at ±π, while no neighbour
///                            that is accepted is more than 0.36 off
///   rotation_invariant  [2N] R(−φ) r_k, length; φ is local_rotation()
///   symmetry            [12] symmetry_basis() · (r_k − ideal) of the first shell, length
enum class Descriptor { offsets, distances, angles, rotation_invariant, symmetry };

/// @param neighbours N
Eigen::Index dimension(Descriptor descriptor, int neighbours) noexcept;

/// Names of the components, such as "u0" or "zigzag1".
std::vector<std::string> component_names(Descriptor descriptor, int neighbours);

/// @param offsets [2N] length, finite
/// @param a       lattice parameter, length
/// @param out     [dimension()] must not overlap the offsets
void describe(Descriptor descriptor, const Eigen::Ref<const Eigen::VectorXd>& offsets, double a,
              Eigen::Ref<Eigen::VectorXd> out) noexcept;

/// The rotation φ that brings the ideal lattice nearest to the neighbourhood, in the sum of squares:
///   φ = atan2(Σ_k s_k × r_k, Σ_k s_k · r_k),  s_k the ideal sites. Rad, counter-clockwise. [Schönemann 1966] in the plane.
double local_rotation(const Eigen::Ref<const Eigen::VectorXd>& offsets) noexcept;

using FirstShellMatrix = Eigen::Matrix<double, 12, 12>;

/// Orthonormal rows: displacements of the six neighbours, by the irreducible representations of the site symmetry C6v
/// (mirrors σv through neighbours), 12 = A1 + A2 + B1 + B2 + 2 E1 + 2 E2.
///
///   isotropic          A1       away from the centre
///   rotation           A2       around it
///   trigonal           B1       every second neighbour away, the others nearer
///   translation_u, _v  E1       the centre against all six
///   zigzag0, 1, 2      B2 + E1  the ideal zigzags without their translation, as near to them as orthogonal ones can be
///   shear0, 1          E2       pure shears
///   sliding_u, _v      E2       every second neighbour one way, the others the other way
///
/// The three ideal zigzags are independent of each other and of a translation, but not orthogonal to them: between two
/// of them the cosine is ±1/4; √(2/3) of each is a translation along its normal, 0.57 lies on its own row here and ±0.07
/// on the other two. Turning by 60° maps zigzag0 → 1 → 2 → −0. [Löwdin 1950] J. Chem. Phys. 18, 365: symmetric orthogonalisation.
const FirstShellMatrix& symmetry_basis();

/// ψ_m = 1/6 Σ_k exp(i m θ_k) over the first shell, θ_k from the first lattice direction: |ψ_6| = 1 in the ideal lattice, and
/// arg(ψ_6)/6 is its rotation; |ψ_4| = 0 there, and 1 if all bonds are at multiples of 90°. [Nelson 1979] Phys. Rev. B 19, 2457.
/// @param fold 6: hexatic order, 4: tetratic
std::complex<double> bond_order(int fold,
                                const Eigen::Ref<const Eigen::VectorXd>& offsets) noexcept;

/// The neighbourhood turned by steps × 60°, counter-clockwise: neighbours change places within their shell, and a lattice
/// direction becomes the next one. The 24 sites are closed under it.
/// @param steps  any sign
/// @param out    [2N] must not overlap the offsets
void turn_60(int steps, const Eigen::Ref<const Eigen::VectorXd>& offsets,
             Eigen::Ref<Eigen::VectorXd> out) noexcept;

}  // namespace dwellmap
