// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>

#include <array>

namespace dwellmap {

/// How offsets on the image (x right, y down, px) lie in the lattice frame (u along a1, v 90 degrees
/// counter-clockwise on screen, length):  u = c dx − s dy,  v = −s dx − c dy,  c = L cos φ,  s = L sin φ.
struct LatticeFrame {
    double c = 1, s = 0;  ///< length a px

    Eigen::Vector2d turn(double dx_px, double dy_px) const noexcept {
        return {c * dx_px - s * dy_px, -s * dx_px - c * dy_px};
    }
};

/// Up to 8 patterns w [2N] of the lattice frame, turned into the axes of the image once, so that a neighbourhood as
/// it was found is projected on all of them in one pass:
///
///   value = Σ_k w_k · (r_k − r_0) − constant,   variance = Σ_k w_k² · var(r_k) + (Σ_k w_k)² · var(r_0).
///
/// Cost O(16 N) a neighbourhood. Nothing allocates.
class Projection {
public:
    static constexpr int lanes = 8;
    static constexpr int max_dim = 48;  ///< 2N
    using Lanes = std::array<double, lanes>;
    using Variances = std::array<float, lanes>;

    /// All lanes 0, for patterns [dim].
    void clear(int dim) noexcept;

    /// @param pattern [dim] u, v of neighbour 0, of neighbour 1, ...
    void set(int lane, const LatticeFrame& frame, const double* pattern, double constant) noexcept;

    /// @param offsets_px [dim] x, y of neighbour 0, ...
    Lanes values(const float* offsets_px) const noexcept;

    /// @param variances_px2 [2 + dim] squared standard errors of x, y: of the centre, of neighbour 0, ...
    Variances variances(const float* variances_px2) const noexcept;

private:
    int dim_ = 0;
    Lanes constant_{};
    std::array<double, (max_dim + 2) * lanes> weight_{};  // [2 + dim × lanes], the centre's first
    std::array<float, (max_dim + 2) * lanes> weight2_{};  // their squares
};

}  // namespace dwellmap
