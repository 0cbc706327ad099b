// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/background.hpp"
#include "dwellmap/types.hpp"

#include <cstdint>
#include <vector>

namespace dwellmap {

/// What all columns of a frame share.
struct FrameFit {
    double sigma_px = 0;    ///< width of a column; 0 before the first fit
    double background = 0;  ///< mean over the image, counts
    double gain =
        1;  ///< variance = gain · counts + read_variance; 1 and 0 for electrons counted one by one
    double read_variance = 0;
    double chi2 = 0;  ///< median over the columns
};

/// Joint fit of all columns to the raw counts.
///
///   m(x, y) = b(x, y) + Σ_k A_k exp(−((x−x_k)² + (y−y_k)²) / 2σ²)
///
/// Each pass: the model of the whole image, its residual weighted by 1/variance, then one Gauss-Newton step
/// in (A, x, y) for every column at once from the pixels within 2.5 σ (block Jacobi: columns overlap little),
/// one step of the frame's σ from the cations (A eliminated), one of the background, bilinear on nodes 5 a apart,
/// from the dark pixels. One σ and a stiff background keep the joint problem stable. Fitting all columns
/// together is what removes the pull of the anions on the cations; fits of single columns stay 30 % above the
/// Cramér-Rao bound. Columns weaker than five standard errors are held near their site by a prior.
///
/// Errors: inverse Fisher information of (A, x, y) with the variance read off the residual.
/// Cost: linear in the columns, about 1 µs a column and pass. The constructor allocates, run() does not.
class Refiner {
public:
    Refiner(int rows_px, int cols_px, std::size_t max_atoms);

    /// @param counts    rows 0…rows_in−1 are used, but for those where row_valid is 0
    /// @param a_px      lattice parameter: scale of the background and of the limits
    /// @param passes    >= 1
    /// @param atoms     in: x, y, amplitude; out: the fit, its errors, flags. Site::other that is not significant is removed
    /// @param fit       in: start (sigma_px 0: 0.157 a); out: the frame's values
    void run(const Image& counts, const std::vector<std::uint8_t>& row_valid, int rows_in,
             double a_px, int passes, std::vector<Atom>& atoms, FrameFit& fit) noexcept;

private:
    struct Step {  // one column's share of a pass
        float d_amplitude, dx, dy;
        float coupling;  // d amplitude / d sigma
    };

    void start(const Image& counts, const std::vector<Atom>& atoms, FrameFit& fit) noexcept;
    void render_columns(const std::vector<Atom>& atoms, double sigma) noexcept;
    void weigh(const Image& counts, const std::vector<std::uint8_t>& row_valid,
               const FrameFit& fit) noexcept;
    void estimate_noise(const Image& counts, const std::vector<std::uint8_t>& row_valid,
                        FrameFit& fit) noexcept;
    void step_columns(std::vector<Atom>& atoms, FrameFit& fit) noexcept;
    void errors(std::vector<Atom>& atoms, FrameFit& fit) noexcept;
    void drop_insignificant(std::vector<Atom>& atoms) const noexcept;

    int rows_px_, cols_px_, rows_in_ = 0;
    double a_px_ = 0;
    Background background_;
    Image model_, weight_, weighted_;  // weight_ 1/variance, weighted_ weight · (counts − model)
    std::vector<Step> steps_;
    std::vector<float> start_x_, start_y_, scratch_;
};

}  // namespace dwellmap
