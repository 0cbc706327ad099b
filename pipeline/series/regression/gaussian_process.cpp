// SPDX-License-Identifier: Apache-2.0
#include "regression/gaussian_process.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace dwellmap {
namespace {

constexpr double kTau = 2 * std::numbers::pi;
constexpr double kShortest = 0.15, kLongest = 3;  // lengths
constexpr double kReachVariance = 5,
                 kReachNoise = 3;        // ± logarithm, about the variances of the cells
constexpr double kLeastVariance = 1e-8;  // of all responses' variance: keeps K positive definite
constexpr int kMaxSteps = 60;
constexpr double kConverged = 1e-7;  // gain in log likelihood

void squared_distances(const Eigen::ArrayXd& at, Eigen::ArrayXXd& into) {
    into.resize(at.size(), at.size());
    for (Eigen::Index k = 0; k < at.size(); ++k) {
        into.col(k) = (at - at[k]).square();
    }
}

/// Count-weighted variance of the cells' means about `centre`.
double variance_between(std::span<const ResponseCell> cells, double centre, double atoms) noexcept {
    double sum = 0;
    for (const auto& c : cells) {
        sum += static_cast<double>(c.count) * (c.mean - centre) * (c.mean - centre);
    }
    return sum / atoms;
}

}  // namespace

bool GaussianProcess::fit(std::span<const ResponseCell> cells) {
    if (!prepare(cells)) {
        return false;
    }
    Parameters start = 0.5 * (low_ + high_), best = start;
    double greatest = -std::numeric_limits<double>::infinity();
    for (const double length : {0.3, 1.0}) {
        start[length_n] = start[length_x] = std::log(length);
        const double reached = maximise(start);
        if (reached > greatest) {
            greatest = reached;
            best = now_;
        }
    }
    now_ = best;
    finish();
    return known_;
}

bool GaussianProcess::refit(std::span<const ResponseCell> cells) {
    if (!known_) {
        return fit(cells);
    }
    const KernelParameters before = parameters();
    if (!prepare(cells)) {
        return false;
    }
    const double unit = scale_ * scale_;
    maximise(Parameters(before.variance / unit, before.length_n, before.length_x,
                        before.noise_variance / unit)
                 .log()
                 .max(low_)
                 .min(high_));
    finish();
    return known_;
}

bool GaussianProcess::condition(std::span<const ResponseCell> cells, const KernelParameters& p) {
    if (!prepare(cells)) {
        return false;
    }
    const double unit = scale_ * scale_;
    now_ = Parameters(p.variance / unit, p.length_n, p.length_x, p.noise_variance / unit).log();
    finish();
    parameter_covariance_.setZero();
    return known_;
}

/// Takes the cells that have atoms, in units of the responses' own mean and standard deviation.
bool GaussianProcess::prepare(std::span<const ResponseCell> cells) {
    known_ = false;
    Eigen::Index size = 0;
    double within = 0;
    atoms_ = pooled_mean_ = 0;
    for (const auto& c : cells) {
        const auto count = static_cast<double>(c.count);
        atoms_ += count;
        pooled_mean_ += count > 0 ? (c.mean - pooled_mean_) * count / atoms_ : 0;
        within += c.sum_of_squares;
        size += c.count > 0 ? 1 : 0;
    }
    if (size < kMinCells) {
        return false;
    }
    const double between = variance_between(cells, pooled_mean_, atoms_);
    const double total = between + within / atoms_;
    scale_ = total > 0 ? std::sqrt(total) : 1;
    const double unit = scale_ * scale_;
    const double pooled =
        std::max(kLeastVariance, within / unit / std::max(1.0, atoms_ - static_cast<double>(size)));
    for (auto* column : {&n_, &x_, &count_, &scatter_}) {
        column->resize(size);
    }
    response_.resize(size);
    Eigen::Index at = 0;
    for (const auto& c : cells) {
        if (c.count > 0) {
            const auto count = static_cast<double>(c.count);
            n_[at] = c.n / 6;
            x_[at] = c.x;
            count_[at] = count;
            response_[at] = (c.mean - pooled_mean_) / scale_;
            scatter_[at++] = c.sum_of_squares / unit;
        }
    }
    squared_distances(n_, distance_n_);
    squared_distances(x_, distance_x_);
    const double middle = std::log(std::max(between / unit, kLeastVariance));
    const double noise = std::log(pooled);
    low_ << middle - kReachVariance, std::log(kShortest), std::log(kShortest), noise - kReachNoise;
    high_ << middle + kReachVariance, std::log(kLongest), std::log(kLongest), noise + kReachNoise;
    return true;
}

