// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "regression/response_cell.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include <limits>
#include <span>

namespace dwellmap {

/// k(Δ) = variance · exp(−½(Δn/6)²/length_n² − ½Δx²/length_x²); an atom scatters by noise_variance about the function.
struct KernelParameters {
    double variance = 1;  ///< response²
    double length_n = 1;  ///< [0.15, 3], of n/6
    double length_x = 1;  ///< [0.15, 3], of x
    double noise_variance = 1;
    double mean = 0;  ///< a result, never an input
};

/// Gaussian process of a response over the inputs (n/6, x) of all atoms, from the cells alone.
///
///   y = mean + f(n, x) + ε,   K = k(cells, cells) + diag(noise_variance/count),   P = K⁻¹ − K⁻¹11ᵀK⁻¹/(1ᵀK⁻¹1)
///   log L = −½ȳᵀPȳ − ½ln|K| − ½ln(1ᵀK⁻¹1) + Σ[−½SS/σ² − ½(m−1)ln(2πσ²) − ½ln m] + …
///
/// which is the likelihood of the atoms, not of their means: replicates enter by count, mean and SS only [Binois 2018].
/// The parameters are those of greatest likelihood (type II), by average-information steps within bounds [Gilmour 1995].
/// The uncertainty of a prediction counts in that of the mean (flat prior, integrated out) and of the parameters (first
/// order, [Kass 1989]): without them the 95 % band is too narrow where there are few cells.
///
/// Cost of a likelihood O(cells³): 20 µs for 28 cells; a fit takes some ten to thirty, a refit a few. Allocates when the
/// number of cells changes, only. Cells without atoms are passed over.
/// [Binois 2018] Binois, Gramacy, Ludkovski, J. Comput. Graph. Stat. 27, 808.
/// [Gilmour 1995] Gilmour, Thompson, Cullis, Biometrics 51, 1440.  [Kass 1989] Kass, Steffey, J. Am. Stat. Assoc. 84, 717.
class GaussianProcess {
public:
    static constexpr int kMinCells = 3;  ///< below, nothing is known

    struct Prediction {
        double mean = std::numeric_limits<double>::quiet_NaN();
        double sd = mean;  ///< of the function, without an atom's noise
    };

    /// Finds the parameters from two fixed starts. @return false: fewer than kMinCells, nothing is predicted
    bool fit(std::span<const ResponseCell> cells);

    /// As fit(), but starts from the present parameters: for cells that have changed little.
    bool refit(std::span<const ResponseCell> cells);

    /// Takes the parameters as they are given, and as known.
    bool condition(std::span<const ResponseCell> cells, const KernelParameters& parameters);

    /// O(cells²); NaN while nothing is known.
    Prediction predict(double n, double x) const;

    /// What each cell with atoms contributes: prediction = Σ share · cell's mean, Σ share = 1. Empty while nothing is known.
    Eigen::VectorXd shares(double n, double x) const;

    bool known() const noexcept { return known_; }
    KernelParameters parameters() const noexcept;
    double log_likelihood() const noexcept;  ///< of all atoms; NaN while nothing is known

private:
    enum Index { variance, length_n, length_x, noise_level };
    static constexpr int kParameters = 4;
    // logarithms; responses in units of scale_
    using Parameters = Eigen::Array<double, kParameters, 1>;
    using Information = Eigen::Matrix<double, kParameters, kParameters>;

    struct Covariances {
        Eigen::ArrayXd distance_n, distance_x;  // squared, in lengths
        Eigen::VectorXd value;
    };

    Covariances covariances(double n, double x) const;
    bool prepare(std::span<const ResponseCell> cells);
    double evaluate(const Parameters& p) noexcept;
    void differentiate() noexcept;
    double maximise(const Parameters& start) noexcept;
    Parameters step(double damping) const noexcept;
    void finish() noexcept;

    bool known_ = false;
    double pooled_mean_ = 0, scale_ = 1, atoms_ = 0;
    Eigen::ArrayXd n_, x_, count_, scatter_;  // of the cells, scaled
    Eigen::VectorXd response_;
    Eigen::ArrayXXd distance_n_, distance_x_;  // squared
    Parameters low_, high_, now_;
    Information parameter_covariance_;

    // what evaluate() and differentiate() leave
    double log_likelihood_ = 0;
    Eigen::ArrayXXd signal_, derivative_;
    Eigen::LLT<Eigen::MatrixXd> factor_;
    Eigen::MatrixXd inverse_, projection_;                                   // K⁻¹, P
    Eigen::VectorXd ones_solved_, weights_;                                  // K⁻¹1, Pȳ
    Eigen::Matrix<double, Eigen::Dynamic, kParameters> slopes_, projected_;  // dK/dp·Pȳ, P times it
    Parameters gradient_;
    Information information_;
};

}  // namespace dwellmap
