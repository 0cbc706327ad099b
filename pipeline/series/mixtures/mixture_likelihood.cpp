// SPDX-License-Identifier: Apache-2.0
#include "mixtures/mixture_likelihood.hpp"

#include "base/vec8d.hpp"
#include "base/vectorise.hpp"

#include <cmath>
#include <numbers>

namespace dwellmap {
namespace {

/// Sums over the sample, g and ψ as in score_mixture.hpp.
template <int K>
struct Sums {
    static constexpr int kSize = 3 * K;
    Vec8d chi2{};             // Σ of each score's least d²/v
    double logarithms = 0;    // Σ ln of the densities but for that
    Vec8d gradient[kSize]{};  // Σ g
    Vec8d block[kSize]{};  // Σ r (ψψᵀ + ∂ψ): (m, m), (m, ln v), (ln v, ln v) of each component
    Vec8d outer[kSize][kSize]{};  // Σ g gᵀ, the lower triangle
};

/// Adds kVec scores at z, their squared errors e2; those not `present` (0 or 1) count for nothing.
template <int K, bool kNoisy>
DWELLMAP_INLINE void add(const Vec8d& z, const Vec8d& e2, const Vec8d& present,
                         const MixtureComponents& c, Sums<K>& sums) {
    Vec8d d[K], inverse[K], chi2[K], density[K], total{}, least = Vec8d{} + 1e300;
    for (int k = 0; k < K; ++k) {
        d[k] = z - c.mean[k];
        inverse[k] = kNoisy ? 1.0 / (c.variance[k] + e2) : Vec8d{} + 1.0 / c.variance[k];
        chi2[k] = d[k] * d[k] * inverse[k];
        least = chi2[k] < least ? chi2[k] : least;
    }
    for (int k = 0; k < K; ++k) {
        density[k] = c.height[k] * exp8(-0.5 * (chi2[k] - least));
        for (int lane = 0; kNoisy && lane < kVec; ++lane) {
            density[k][lane] *= std::sqrt(c.variance[k] * inverse[k][lane]);
        }
        total += density[k];
    }
    sums.chi2 += present * least;
    sums.logarithms += log_product8(present > 0.5 ? total : Vec8d{} + 1.0);
    const Vec8d normalised = present / total;
    Vec8d g[3 * K];
    for (int k = 0; k < K; ++k) {
        const Vec8d r = density[k] * normalised, share = c.variance[k] * inverse[k];
        const Vec8d pm = d[k] * inverse[k], pv = 0.5 * share * (chi2[k] - 1.0);
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

template <int K, bool kNoisy>
DWELLMAP_INLINE void add_all(const MixtureSample& sample, const MixtureComponents& c,
                             Sums<K>& sums) {
    const std::size_t n = sample.scores.size();
    const double scale = 1 / sample.sd;
    for (std::size_t i = 0; i < n; i += kVec) {
        const Vec8d place = Vec8d{0, 1, 2, 3, 4, 5, 6, 7} + static_cast<double>(i);
        const Vec8d present = place < static_cast<double>(n) ? Vec8d{} + 1.0 : Vec8d{};
        const Vec8d z = (load8(sample.scores.data() + i, n - i) - sample.mean) * scale;
        const Vec8d e = kNoisy ? load8(sample.errors.data() + i, n - i) * scale : Vec8d{};
        add<K, kNoisy>(z, e * e, present, c, sums);
    }
}

// Clones can't be templates.
DWELLMAP_VECTORISE void sum_up(const MixtureSample& sample, const MixtureComponents& c,
                               Sums<1>& sums) {
    sample.errors.empty() ? add_all<1, false>(sample, c, sums) : add_all<1, true>(sample, c, sums);
}
DWELLMAP_VECTORISE void sum_up(const MixtureSample& sample, const MixtureComponents& c,
                               Sums<2>& sums) {
    sample.errors.empty() ? add_all<2, false>(sample, c, sums) : add_all<2, true>(sample, c, sums);
}
DWELLMAP_VECTORISE void sum_up(const MixtureSample& sample, const MixtureComponents& c,
                               Sums<3>& sums) {
    sample.errors.empty() ? add_all<3, false>(sample, c, sums) : add_all<3, true>(sample, c, sums);
}

template <int K>
MixtureExpansion expand(const MixtureSample& sample, const MixtureParameters& p) noexcept {
    const auto n = static_cast<double>(sample.scores.size());
    const MixtureComponents c = components_of(p, K);
    Sums<K> sums;
    sum_up(sample, c, sums);
    MixtureExpansion e{
        sums.logarithms - 0.5 * (sum8(sums.chi2) + n * std::log(2 * std::numbers::pi)),
        MixtureParameters::Zero(), MixtureParameters::Ones(), MixtureInformation::Identity()};
    for (int a = 0; a < 3 * K; ++a) {
        e.gradient[a] = sum8(sums.gradient[a]);
        for (int b = 0; b <= a; ++b) {
            e.information(a, b) = e.information(b, a) = sum8(sums.outer[a][b]);
        }
    }
    for (int k = 0; k < K; ++k) {
        const int w = 3 * k, m = w + 1, v = w + 2;
        Eigen::Matrix3d block;
        block << e.gradient[w], e.gradient[m], e.gradient[v],         //
            e.gradient[m], sum8(sums.block[w]), sum8(sums.block[m]),  //
            e.gradient[v], sum8(sums.block[m]), sum8(sums.block[v]);
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
        if (p[v] <= std::log(MixtureComponents::least_variance) && e.gradient[v] <= 0) {
            e.fix(v);
        }
    }
    return e;
}

}  // namespace

MixtureComponents components_of(const MixtureParameters& p, int k) noexcept {
    MixtureComponents c{};
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

MixtureExpansion expand(int k, const MixtureSample& sample, const MixtureParameters& p) noexcept {
    return k == 1 ? expand<1>(sample, p) : k == 2 ? expand<2>(sample, p) : expand<3>(sample, p);
}

}  // namespace dwellmap
