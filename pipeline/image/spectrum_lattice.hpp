// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/lattice.hpp"
#include "dwellmap/types.hpp"

#include <complex>
#include <vector>

namespace dwellmap {

/// First guess of the hexagonal lattice, without any scale, from the power spectrum of (a part of) the image:
/// three spots 60 degrees apart; of the sets that fit, the longest period. Needs about 6 periods a side.
/// Cost: an FFT of 256 × 256 pixels; if that shows fewer than 14 periods or none, of 512 × 512. Only for the first frame of a series.
class SpectrumLattice {
public:
    static constexpr int quick_side_px = 256, max_side_px = 512;

    SpectrumLattice(int rows_px, int cols_px);

    /// @param counts  rows 0…rows_in−1 are used: the largest square around their centre
    /// @param a_min_px, a_max_px  lattice parameters to look for
    Lattice run(const Image& counts, int rows_in, double a_min_px, double a_max_px);

private:
    struct Spot {
        double kx, ky;  // cycles/px
        double power;
    };

    Lattice look(const Image& counts, int rows_in, int most_px, double a_min_px, double a_max_px);
    void transform(const Image& counts, int rows_in, int most_px);
    void median_of_rings(int side_px);
    void find_spots(double k_min, double k_max);
    bool has_spot(const Eigen::Vector2d& k) const;
    double triple(const Spot& first, Eigen::Vector2d& k1, Eigen::Vector2d& k2) const;

    int side_px_ = 0;
    std::vector<std::complex<float>> spectrum_;  // [side × side]
    std::vector<float> power_;                   // [side × side/2+1]
    std::vector<float> background_;  // [side × side/2+1] median of the ring at that radius
    std::vector<Spot> spots_;
};

}  // namespace dwellmap
