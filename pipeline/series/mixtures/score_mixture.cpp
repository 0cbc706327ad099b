// SPDX-License-Identifier: Apache-2.0
#include "mixtures/score_mixture.hpp"

#include "mixtures/mixture_likelihood.hpp"
#include "mixtures/symmetric_mixture.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace dwellmap {
namespace {

constexpr std::size_t kMinCount = 20;
constexpr double kPositive = 2;  // of BIC: less is not evidence for a further component
constexpr double kNotKnown = GaussianMixture::unknown;

struct Maximum {
    MixtureParameters at;
    MixtureExpansion expansion;
    int iterations;
};

/// Levenberg–Marquardt from `p` on; no step is longer than one standard deviation or a factor e.
Maximum maximise(int k, const MixtureSample& sample, const MixtureParameters& p,
                 double damping) noexcept {
    constexpr int kMostIterations = 300;
    constexpr double kLeastGain = 1e-10, kMostDamping = 1e8;
    Maximum best{p, expand(k, sample, p), 1};
    while (best.iterations < kMostIterations && damping < kMostDamping) {
        const MixtureExpansion& here = best.expansion;
        MixtureInformation damped = here.information;
        damped.diagonal() += damping * here.known_labels;
        const Eigen::LLT<MixtureInformation> cholesky(damped);
        if (cholesky.info() != Eigen::Success) {
            damping = std::max(4 * damping, 1e-3);
            continue;
        }
        MixtureParameters step = cholesky.solve(here.gradient);
        if (0.5 * (1 + damping) * step.dot(here.gradient) < kLeastGain) {
            break;
        }
        step /= std::max(1.0, step.cwiseAbs().maxCoeff());
        MixtureParameters next = best.at + step;
        for (int v = 2; v < 9; v += 3) {
            next[v] = std::max(next[v], std::log(MixtureComponents::least_variance));
        }
        const MixtureExpansion there = expand(k, sample, next);
        ++best.iterations;
        if (there.log_likelihood >= here.log_likelihood) {
            best.at = next;
            best.expansion = there;
            damping *= 0.1;
        } else {
            damping = std::max(10 * damping, 1e-3);
        }
    }
    return best;
}

/// Equal slices of the sorted scores; about the mean narrow Gaussians, wide ones, widths that grow and that fall.
std::array<MixtureParameters, 5> cold_starts(int k, const std::vector<double>& sorted) {
    std::array<MixtureParameters, 5> starts;
    starts.fill(MixtureParameters::Zero());
    for (int j = 0; j < k; ++j) {
        const auto n = static_cast<std::ptrdiff_t>(sorted.size());
        const auto first = sorted.begin() + n * j / k, last = sorted.begin() + n * (j + 1) / k;
        const auto count = static_cast<double>(last - first);
        const double mean = std::accumulate(first, last, 0.0) / count;
        const double square = std::inner_product(first, last, first, 0.0) / count;
        const double place = k == 1 ? 0 : 2.0 * j / (k - 1) - 1;
        starts[0].segment<3>(3 * j) << 0, mean,
            std::log(std::max(square - mean * mean, MixtureComponents::least_variance));
        starts[1].segment<3>(3 * j) << 0, place, std::log(0.25);
        starts[2].segment<3>(3 * j) << 0, 0.3 * place, 0;
        starts[3].segment<3>(3 * j) << 0, 0.3 * place, place - 0.5;
        starts[4].segment<3>(3 * j) << 0, 0.3 * place, -place - 0.5;
    }
    return starts;
}

MixtureParameters start_from(const GaussianMixture& m, const std::array<double, 3>& sigma,
                             const MixtureSample& sample) noexcept {
    MixtureParameters p = MixtureParameters::Zero();
    for (int j = 0; j < m.k; ++j) {
        const auto i = static_cast<std::size_t>(j);
        p.segment<3>(3 * j) << std::log(std::max(m.weight[i], 1e-12)),
            (m.mean[i] - sample.mean) / sample.sd,
            std::log(
                std::max(std::pow(sigma[i] / sample.sd, 2), MixtureComponents::least_variance));
    }
    return p;
}

GaussianMixture in_units(int k, const Maximum& maximum, const MixtureSample& sample) noexcept {
    const auto n = static_cast<double>(sample.scores.size());
    const MixtureComponents c = components_of(maximum.at, k);
    const Eigen::LLT<MixtureInformation> information(maximum.expansion.information);
    const MixtureInformation covariance = information.solve(MixtureInformation::Identity());
    std::array<int, 3> order = {0, 1, 2};
    std::sort(order.begin(), order.begin() + k, [&](int a, int b) {
        return std::pair(c.mean[a], c.variance[a]) < std::pair(c.mean[b], c.variance[b]);
    });
    GaussianMixture m;
    m.k = k;
    m.iterations = maximum.iterations;
    m.log_likelihood = maximum.expansion.log_likelihood - n * std::log(sample.sd);
    m.bic = -2 * m.log_likelihood + (3 * k - 1) * std::log(n);
    for (std::size_t j = 0; j < static_cast<std::size_t>(k); ++j) {
        const int from = order[j], mean = 3 * from + 1;
        m.weight[j] = c.weight[from];
        m.mean[j] = sample.mean + sample.sd * c.mean[from];
        m.sigma[j] = sample.sd * std::sqrt(c.variance[from]);
        m.se_mean[j] = information.info() == Eigen::Success
                           ? sample.sd * std::sqrt(covariance(mean, mean))
                           : kNotKnown;
    }
    return m;
}

Maximum highest(int k, const MixtureSample& sample, const ScoreMixture* previous) {
    if (previous != nullptr && previous->best > 0) {
        const GaussianMixture& from = previous->fits[static_cast<std::size_t>(k - 1)];
        return maximise(k, sample, start_from(from, from.sigma, sample), 0);
    }
    std::vector<double> sorted(sample.scores.begin(), sample.scores.end());
    for (double& z : sorted) {
        z = (z - sample.mean) / sample.sd;
    }
    std::sort(sorted.begin(), sorted.end());
    const auto starts = cold_starts(k, sorted);
    Maximum best = maximise(k, sample, starts[0], 1);
    for (std::size_t other_start = 1; other_start < starts.size(); ++other_start) {
        const Maximum other = maximise(k, sample, starts[other_start], 1);
        if (other.expansion.log_likelihood > best.expansion.log_likelihood + 1e-9) {
            best = other;
        }
    }
    return best;
}

/// Of the components of `best`, in their order.
std::array<double, 3> without_errors(const GaussianMixture& best, const ScoreMixture* previous,
                                     const MixtureSample& sample) noexcept {
    std::array<double, 3> sigma = {kNotKnown, kNotKnown, kNotKnown};
    if (sample.errors.empty()) {
        return sigma;
    }
    auto start = previous != nullptr && previous->best == best.k ? previous->true_sigma : sigma;
    double noise = 0;  // mean square
    for (const float e : sample.errors) {
        noise += static_cast<double>(e) * e / static_cast<double>(sample.errors.size());
    }
    for (std::size_t j = 0; j < 3; ++j) {
        if (!std::isfinite(start[j])) {
            start[j] = std::sqrt(std::max(0.0, best.sigma[j] * best.sigma[j] - noise));
        }
    }
    const auto maximum = maximise(best.k, sample, start_from(best, start, sample), 0);
    const MixtureComponents c = components_of(maximum.at, best.k);
    for (std::size_t j = 0; j < static_cast<std::size_t>(best.k); ++j) {
        sigma[j] = sample.sd * std::sqrt(c.variance[j]);
    }
    return sigma;
}

bool is_symmetric_pair(const GaussianMixture& m) noexcept {
    if (m.k < 2) {
        return false;
    }
    const auto last = static_cast<std::size_t>(m.k - 1);
    const auto alike = [&](const auto& of) { return of[0] < 2 * of[last] && of[last] < 2 * of[0]; };
    return m.mean[0] < 0 && m.mean[last] > 0 && alike(m.weight) && alike(m.sigma) &&
           std::abs(m.mean[0] + m.mean[last]) < 2 * std::hypot(m.se_mean[0], m.se_mean[last]);
}

MixtureSample standardise(std::span<const double> scores) noexcept {
    const auto n = static_cast<double>(scores.size());
    MixtureSample sample{scores, {}};
    for (const double s : scores) {
        sample.mean += s / n;
    }
    for (const double s : scores) {
        sample.sd += (s - sample.mean) * (s - sample.mean) / n;
    }
    sample.sd = std::sqrt(sample.sd);
    return sample;
}

}  // namespace

