// SPDX-License-Identifier: Apache-2.0
#include "regression/folded_regression.hpp"

#include "regression/folded_sums.hpp"

#include <Eigen/Cholesky>
#include <Eigen/LU>

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <optional>
#include <set>
#include <utility>

namespace dwellmap {
namespace {

constexpr int kMaxSteps = 200;
constexpr double kConverged = 1e-9;  // expected gain in log likelihood
constexpr double kTiny = 1e-300;
constexpr double kNarrowest = 1e-4;  // variance of a well, of the mean square score

/// Curvature of the coefficients when the widths follow: A − B C⁻¹ Bᵀ. What is not known gets a unit diagonal.
Eigen::Matrix4d reduced(const Eigen::Matrix4d& curvature, const Eigen::Matrix4Xd& mixed,
                        const Eigen::VectorXd& curvature_width, const Eigen::Array4i& known) {
    Eigen::Matrix4d a = curvature;
    a.noalias() -= mixed * curvature_width.cwiseInverse().asDiagonal() * mixed.transpose();
    for (int k = 0; k < 4; ++k) {
        if (known[k] == 0) {
            a.row(k).setZero();
            a.col(k).setZero();
            a(k, k) = 1;
        }
    }
    return a;
}

/// Cholesky factor, if a is positive definite by more than rounding.
std::optional<Eigen::LLT<Eigen::Matrix4d>> factor(const Eigen::Matrix4d& a) {
    const Eigen::Vector4d scale = a.diagonal().cwiseMax(kTiny).cwiseSqrt().cwiseInverse();
    const Eigen::Matrix4d correlation = scale.asDiagonal() * a * scale.asDiagonal();
    const Eigen::LLT<Eigen::Matrix4d> unit(correlation);
    if (unit.info() != Eigen::Success || unit.matrixLLT().diagonal().minCoeff() < 1e-6) {
        return std::nullopt;
    }
    return Eigen::LLT<Eigen::Matrix4d>(a);
}

Eigen::Vector4d masked(const Eigen::Vector4d& v, const Eigen::Array4i& known) {
    return (known != 0).select(v.array(), 0.0);
}

}  // namespace

void FoldedRegression::sort(const RegressionSample& sample) {
    sorted_.sort(sample, width_, shells_);
    least_log_variance_ = std::log(std::max(kNarrowest * sorted_.mean_square(), kTiny));
}

/// Least squares on |s|, its slopes times `slopes`.
FoldedRegression::State FoldedRegression::start(double slopes, const Eigen::Array4i& known) const {
    Eigen::Matrix4d a = Eigen::Matrix4d::Zero();
    Eigen::Vector4d right = Eigen::Vector4d::Zero();
    for (const auto& c : sorted_.cells()) {
        double magnitudes = 0;
        for (std::size_t k = c.begin; k < c.end; ++k) {
            magnitudes += std::abs(sorted_.scores()[k]);
        }
        a += static_cast<double>(c.end - c.begin) * c.inputs * c.inputs.transpose();
        right += magnitudes * c.inputs;
    }
    const Eigen::Matrix4d normal =
        reduced(a, Eigen::Matrix4Xd::Zero(4, 1), Eigen::VectorXd::Ones(1), known);
    State state;
    state.coefficients = normal.ldlt().solve(masked(right, known));
    state.coefficients.head<3>() *= slopes;
    state.log_variance = Eigen::VectorXd::Constant(
        sorted_.widths(), least_log_variance_ + std::log(0.3 / kNarrowest));
    return state;
}

FoldedRegression::Derivatives FoldedRegression::differentiate(const State& state,
                                                              int without_image) const {
    const Eigen::Index widths = sorted_.widths();
    Derivatives d{0,
                  Eigen::Vector4d::Zero(),
                  Eigen::Matrix4d::Zero(),
                  Eigen::VectorXd::Zero(widths),
                  Eigen::VectorXd::Zero(widths),
                  Eigen::Matrix4Xd::Zero(4, widths),
                  Eigen::Matrix4d::Zero(),
                  Eigen::VectorXd::Zero(widths)};
    for (const auto& c : sorted_.cells()) {
        if (c.image == without_image) {
            continue;
        }
        const auto m = static_cast<double>(c.end - c.begin);
        const double separation = state.coefficients.dot(c.inputs);
        const double v = std::exp(state.log_variance[c.width]), k = separation / v;
        const FoldedSums sum = folded_sums(sorted_.scores().data() + c.begin, c.end - c.begin, k);
        const double squares = c.sum_of_squares + m * separation * separation;
        d.log_likelihood +=
            sum.log_cosh - 0.5 * (m * std::log(2 * std::numbers::pi * v) + squares / v);
        const double slope = (sum.s_tanh - m * separation) / v;
        const Eigen::Matrix4d outer = c.inputs * c.inputs.transpose();
        d.slope += slope * c.inputs;
        d.curvature += (m - sum.s2_sech2 / v) / v * outer;
        d.mixed.col(c.width) += (slope + k * sum.s2_sech2 / v) * c.inputs;
        d.slope_width[c.width] += 0.5 * (squares / v - m) - k * sum.s_tanh;
        d.curvature_width[c.width] += 0.5 * squares / v - k * sum.s_tanh - k * k * sum.s2_sech2;
        d.concave += m / v * outer;
        d.atoms[c.width] += m;
    }
    const auto at_least = state.log_variance.array() <= least_log_variance_;
    d.slope_width = (at_least && d.slope_width.array() < 0).select(0, d.slope_width);
    return d;
}

/// The next step uphill: Newton's where it can be, else that of expectation-maximisation; none if the inputs are collinear.
std::optional<FoldedRegression::Step> FoldedRegression::step(const Derivatives& d,
                                                             const Eigen::Array4i& known) {
    const bool bends =
        (d.curvature_width.array() > 0.05 * d.atoms.array() || d.atoms.array() == 0).all();
    // a width without atoms stays: nothing divided by as good as nothing
    Eigen::VectorXd curvature_width = d.curvature_width.cwiseMax(kTiny);
    Eigen::Matrix4Xd mixed = d.mixed;
    auto llt = bends ? factor(reduced(d.curvature, mixed, curvature_width, known)) : std::nullopt;
    const bool newton = llt.has_value();
    if (!newton) {
        curvature_width = (0.5 * d.atoms).cwiseMax(kTiny);
        mixed.setZero();
        llt = factor(reduced(d.concave, mixed, curvature_width, known));
    }
    if (!llt) {
        return std::nullopt;
    }
    const Eigen::VectorXd of_widths = d.slope_width.cwiseQuotient(curvature_width);
    Step s;
    s.coefficients = llt->solve(masked(d.slope - mixed * of_widths, known));
    s.log_variance =
        of_widths - (mixed.transpose() * s.coefficients).cwiseQuotient(curvature_width);
    s.gain = 0.5 * (d.slope.dot(s.coefficients) + d.slope_width.dot(s.log_variance));
    s.last = newton && s.gain < kConverged;
    return s;
}

/// Goes uphill from `state`; without_image as if that image had not been taken.
FoldedRegression::Solution FoldedRegression::maximise(State state, int without_image) const {
    const Eigen::Array4i known = sorted_.determined(without_image);
    state.coefficients = masked(state.coefficients, known);
    Solution at{std::move(state), {}, known, false};
    at.derivatives = differentiate(at.state, without_image);
    for (int k = 0; k < kMaxSteps && known[3] != 0; ++k) {
        const auto move = step(at.derivatives, known);
        at.converged = move && move->last;
        if (!move || move->last) {
            break;
        }
        const double longest = move->log_variance.cwiseAbs().maxCoeff();
        const double least = at.derivatives.log_likelihood - 1e-9;
        bool higher = false;
        for (double part = std::min(1.0, 2 / std::max(longest, kTiny)); part > 1e-9 && !higher;
             part /= 2) {
            State next{at.state.coefficients + part * move->coefficients,
                       at.state.log_variance + part * move->log_variance};
            next.log_variance = next.log_variance.cwiseMax(least_log_variance_);
            Derivatives there = differentiate(next, without_image);
            higher = there.log_likelihood >= least;
            if (higher) {
                at.state = std::move(next);
                at.derivatives = std::move(there);
            }
        }
        if (!higher) {
            break;
        }
    }
    return at;
}

bool FoldedRegression::fit(const RegressionSample& sample) {
    sort(sample);
    const Eigen::Array4i known = sorted_.determined(kNoImage);
    Solution best = maximise(start(1, known), kNoImage);
    Solution other = maximise(start(0.6, known), kNoImage);
    const bool better = other.derivatives.log_likelihood > best.derivatives.log_likelihood;
    at_maximum_ = better ? std::move(other) : std::move(best);
    return at_maximum_.converged;
}

bool FoldedRegression::refit(const RegressionSample& sample) {
    const Eigen::Index widths = sorted_.widths();
    const Eigen::Array4i known = at_maximum_.known;
    sort(sample);
    if (!at_maximum_.converged || sorted_.widths() != widths ||
        (sorted_.determined(kNoImage) != known).any()) {
        return fit(sample);
    }
    at_maximum_ = maximise(at_maximum_.state, kNoImage);
    return at_maximum_.converged;
}

RegressionEstimate FoldedRegression::estimate() const {
    RegressionEstimate e;
    e.name = shells_ == Shells::outer    ? "folded normal with outer shells"
             : width_ == Width::per_cell ? "folded normal, width per cell"
                                         : "folded normal, common width";
    e.count = static_cast<std::int64_t>(sorted_.scores().size());
    e.converged = at_maximum_.converged;
    if (e.converged) {
        const double sign = at_maximum_.state.coefficients[at_maximum_.known[0] != 0 ? 0 : 3];
        set_values((sign < 0 ? -1 : 1) * at_maximum_.state.coefficients, at_maximum_.known, e);
        set_model_errors(reduced_curvature().inverse(), e);
    }
    return e;
}

std::vector<int> FoldedRegression::images() const {
    std::set<int> images;
    for (const auto& c : sorted_.cells()) {
        images.insert(c.image);
    }
    return {images.begin(), images.end()};
}

/// Of every atom its slopes, less what the width takes up.
FoldedRegression::ImageShare FoldedRegression::share_of(int image,
                                                        const RegressionSample& sample) const {
    const Derivatives& d = at_maximum_.derivatives;
    const State& state = at_maximum_.state;
    std::map<int, Eigen::Vector4d> blocks;
    for (const auto& c : sorted_.cells()) {
        if (c.image != image) {
            continue;
        }
        const double separation = state.coefficients.dot(c.inputs);
        const double v = std::exp(state.log_variance[c.width]);
        const Eigen::Vector4d of_width =
            d.mixed.col(c.width) / std::max(d.curvature_width[c.width], kTiny);
        for (std::size_t k = c.begin; k < c.end; ++k) {
            const auto i = static_cast<std::size_t>(sorted_.atoms()[k]);
            const double s = sorted_.scores()[k], folded = s * std::tanh(separation * s / v);
            const double slope = (folded - separation) / v;
            const double slope_width =
                0.5 * ((s * s + separation * separation) / v - 1) - separation * folded / v;
            blocks.try_emplace(sample.block[i], Eigen::Vector4d::Zero()).first->second +=
                masked(slope * c.inputs - slope_width * of_width, at_maximum_.known);
        }
    }
    ImageShare share;
    for (const auto& [number, slopes] : blocks) {
        share.slopes.add(slopes);
    }
    const Solution without = maximise(state, image);
    const Eigen::Vector4d& c = without.state.coefficients;
    if (without.converged && without.known[0] != 0 && without.known[1] != 0) {
        share.ratio_without = c[1] / (6 * c[0]);
    }
    return share;
}

void FoldedRegression::set_block_errors(const BlockCovariance& slopes,
                                        RegressionEstimate& e) const {
    set_errors(slopes.covariance(reduced_curvature().inverse()), e);
}

Eigen::Matrix4d FoldedRegression::reduced_curvature() const {
    const Derivatives& d = at_maximum_.derivatives;
    return reduced(d.curvature, d.mixed, d.curvature_width.cwiseMax(kTiny), at_maximum_.known);
}

}  // namespace dwellmap
