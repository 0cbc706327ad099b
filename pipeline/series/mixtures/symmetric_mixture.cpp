// SPDX-License-Identifier: Apache-2.0
#include "mixtures/symmetric_mixture.hpp"

#include "base/vec8d.hpp"
#include "base/vectorise.hpp"
#include "mixtures/mixture_likelihood.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace dwellmap {
namespace {

/// Sums over z = s/√⟨s²⟩ at D, where v = 1 − D² and x = D z/v.
struct FoldedSums {
    double log_cosh = 0, z_tanh = 0, zz_sech2 = 0;
};

DWELLMAP_VECTORISE FoldedSums fold(std::span<const double> scores, double rms, double d) {
    Vec8d size{}, z_tanh{}, zz_sech2{};
    FoldedSums sums;
    const double slope = d / (1 - d * d);
    for (std::size_t i = 0; i < scores.size(); i += kVec) {
        const Vec8d z = load8(scores.data() + i, scores.size() - i) / rms;
        const Vec8d magnitude = z < 0.0 ? -z : z, x = slope * magnitude;
        const Vec8d e = exp8(-2.0 * x), tanh = (1.0 - e) / (1.0 + e);
        size += x;
        sums.log_cosh += log_product8(0.5 * (1.0 + e));
        z_tanh += magnitude * tanh;
        zz_sech2 += z * z * (1.0 - tanh * tanh);
    }
    sums.log_cosh += sum8(size);
    sums.z_tanh = sum8(z_tanh);
    sums.zz_sech2 = sum8(zz_sech2);
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

}  // namespace

SymmetricMixture fit_symmetric(std::span<const double> scores) noexcept {
    constexpr int kSteps = 8;
    const auto n = static_cast<double>(scores.size());
    double square = 0, fourth = 0;
    for (const double s : scores) {
        square += s * s / n;
        fourth += s * s * s * s / n;
    }
    const double rms = std::sqrt(square), most = std::sqrt(1 - MixtureComponents::least_variance);
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
    m.se_separation = resolved && vv > 0 && determinant > 0
                          ? rms * std::sqrt(vv / (n * determinant))
                          : GaussianMixture::unknown;
    m.bic = -2 * m.log_likelihood + 2 * std::log(n);
    return m;
}

}  // namespace dwellmap
