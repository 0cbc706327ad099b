// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

namespace dwellmap {

/// Local against global: D = a n + b x + c n_outer + d, the order parameter D of a cation against the number n of second
/// species among its six neighbours, the composition x of its image, and, if asked, the number n_outer of second species in
/// the second and third shell. The ratio b/(6a) compares the ranges of the global and of the local term.

/// Atoms to regress on, one entry each in every span. Nothing is copied.
struct RegressionSample {
    std::span<const int> n;         ///< 0…6
    std::span<const int> n_outer;   ///< 0…12, −1: not known; may be empty
    std::span<const double> x;      ///< composition of the image
    std::span<const double> score;  ///< of the symmetry-breaking mode, centred, nm
    std::span<const int> image;     ///< 0, 1, …
    std::span<const int> block;     ///< of kBlock_nm, numbered within its image
};

/// Side of the square blocks that stand for independent pieces of crystal. Neighbours share atoms and domains, so that the
/// errors of single atoms would be a fifth too small. Simulated series of four 16 nm images (domains of 12 nm): the sd
/// of b/(6a) between 200 series is 0.104; quoted are 0.081 with atoms, 0.101 with blocks of 2 to 5 nm, 0.076 with images.
inline constexpr double kBlock_nm = 4;

/// Coefficients or their errors, nm. NaN: the data don't determine it (or it was not asked for).
struct Coefficients {
    double a = std::numeric_limits<double>::quiet_NaN();
    double b = a, c = a, d = a;
};

struct RegressionEstimate {
    std::string_view name;
    Coefficients value;
    Coefficients se;        ///< between blocks (sandwich); NaN until errors are asked for
    Coefficients se_model;  ///< if all atoms were independent: inverse information
    double ratio = std::numeric_limits<double>::quiet_NaN();  ///< b/(6a)
    double se_ratio = ratio, se_ratio_model = ratio;
    double ratio_low = ratio, ratio_high = ratio;  ///< range of the ratio with one image left out
    std::int64_t count = 0;                        ///< atoms
    bool converged = false;
    int age = 0;  ///< updates since the values were found
    int errors_age =
        0;  ///< and since errors between blocks and range were, of the image whose turn is longest ago
};

/// Sets values and ratio; `known` says which of (a, b, c, d) the data determine.
void set_values(const Eigen::Vector4d& values, const Eigen::Array4i& known,
                RegressionEstimate& estimate) noexcept;

/// Errors of the known coefficients and, to first order, of the ratio.
/// @param covariance of (a, b, c, d)
void set_model_errors(const Eigen::Matrix4d& covariance, RegressionEstimate& estimate) noexcept;
void set_errors(const Eigen::Matrix4d& covariance, RegressionEstimate& estimate) noexcept;

/// Covariance of coefficients from the influence ψ of every block on them, the sum of its atoms' influences; blocks are
/// independent, C = k/(k−1) Σ_blocks ψψᵀ [Liang 1986]. It is NaN for fewer than two blocks. [Liang 1986] Biometrika 73, 13.
class BlockCovariance {
public:
    void add(const Eigen::Vector4d& influence_of_block) noexcept;
    void add(const BlockCovariance& others) noexcept;

    Eigen::Matrix4d covariance() const noexcept;

    /// The same of T ψ.
    Eigen::Matrix4d covariance(const Eigen::Matrix4d& t) const noexcept {
        return t * covariance() * t.transpose();
    }

private:
    double blocks_ = 0;
    Eigen::Matrix4d sum_ = Eigen::Matrix4d::Zero();
};

/// Range of what it is given; NaN until then and for NaN.
struct Range {
    double low = std::numeric_limits<double>::quiet_NaN(), high = low;
    void add(double value) noexcept;
};

}  // namespace dwellmap