ScoreMixture fit_mixture(std::span<const double> scores, std::span<const float> errors,
                         const ScoreMixture* previous, int components) noexcept {
    ScoreMixture cell;
    cell.count = static_cast<std::int64_t>(scores.size());
    if (scores.size() < kMinCount || std::ranges::min(scores) == std::ranges::max(scores)) {
        return cell;
    }
    MixtureSample sample = standardise(scores);
    for (int k = 1; k <= 3; ++k) {
        cell.fits[static_cast<std::size_t>(k - 1)] =
            in_units(k, highest(k, sample, previous), sample);
    }
    const double least = std::ranges::min(cell.fits, {}, &GaussianMixture::bic).bic;
    const auto by_bic = std::ranges::find_if(
        cell.fits, [&](const GaussianMixture& fit) { return fit.bic <= least + kPositive; });
    cell.best = components == 0 ? by_bic->k : components;
    cell.delta_bic_2_1 = cell.fits[1].bic - cell.fits[0].bic;
    cell.symmetric = fit_symmetric(scores);
    const GaussianMixture& best = cell.fits[static_cast<std::size_t>(cell.best - 1)];
    cell.symmetric_pair = is_symmetric_pair(best);
    sample.errors = errors;
    cell.true_sigma = without_errors(best, previous, sample);
    return cell;
}

}  // namespace dwellmap