/// Log likelihood of the scaled atoms at parameters p; −∞ if K is not positive definite.
double GaussianProcess::evaluate(const Parameters& p) noexcept {
    const Eigen::Index m = n_.size();
    signal_ = (-0.5 * (std::exp(-2 * p[length_n]) * distance_n_ +
                       std::exp(-2 * p[length_x]) * distance_x_) +
               p[variance])
                  .exp();
    const double noise = std::exp(p[noise_level]);
    inverse_ = signal_.matrix();
    inverse_.diagonal().array() += noise / count_;
    factor_.compute(inverse_);
    if (factor_.info() != Eigen::Success) {
        return -std::numeric_limits<double>::infinity();
    }
    inverse_.setIdentity();
    factor_.solveInPlace(inverse_);
    ones_solved_ = inverse_.rowwise().sum();
    const double total = ones_solved_.sum();
    projection_ = inverse_;
    projection_ -= ones_solved_.lazyProduct(ones_solved_.transpose()) / total;
    weights_.noalias() = projection_ * response_;
    return -0.5 * static_cast<double>(m - 1) * std::log(kTau) - 0.5 * std::log(total) -
           factor_.matrixLLT().diagonal().array().log().sum() - 0.5 * response_.dot(weights_) -
           0.5 * (scatter_ / noise + (count_ - 1) * std::log(kTau * noise) + count_.log()).sum();
}

/// Gradient and average information of what evaluate() saw last.
void GaussianProcess::differentiate() noexcept {
    slopes_.resize(n_.size(), kParameters);
    const auto along = [&](Index p) {  // derivative_ = dK/dp
        slopes_.col(p).noalias() = derivative_.matrix() * weights_;
        gradient_[p] =
            0.5 * (weights_.dot(slopes_.col(p)) - (projection_.array() * derivative_).sum());
    };
    derivative_ = signal_;
    along(variance);
    derivative_ = signal_ * distance_n_ * std::exp(-2 * now_[length_n]);
    along(length_n);
    derivative_ = signal_ * distance_x_ * std::exp(-2 * now_[length_x]);
    along(length_x);
    const double noise = std::exp(now_[noise_level]), within = 0.5 * scatter_.sum() / noise;
    slopes_.col(noise_level) = noise / count_ * weights_.array();
    gradient_[noise_level] =
        0.5 * (weights_.dot(slopes_.col(noise_level)) -
               (projection_.diagonal().array() * (noise / count_)).sum() - (count_ - 1).sum()) +
        within;
    projected_.noalias() = projection_ * slopes_;
    information_.noalias() = 0.5 * slopes_.transpose() * projected_;
    information_(noise_level, noise_level) += within;
}

/// A damped step uphill, within the bounds.
GaussianProcess::Parameters GaussianProcess::step(double damping) const noexcept {
    Information damped = information_;
    Eigen::Matrix<double, kParameters, 1> slope = gradient_;
    for (int p = 0; p < kParameters; ++p) {
        damped(p, p) += damping * information_(p, p) + 1e-9;
        if ((now_[p] <= low_[p] && slope[p] < 0) || (now_[p] >= high_[p] && slope[p] > 0)) {
            damped.row(p).setZero();
            damped.col(p).setZero();
            damped(p, p) = 1;
            slope[p] = 0;
        }
    }
    const Parameters move = damped.ldlt().solve(slope).array().max(-1).min(1);
    return (now_ + move).max(low_).min(high_);
}

