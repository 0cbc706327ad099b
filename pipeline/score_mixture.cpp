// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/score_mixture.hpp"

#include "vectorise.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>
#include <numeric>
#include <vector>

namespace dwellmap {
namespace {

constexpr std::size_t kMinCount = 20;
constexpr double kPositive = 2;  // of BIC: less is not evidence for a further component
constexpr double kLeastVariance = 0.05 * 0.05;  // in units of the sample's
constexpr double kNotKnown = GaussianMixture::unknown;

/// A cell in standard units, z = (s − mean)/sd: below, everything is.
struct Sample {
    std::span<const double> scores;
    std::span<const float> errors;  // empty: taken as 0
    double mean = 0, sd = 0;
};

/// Of component k: ln w (up to a common constant), m, ln v at 3k, 3k+1, 3k+2.
using Parameters = Eigen::Matrix<double, 9, 1>;
using Information = Eigen::Matrix<double, 9, 9>;

#define DWELLMAP_INLINE inline __attribute__((always_inline))
using Vec = double __attribute__((vector_size(64)));
using Bits = std::int64_t __attribute__((vector_size(64)));
constexpr int kLanes = 8;

DWELLMAP_INLINE Vec larger(const Vec& a, const Vec& b) { return a > b ? a : b; }

/// exp to 1e-15 relative, for x <= 0; below −700 it is exp(−700).
DWELLMAP_INLINE Vec exponential(const Vec& power) {
    constexpr double kRound = 6755399441055744.0;  // 1.5 · 2^52: its last bits count units
    const Vec x = larger(power, Vec{} - 700.0);
    const Vec shifted = x * std::numbers::log2e + kRound;
    const Vec n = shifted - kRound;
    const Vec r = x - n * 6.93145751953125e-1 - n * 1.42860682030941723212e-6;
    Vec p = Vec{} + 1.0;
    for (int k = 13; k > 0; --k) {
        p = p * r * (1.0 / k) + 1.0;
    }
    Bits exponent;
    std::memcpy(&exponent, &shifted, sizeof exponent);
    exponent = (exponent + 1023) << 52;
    Vec scale;
    std::memcpy(&scale, &exponent, sizeof scale);
    return p * scale;
}

/// Σ ln of the lanes, by one logarithm.
DWELLMAP_INLINE double log_product(const Vec& v) {
    return std::log(((v[0] * v[1]) * (v[2] * v[3])) * ((v[4] * v[5]) * (v[6] * v[7])));
}

/// Sums over the sample, g and ψ as in the header.
template <int K>
struct Sums {
    static constexpr int kSize = 3 * K;
    Vec chi2{};             // Σ of each score's least d²/v
    double logarithms = 0;  // Σ ln of the densities but for that
    Vec gradient[kSize]{};  // Σ g
    Vec block[kSize]{};  // Σ r (ψψᵀ + ∂ψ): (m, m), (m, ln v), (ln v, ln v) of each component
    Vec outer[kSize][kSize]{};  // Σ g gᵀ, the lower triangle
};

struct Components {
    double weight[3], mean[3], variance[3], height[3];  // height: weight/√variance
};

/// Adds kLanes scores at z, their squared errors e2; those not `present` (0 or 1) count for nothing.
template <int K, bool kNoisy>
DWELLMAP_INLINE void add(const Vec& z, const Vec& e2, const Vec& present, const Components& c,
                         Sums<K>& sums) {
    Vec d[K], inverse[K], chi2[K], density[K], total{}, least = Vec{} + 1e300;
    for (int k = 0; k < K; ++k) {
        d[k] = z - c.mean[k];
        inverse[k] = kNoisy ? 1.0 / (c.variance[k] + e2) : Vec{} + 1.0 / c.variance[k];
        chi2[k] = d[k] * d[k] * inverse[k];
        least = chi2[k] < least ? chi2[k] : least;
    }
    for (int k = 0; k < K; ++k) {
        density[k] = c.height[k] * exponential(-0.5 * (chi2[k] - least));
        for (int lane = 0; kNoisy && lane < kLanes; ++lane) {
            density[k][lane] *= std::sqrt(c.variance[k] * inverse[k][lane]);
        }
        total += density[k];
    }
    sums.chi2 += present * least;
    sums.logarithms += log_product(present > 0.5 ? total : Vec{} + 1.0);
    const Vec normalised = present / total;
    Vec g[3 * K];
    for (int k = 0; k < K; ++k) {
        const Vec r = density[k] * normalised, share = c.variance[k] * inverse[k];
        const Vec pm = d[k] * inverse[k], pv = 0.5 * share * (chi2[k] - 1.0);
        g[3 * k] = r;
        g[3 * k + 1] = r * pm;
        g[3 * k + 2] = r * pv;
        sums.block[3 * k] += r * (pm * pm - inverse[k]);
        sums.block[3 * k + 1] += r * pm * (pv - share);
        sums.block[3 * k + 2] += r * (pv * pv + pv + share * share * (0.5 - chi2[k]));
    }
    for (int a = 0; a < 3 * K; ++a) {
        sums.gradient[a] += g[a];
        for (int b = 0; b <= a; ++b) {
            sums.outer[a][b] += g[a] * g[b];
        }
    }
}

/// Up to kLanes numbers from `from` on, then zeros.
template <class T>
DWELLMAP_INLINE Vec load(const T* from, std::size_t count) {
    T lane[kLanes]{};
    if (count >= kLanes) {
        std::memcpy(lane, from, sizeof lane);
    } else {
        std::memcpy(lane, from, count * sizeof(T));
    }
    Vec v;
    for (int l = 0; l < kLanes; ++l) {
        v[l] = static_cast<double>(lane[l]);
    }
    return v;
}

template <int K, bool kNoisy>
DWELLMAP_INLINE void add_all(const Sample& sample, const Components& c, Sums<K>& sums) {
    const std::size_t n = sample.scores.size();
    const double scale = 1 / sample.sd;
    for (std::size_t i = 0; i < n; i += kLanes) {
        const Vec place = Vec{0, 1, 2, 3, 4, 5, 6, 7} + static_cast<double>(i);
        const Vec present = place < static_cast<double>(n) ? Vec{} + 1.0 : Vec{};
        const Vec z = (load(sample.scores.data() + i, n - i) - sample.mean) * scale;
        const Vec e = kNoisy ? load(sample.errors.data() + i, n - i) * scale : Vec{};
        add<K, kNoisy>(z, e * e, present, c, sums);
    }
}

// Clones can't be templates.
DWELLMAP_VECTORISE void sum_up(const Sample& sample, const Components& c, Sums<1>& sums) {
    sample.errors.empty() ? add_all<1, false>(sample, c, sums) : add_all<1, true>(sample, c, sums);
}
DWELLMAP_VECTORISE void sum_up(const Sample& sample, const Components& c, Sums<2>& sums) {
    sample.errors.empty() ? add_all<2, false>(sample, c, sums) : add_all<2, true>(sample, c, sums);
}
DWELLMAP_VECTORISE void sum_up(const Sample& sample, const Components& c, Sums<3>& sums) {
    sample.errors.empty() ? add_all<3, false>(sample, c, sums) : add_all<3, true>(sample, c, sums);
}

double sum_of_lanes(const Vec& v) noexcept {
    return ((v[0] + v[1]) + (v[2] + v[3])) + ((v[4] + v[5]) + (v[6] + v[7]));
}

Components components_of(const Parameters& p, int k) noexcept {
    Components c{};
    double total = 0;
    for (int j = 0; j < k; ++j) {
        total += std::exp(p[3 * j]);
    }
    for (int j = 0; j < k; ++j) {
        c.weight[j] = std::exp(p[3 * j]) / total;
        c.mean[j] = p[3 * j + 1];
        c.variance[j] = std::exp(p[3 * j + 2]);
        c.height[j] = c.weight[j] / std::sqrt(c.variance[j]);
    }
    return c;
}

/// Log likelihood, its gradient and minus its second derivatives: at what is not free, zeros and a one on the diagonal.
struct Expansion {
    double log_likelihood;
    Parameters gradient, known_labels;  // the second: diagonal of J
    Information information;

