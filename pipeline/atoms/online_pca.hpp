// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "atoms/online_covariance.hpp"
#include "dwellmap/types.hpp"

#include <array>
#include <vector>

namespace dwellmap {

/// Principal components of a set of neighbourhoods that changes, under names, signs and an order that stay.
///
///   C = M/(n−1);  with parity: C ← (C + P C Pᵀ)/2, P the inversion of the neighbourhood, so that even modes
///   (breathing, shear) and odd ones (symmetry breaking, translation) can't mix, however near their variances.
///   On (x_k ∓ x_antipode)/√2 that matrix falls into an even and an odd half, solved one by one.
///
/// Between updates: neighbouring eigenvalues closer than 4 sampling errors (√(2/n)·hypot) form a block; a mode
/// is assigned to its predecessor by overlap; inside a block the basis is rotated onto the previous one
/// (orthogonal Procrustes), a single mode only gets its sign. The subspaces, all that the data determine, are untouched.
/// Modes are named by their overlap with ideal patterns on the first shell, not by rank.
///
/// Cost O((2N)³), with parity a quarter of it. The constructor allocates, update() does not.
/// [Schönemann 1966] Psychometrika 31, 1.
class OnlinePca {
public:
    static constexpr int kMinCount = 30;  ///< below, there are no modes

    /// @param neighbours N: 6, 12, 18 or 24
    OnlinePca(int neighbours, bool parity);

    /// Takes the modes of the present set. @return false: fewer than kMinCount neighbourhoods, modes() is unchanged
    bool update(const OnlineCovariance& set) noexcept;

    const ModeSet& modes() const noexcept { return modes_; }

private:
    static constexpr int kMaxDim = 48;
    using Square =
        Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor, kMaxDim, kMaxDim>;
    using Column = Eigen::Matrix<double, Eigen::Dynamic, 1, Eigen::ColMajor, kMaxDim, 1>;
    using Basis = Eigen::Matrix<double, Eigen::Dynamic, kModes, Eigen::ColMajor, kMaxDim, kModes>;

    /// Leading modes, by variance.
    struct Spectrum {
        Basis vectors;
        std::array<double, kModes> variance{}, gap_sigma{};
    };

    Square half(const Square& c, double sign) const noexcept;
    Basis whole(const Basis& of_half, double sign) const noexcept;
    Spectrum solve(const Square& c, double count) const noexcept;
    Spectrum solve_halves(const Square& c, double count) const noexcept;
    bool is_odd(const Eigen::Ref<const Column>& v) const noexcept;
    std::array<int, kModes> successors(const Basis& fresh) const noexcept;
    std::array<int, kModes> blocks(const Spectrum& fresh, double count) const noexcept;
    void align(Spectrum& fresh, double count) const noexcept;
    void name() noexcept;

    bool parity_;
    std::vector<int> antipode_;
    std::vector<int> pair_;  // one neighbour of each pair of antipodes
    ModeSet modes_;
};

}  // namespace dwellmap
