// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "regression/folded_cells.hpp"
#include "regression/regression.hpp"

#include <Eigen/Core>

#include <limits>
#include <optional>
#include <vector>

namespace dwellmap {

/// Regression of the separation of the two wells, by maximum likelihood of every atom's signed score:
///
///   s ~ ½N(+D, v) + ½N(−D, v),   D = a n + b x + d,   or D = a n + b x + c n_outer + d
///
/// Least squares on |s| fits E|s|, which is not D where the wells overlap (folding bias, −5 to −25 % of the ratio); this does
/// not. The sign of D is free within the series and chosen so that a ≥ 0. Newton's method where the log likelihood is concave,
/// else the curvature of expectation-maximisation [Dempster 1977], with step halving.
///
/// Cost: 0.25 ms a step for 1e5 atoms, one or two steps for a refit, and their sorting into cells. Allocates.
/// [Dempster 1977] J. R. Stat. Soc. B 39, 1.
class FoldedRegression {
public:
    using Width = FoldedCells::Width;
    using Shells = FoldedCells::Shells;

    FoldedRegression(Width width, Shells shells) : width_(width), shells_(shells) {}

    /// From two fixed starts. Coefficients that the sample does not determine (one n, one x) are left out.
    /// @return false: no maximum found
    bool fit(const RegressionSample& sample);

    /// As fit(), but starts from the present estimate: for a sample that has changed little.
    bool refit(const RegressionSample& sample);

    /// Values and errors as of independent atoms, after fit() or refit(). O(cells)
    RegressionEstimate estimate() const;

    /// What one image says of the errors: the slopes of the log likelihood summed over each of its blocks, and b/(6a) of all the
    /// others, NaN if that is not known.
    struct ImageShare {
        BlockCovariance slopes;
        double ratio_without = std::numeric_limits<double>::quiet_NaN();
    };

    /// Costs two or three steps.
    /// @param sample as in the last fit() or refit()
    ImageShare share_of(int image, const RegressionSample& sample) const;

    std::vector<int> images() const;

    /// Sets the errors between blocks of `e`, which is this estimate.
    /// @param slopes of all images
    void set_block_errors(const BlockCovariance& slopes, RegressionEstimate& e) const;

    double log_likelihood() const noexcept { return at_maximum_.derivatives.log_likelihood; }

private:
    struct State {
        Eigen::Vector4d coefficients = Eigen::Vector4d::Zero();
        Eigen::VectorXd log_variance;  ///< [widths]
    };
    /// Of the log likelihood in (coefficients, log_variance); the widths don't couple with each other.
    struct Derivatives {
        double log_likelihood = 0;
        Eigen::Vector4d slope = Eigen::Vector4d::Zero();
        Eigen::Matrix4d curvature = Eigen::Matrix4d::Zero();  ///< −∂², as all below
        Eigen::VectorXd slope_width, curvature_width;
        Eigen::Matrix4Xd mixed;  ///< [4 × widths]
        Eigen::Matrix4d concave =
            Eigen::Matrix4d::Zero();  ///< of expectation-maximisation: never negative
        Eigen::VectorXd atoms;        ///< [widths]
    };
    struct Step {
        Eigen::Vector4d coefficients;
        Eigen::VectorXd log_variance;
        double gain;  ///< expected
        bool last;
    };
    struct Solution {
        State state;
        Derivatives derivatives;
        Eigen::Array4i known =
            Eigen::Array4i::Zero();  ///< which of (a, b, c, d) the data determine
        bool converged = false;
    };
    static constexpr int kNoImage = -1;

    void sort(const RegressionSample& sample);
    State start(double slopes, const Eigen::Array4i& known) const;
    Derivatives differentiate(const State& state, int without_image) const;
    static std::optional<Step> step(const Derivatives& d, const Eigen::Array4i& known);
    Solution maximise(State state, int without_image) const;
    Eigen::Matrix4d reduced_curvature() const;

    Width width_;
    Shells shells_;
    FoldedCells sorted_;
    double least_log_variance_ = 0;
    Solution at_maximum_{};
};

}  // namespace dwellmap