    void fix(int i) noexcept {
        gradient[i] = 0;
        known_labels[i] = 1;
        information.row(i).setZero();
        information.col(i).setZero();
        information(i, i) = 1;
    }
};

template <int K>
Expansion expand(const Sample& sample, const Parameters& p) noexcept {
    const auto n = static_cast<double>(sample.scores.size());
    const Components c = components_of(p, K);
    Sums<K> sums;
    sum_up(sample, c, sums);
    Expansion e{
        sums.logarithms - 0.5 * (sum_of_lanes(sums.chi2) + n * std::log(2 * std::numbers::pi)),
        Parameters::Zero(), Parameters::Ones(), Information::Identity()};
    for (int a = 0; a < 3 * K; ++a) {
        e.gradient[a] = sum_of_lanes(sums.gradient[a]);
        for (int b = 0; b <= a; ++b) {
            e.information(a, b) = e.information(b, a) = sum_of_lanes(sums.outer[a][b]);
        }
    }
    for (int k = 0; k < K; ++k) {
        const int w = 3 * k, m = w + 1, v = w + 2;
        Eigen::Matrix3d block;
        block << e.gradient[w], e.gradient[m], e.gradient[v],                         //
            e.gradient[m], sum_of_lanes(sums.block[w]), sum_of_lanes(sums.block[m]),  //
            e.gradient[v], sum_of_lanes(sums.block[m]), sum_of_lanes(sums.block[v]);
        e.information.block<3, 3>(w, w) -= block;
        for (int j = 0; j < K; ++j) {
            e.information(w, 3 * j) += n * c.weight[k] * ((j == k ? 1 : 0) - c.weight[j]);
        }
        const double count = e.gradient[w] + 1e-9 * n;
        e.known_labels.segment<3>(w) << count, count / c.variance[k], 0.5 * count;
        e.gradient[w] -= n * c.weight[k];
    }
    e.fix(3 * (K - 1));  // weights add up to one
    for (int v = 2; v < 3 * K; v += 3) {
        if (p[v] <= std::log(kLeastVariance) && e.gradient[v] <= 0) {
            e.fix(v);
        }
    }
    return e;
}

Expansion expand(int k, const Sample& sample, const Parameters& p) noexcept {
    return k == 1 ? expand<1>(sample, p) : k == 2 ? expand<2>(sample, p) : expand<3>(sample, p);
}

struct Maximum {
    Parameters at;
    Expansion expansion;
    int iterations;
};

/// Levenberg–Marquardt from `p` on; no step is longer than one standard deviation or a factor e.
Maximum maximise(int k, const Sample& sample, const Parameters& p, double damping) noexcept {
    constexpr int kMostIterations = 300;
    constexpr double kLeastGain = 1e-10, kMostDamping = 1e8;
    Maximum best{p, expand(k, sample, p), 1};
    while (best.iterations < kMostIterations && damping < kMostDamping) {
        const Expansion& here = best.expansion;
        Information damped = here.information;
        damped.diagonal() += damping * here.known_labels;
        const Eigen::LLT<Information> cholesky(damped);
        if (cholesky.info() != Eigen::Success) {
            damping = std::max(4 * damping, 1e-3);
            continue;
        }
        Parameters step = cholesky.solve(here.gradient);
        if (0.5 * (1 + damping) * step.dot(here.gradient) < kLeastGain) {
            break;
        }
        step /= std::max(1.0, step.cwiseAbs().maxCoeff());
        Parameters next = best.at + step;
        for (int v = 2; v < 9; v += 3) {
            next[v] = std::max(next[v], std::log(kLeastVariance));
        }
        const Expansion there = expand(k, sample, next);
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
std::array<Parameters, 5> cold_starts(int k, const std::vector<double>& sorted) {
    std::array<Parameters, 5> starts;
    starts.fill(Parameters::Zero());
    for (int j = 0; j < k; ++j) {
        const auto n = static_cast<std::ptrdiff_t>(sorted.size());
        const auto first = sorted.begin() + n * j / k, last = sorted.begin() + n * (j + 1) / k;
        const auto count = static_cast<double>(last - first);
        const double mean = std::accumulate(first, last, 0.0) / count;
        const double square = std::inner_product(first, last, first, 0.0) / count;
        const double place = k == 1 ? 0 : 2.0 * j / (k - 1) - 1;
        starts[0].segment<3>(3 * j) << 0, mean,
            std::log(std::max(square - mean * mean, kLeastVariance));
        starts[1].segment<3>(3 * j) << 0, place, std::log(0.25);
        starts[2].segment<3>(3 * j) << 0, 0.3 * place, 0;
        starts[3].segment<3>(3 * j) << 0, 0.3 * place, place - 0.5;
        starts[4].segment<3>(3 * j) << 0, 0.3 * place, -place - 0.5;
    }
    return starts;
}

Parameters start_from(const GaussianMixture& m, const std::array<double, 3>& sigma,
                      const Sample& sample) noexcept {
    Parameters p = Parameters::Zero();
    for (int j = 0; j < m.k; ++j) {
        const auto i = static_cast<std::size_t>(j);
        p.segment<3>(3 * j) << std::log(std::max(m.weight[i], 1e-12)),
            (m.mean[i] - sample.mean) / sample.sd,
            std::log(std::max(std::pow(sigma[i] / sample.sd, 2), kLeastVariance));
    }
    return p;
}

GaussianMixture in_units(int k, const Maximum& maximum, const Sample& sample) noexcept {
    const auto n = static_cast<double>(sample.scores.size());
    const Components c = components_of(maximum.at, k);
    const Eigen::LLT<Information> information(maximum.expansion.information);
    const Information covariance = information.solve(Information::Identity());
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

Maximum highest(int k, const Sample& sample, const ScoreMixture* previous) {
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
                                     const Sample& sample) noexcept {
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
    const Components c = components_of(maximum.at, best.k);
    for (std::size_t j = 0; j < static_cast<std::size_t>(best.k); ++j) {
        sigma[j] = sample.sd * std::sqrt(c.variance[j]);
    }
    return sigma;
}

/// Sums over z = s/√⟨s²⟩ at D, where v = 1 − D² and x = D z/v.
struct FoldedSums {
    double log_cosh = 0, z_tanh = 0, zz_sech2 = 0;
};

DWELLMAP_VECTORISE FoldedSums fold(std::span<const double> scores, double rms, double d) {
    Vec size{}, z_tanh{}, zz_sech2{};
    FoldedSums sums;
    const double slope = d / (1 - d * d);
    for (std::size_t i = 0; i < scores.size(); i += kLanes) {
        const Vec z = load(scores.data() + i, scores.size() - i) / rms;
        const Vec magnitude = z < 0.0 ? -z : z, x = slope * magnitude;
        const Vec e = exponential(-2.0 * x), tanh = (1.0 - e) / (1.0 + e);
        size += x;
        sums.log_cosh += log_product(0.5 * (1.0 + e));
        z_tanh += magnitude * tanh;
        zz_sech2 += z * z * (1.0 - tanh * tanh);
    }
    sums.log_cosh += sum_of_lanes(size);
    sums.z_tanh = sum_of_lanes(z_tanh);
    sums.zz_sech2 = sum_of_lanes(zz_sech2);
    return sums;
}

double folded_log_likelihood(std::span<const double> scores, double rms, double d) noexcept {
    const double v = 1 - d * d;
    return fold(scores, rms, d).log_cosh -
           0.5 * static_cast<double>(scores.size()) *
               (std::log(2 * std::numbers::pi * v * rms * rms) + (1 + d * d) / v);
}

/// Root of ⟨z tanh(D z/v)⟩ = D between low and high, by Newton's method and halving.
double separation_between(double low, double high, std::span<const double> scores,
                          double rms) noexcept {
    const auto n = static_cast<double>(scores.size());
    double d = 0.5 * (low + high);
    for (int iteration = 0; iteration < 60 && high - low > 1e-12; ++iteration) {
        const FoldedSums at = fold(scores, rms, d);
        const double v = 1 - d * d, excess = at.z_tanh / n - d;
        (excess > 0 ? low : high) = d;
        const double newton = d - excess / (at.zz_sech2 / n * (1 + d * d) / (v * v) - 1);
        const double next = newton > low && newton < high ? newton : 0.5 * (low + high);
        if (std::abs(next - d) < 1e-12) {
            break;
        }
        d = next;
    }
    return d;
}

SymmetricMixture fit_symmetric(std::span<const double> scores) noexcept {
    constexpr int kSteps = 8;
    const auto n = static_cast<double>(scores.size());
    double square = 0, fourth = 0;
    for (const double s : scores) {
        square += s * s / n;
        fourth += s * s * s * s / n;
    }
    const double rms = std::sqrt(square), most = std::sqrt(1 - kLeastVariance);
    int best = 0;
    double highest = 0;
    for (int j = 0; j <= kSteps; ++j) {
        const double value = folded_log_likelihood(scores, rms, most * j / kSteps);
        if (j == 0 || value > highest) {
            best = j;
            highest = value;
        }
    }
    double d =
        0;  // the maximum, unless the likelihood rises from there: it goes with (3⟨s²⟩² − ⟨s⁴⟩) D⁴
    if (best > 0 || fourth < 3 * square * square) {
        d = separation_between(most * std::max(best - 1, 0) / kSteps,
                               most * std::min(best + 1, kSteps) / kSteps, scores, rms);
    }
    const double v = 1 - d * d, a = fold(scores, rms, d).zz_sech2 / n;
    const double dd = 1 / v - a / (v * v), dv = d * a / (v * v * v),
                 vv = 0.5 / (v * v) - d * d * a / (v * v * v * v);  // observed information / n
    SymmetricMixture m;
    m.separation = rms * d;
    m.sigma = rms * std::sqrt(v);
    m.log_likelihood = folded_log_likelihood(scores, rms, d);
    const bool resolved = m.log_likelihood > folded_log_likelihood(scores, rms, 0) + 2;
    const double determinant = dd * vv - dv * dv;
    m.se_separation =
        resolved && vv > 0 && determinant > 0 ? rms * std::sqrt(vv / (n * determinant)) : kNotKnown;
    m.bic = -2 * m.log_likelihood + 2 * std::log(n);
    return m;
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

Sample standardise(std::span<const double> scores) noexcept {
    const auto n = static_cast<double>(scores.size());
    Sample sample{scores, {}};
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
    Sample sample = standardise(scores);
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
