// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/types.hpp"

#include <Eigen/Core>
#include <unsupported/Eigen/FFT>

#include <array>
#include <complex>
#include <limits>
#include <vector>

namespace dwellmap {

/// A lattice spot of the power spectrum; of the pair ±g the one named in FourierResult. NaN: not found, or beyond the spectrum.
struct BraggPeak {
    static constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

    Eigen::Vector2d at_per_px{unknown, unknown};  ///< (x, y), y down, to a fraction of a bin
    double intensity = unknown;                   ///< sum above the background
    double background = unknown;                  ///< mean of the ring around it, per bin
    double radial_width_per_px = unknown;  ///< standard deviation along g, the window's taken off
    double tangential_width_per_px = unknown;
    double splitting_per_px = 0;        ///< between the two highest maxima; 0: one peak
    double splitting_significance = 0;  ///< depth of the dip between them over its noise
};

/// Half-way to a lattice spot: where a period doubled across the rows shows.
struct HalfOrderPeak {
    Eigen::Vector2d at_per_px{BraggPeak::unknown, BraggPeak::unknown};
    double intensity = BraggPeak::unknown;     ///< sum above the background
    double background = BraggPeak::unknown;    ///< mean of the ring around it, per bin
    double over_bragg = BraggPeak::unknown;    ///< intensity over that of the lattice spot
    double significance = BraggPeak::unknown;  ///< intensity over its standard error
};

/// Index k of the spots is the direction of the rows that they are of: along a1, a2, a2 − a1.
struct FourierResult {
    Image log_power;  ///< [size × size] log10, frequency 0 at (size/2, size/2); 0 is counting noise
    double step_per_px = 0;             ///< frequency from bin to bin
    std::array<BraggPeak, 3> first;     ///< g_k
    std::array<BraggPeak, 3> second;    ///< 2 g_k: strain shows twice as large
    std::array<HalfOrderPeak, 3> half;  ///< g_k / 2; in an alloy mostly contrast, not displacement
    Lattice lattice;                    ///< from the first-order spots; se_a_px stays 0
};

/// The image in reciprocal space: P(q) = |Σ w(r) (c(r) − <c>) exp(−2πi q·r)|² under a Hann window w.
///
/// Pixels are summed b × b, so that the spectrum is of (nearly) the whole field of view and still at most 512² large; b is made
/// smaller where 2g would not fit. The loss of contrast by the sums is corrected in the intensities, not in the picture.
///
///   intensity   disc of 0.15/a (at least 2.5 bins) above the mean of the ring around it, up to 0.3/a
///   position    and width: moments under a Gaussian weight wider than the peak, solved for the Gaussian peak they are of;
///               the window's own width, found in the same way, is subtracted in squares        [Bernstein 2002]
///   splitting   the two highest local maxima of the disc, where the second is above a tenth of the first and the power dips
///               between them by a fifth or more. Two lattices d apart need a field of view of about 2/d to show; a few large
///               regions of one smoothly strained lattice can look the same.
///
/// Intensities are in units of the white noise of electrons counted one by one. Needs about 15 periods a side.
/// Cost: 6 ms of 512² px, 9 ms of 1024². The constructor allocates, run() does not once the result has its size.
/// [Bernstein 2002] Bernstein, Jarvis, Astron. J. 123, 583.
class FourierView {
public:
    static constexpr int max_size = 512;

    FourierView(int rows_px, int cols_px);

    /// Bins a side: products of 2, 3 and 5, whose transforms are fast.
    int size() const noexcept { return size_; }

    /// @param counts   [rows × cols]
    /// @param lattice  where the spots are to be looked for; without one there is only the picture
    void run(const Image& counts, const Lattice& lattice, FourierResult& result);

private:
    void bin(const Image& counts) noexcept;
    void transform() noexcept;
    void look_at(const Eigen::Vector2d& g_per_px, BraggPeak& peak) const noexcept;
    void look_half_way(const BraggPeak& bragg, HalfOrderPeak& half) const noexcept;
    Eigen::Vector2d zero_frequency() const noexcept;  // bins
    double contrast_kept(const Eigen::Vector2d& g_per_px) const noexcept;

    int side_px_;  // of the largest square
    int size_;
    int binning_ = 1;           // pixels a side that are summed
    double radius_ = 0;         // of a spot's disc, bins
    double hann_variance_ = 0;  // of an ideal peak along an axis, bins²
    double counting_noise_ = 0;
    std::vector<float> window_;                  // [size]
    Image binned_;                               // [size × size]
    std::vector<std::complex<float>> rows_;      // [size × size/2+1] transformed along x
    std::vector<std::complex<float>> in_, out_;  // [size]
    Image power_;  // [size × size] centred, in units of counting noise
    Eigen::FFT<float> fft_;
};

}  // namespace dwellmap
