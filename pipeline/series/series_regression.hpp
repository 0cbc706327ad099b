// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "regression/folded_errors.hpp"
#include "regression/gaussian_process.hpp"
#include "regression/magnitude_sums.hpp"
#include "series/score_cells.hpp"

#include <Eigen/Core>

#include <array>
#include <map>
#include <optional>
#include <vector>

namespace dwellmap {

/// Gaussian process of |score| over n, for a composition of its own.
struct ResponseCurve {
    double x = 0;
    std::vector<double> n, mean, sd;  ///< n = 0, 0.25, ... 6
    int age = 0;                      ///< updates since it was drawn
};

/// The order parameter of a series as a function of (n, x): a surface with its uncertainty, and the planes
/// D = a n + b x + d by several estimators. Each update starts from where the one before ended.
///
/// What is too costly for an update takes turns: of more than kAtOnce atoms the planes (one of the folded ones, or those on |score|); of a
/// plane's errors between blocks and of its range without an image, one image each time; of the curves one, and one that is new. Each is
/// kept until its next turn, and says how many updates ago that was.
class SeriesRegression {
public:
    static constexpr std::size_t kAtOnce = 5'000;
    static constexpr int kSurface = 21;  ///< compositions 0, 0.05, ... 1

    SeriesRegression();

    void update(const ScoreSample& sample, const std::vector<ScoreCell>& cells);

    /// Everything from the start, at once.
    void finish(const ScoreSample& sample, const std::vector<ScoreCell>& cells);

    const std::vector<double>& surface_x() const noexcept {
        return surface_x_;
    }                                                                           ///< empty: unknown
    const Eigen::ArrayXXd& surface() const noexcept { return surface_; }        ///< [x × n] length
    const Eigen::ArrayXXd& surface_sd() const noexcept { return surface_sd_; }  ///< [x × n] length
    const GaussianProcess& process() const noexcept { return process_; }
    const std::vector<ResponseCurve>& curves() const noexcept { return curves_; }  ///< by x
    const std::vector<RegressionEstimate>& estimates() const noexcept { return estimates_; }

    /// By how much the variance of a cell's mean exceeds that of independent atoms: between blocks of kBlock_nm, all cells pooled; 1 or more.
    /// All standard deviations of surface and curves are widened by its root.
    double design_effect() const noexcept { return design_effect_; }

private:
    struct Folded {
        FoldedRegression regression;
        FoldedErrors errors{};
        RegressionEstimate estimate{};
    };
    struct WithoutImage {
        double ratio;
        int made;
    };

    void draw_surface(bool known);
    std::optional<ResponseCurve> curve_of(const std::vector<ScoreCell>& cells,
                                          std::size_t first) const;
    void renew_curves(const std::vector<ScoreCell>& cells);
    void renew_folded(const ScoreSample& sample);
    bool is_turn_of(std::size_t item, const ScoreSample& sample) const noexcept;
    void renew_magnitudes(const ScoreSample& sample);
    void renew_process(const MagnitudeSums& sums);
    void publish(const std::vector<ScoreCell>& cells);

    std::array<Folded, 3> folded_;
    GaussianProcess process_;
    std::map<int, WithoutImage> process_without_;
    std::array<RegressionEstimate, 3> magnitudes_;  // atoms, cells, process
    int updates_ = 0;
    std::size_t curve_turn_ = 0;
    double design_effect_ = 1;
    std::vector<double> surface_x_;
    Eigen::ArrayXXd surface_, surface_sd_;
    std::vector<ResponseCurve> curves_;
    std::vector<RegressionEstimate> estimates_;
};

}  // namespace dwellmap