/// Greatest likelihood uphill from start. Leaves it in now_.
double GaussianProcess::maximise(const Parameters& start) noexcept {
    now_ = start;
    double best = evaluate(now_), damping = 1e-3;
    differentiate();
    for (int trial = 0; trial < kMaxSteps && damping < 1e6; ++trial) {
        const Parameters next = step(damping);
        const double expected = 0.5 * (gradient_ * (next - now_)).sum();
        const double reached = evaluate(next);
        // the information is but an average curvature: where it is too small, full steps would overshoot for ever
        damping = reached - best < 0.5 * expected ? 8 * damping : std::max(1e-3, 0.25 * damping);
        if (reached >= best) {
            now_ = next;
            best = reached;
            differentiate();
        }
        if (expected < kConverged) {
            break;
        }
    }
    return best;
}

/// What predictions at now_ need. The parameters are uncertain by their information, and no more than their bounds allow.
void GaussianProcess::finish() noexcept {
    log_likelihood_ = evaluate(now_);
    known_ = std::isfinite(log_likelihood_);
    if (known_) {
        differentiate();
        information_.diagonal() += (12 / (high_ - low_).square()).matrix();
        parameter_covariance_ = information_.ldlt().solve(Information::Identity());
    }
}

/// Of the function at (n, x) with that at the cells.
GaussianProcess::Covariances GaussianProcess::covariances(double n, double x) const {
    Covariances k;
    k.distance_n = (n_ - n / 6).square() * std::exp(-2 * now_[length_n]);
    k.distance_x = (x_ - x).square() * std::exp(-2 * now_[length_x]);
    k.value = (now_[variance] - 0.5 * (k.distance_n + k.distance_x)).exp();
    return k;
}

Eigen::VectorXd GaussianProcess::shares(double n, double x) const {
    if (!known_) {
        return {};
    }
    Eigen::VectorXd share = inverse_ * covariances(n, x).value;
    share += ones_solved_ * (1 - share.sum()) / ones_solved_.sum();
    return share;
}

GaussianProcess::Prediction GaussianProcess::predict(double n, double x) const {
    if (!known_) {
        return {};
    }
    const Covariances k = covariances(n, x);
    const Eigen::VectorXd share = shares(n, x);
    // |f − Σ share · ȳ|², whichever the shares; then what the parameters' errors add
    const Eigen::ArrayXd error = std::exp(now_[noise_level]) / count_;
    const Eigen::VectorXd covered = signal_.matrix() * share + error.matrix().cwiseProduct(share);
    double variance_left = std::exp(now_[variance]) - 2 * k.value.dot(share) + share.dot(covered);
    Eigen::Vector4d slope(k.value.dot(weights_),
                          (k.value.array() * k.distance_n).matrix().dot(weights_),
                          (k.value.array() * k.distance_x).matrix().dot(weights_), 0);
    slope -= slopes_.transpose() * share;
    variance_left += slope.dot(parameter_covariance_ * slope);
    return {pooled_mean_ + scale_ * share.dot(response_),
            scale_ * std::sqrt(std::max(0.0, variance_left))};
}

KernelParameters GaussianProcess::parameters() const noexcept {
    KernelParameters p;
    if (known_) {
        const double unit = scale_ * scale_;
        p.variance = unit * std::exp(now_[variance]);
        p.length_n = std::exp(now_[length_n]);
        p.length_x = std::exp(now_[length_x]);
        p.noise_variance = unit * std::exp(now_[noise_level]);
        p.mean = pooled_mean_ + scale_ * ones_solved_.dot(response_) / ones_solved_.sum();
    }
    return p;
}

double GaussianProcess::log_likelihood() const noexcept {
    return known_ ? log_likelihood_ - (atoms_ - 1) * std::log(scale_)
                  : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace dwellmap
