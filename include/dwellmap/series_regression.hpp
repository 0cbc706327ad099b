// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/folded_regression.hpp"
#include "dwellmap/gaussian_process.hpp"
#include "dwellmap/score_cells.hpp"

#include <Eigen/Core>

#include <vector>

namespace dwellmap {

/// Gaussian process of |score| over n, for a composition of its own.
struct ResponseCurve {
    double x = 0;
    std::vector<double> n, mean, sd;  ///< n = 0, 0.25, ... 6
};

/// The order parameter of a series as a function of (n, x): a surface with its uncertainty, and the planes
/// D = a n + b x + d by several estimators. Each update starts from where the one before ended.
class SeriesRegression {
public:
    static constexpr std::size_t kAtOnce = 20'000;
    static constexpr int kSurface = 21;  ///< compositions 0, 0.05, ... 1

    SeriesRegression();

    /// The surface, the plane through it and the folded-normal estimates, without errors between blocks. Of more than kAtOnce atoms one estimate is
    /// renewed an update, in turn.
    void update(const ScoreSample& sample, const std::vector<ScoreCell>& cells);

    /// All estimates with all errors, and a curve for each composition, from the start.
    void finish(const ScoreSample& sample, const std::vector<ScoreCell>& cells);

    const std::vector<double>& surface_x() const noexcept {
        return surface_x_;
    }                                                                           ///< empty: unknown
    const Eigen::ArrayXXd& surface() const noexcept { return surface_; }        ///< [x × n] length
    const Eigen::ArrayXXd& surface_sd() const noexcept { return surface_sd_; }  ///< [x × n] length
    const GaussianProcess& process() const noexcept { return process_; }
    const std::vector<ResponseCurve>& curves() const noexcept { return curves_; }
    const std::vector<RegressionEstimate>& estimates() const noexcept { return estimates_; }

    /// By how much the variance of a cell's mean exceeds that of independent atoms: between blocks of kBlock_nm, all cells pooled; 1 or more.
    /// All standard deviations of surface and curves are widened by its root. Found by finish(), and by update(), of more than
    /// kAtOnce atoms now and then.
    double design_effect() const noexcept { return design_effect_; }

private:
    void draw_surface(bool known);
    void draw_curves(const std::vector<ScoreCell>& cells);
    void find_design_effect(const ScoreSample& sample, const std::vector<ScoreCell>& cells);
    void compare_magnitudes(const ScoreSample& sample);

    FoldedRegression common_, per_cell_, second_shell_;
    GaussianProcess process_;
    std::size_t turn_ = 0;
    double design_effect_ = 1;
    std::vector<double> surface_x_;
    Eigen::ArrayXXd surface_, surface_sd_;
    std::vector<ResponseCurve> curves_;
    std::vector<RegressionEstimate> estimates_;
};

}  // namespace dwellmap
