// SPDX-License-Identifier: Apache-2.0
#include "views/cluster_statistics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace dwellmap {
namespace {

constexpr double kNotKnown = std::numeric_limits<double>::quiet_NaN();

double binomial(int k, int n, double p) noexcept {
    if (k < 0 || k > n) {
        return 0;
    }
    double ways = 1;
    for (int i = 1; i <= k; ++i) {
        ways = ways * (n - k + i) / i;
    }
    return ways * std::pow(p, k) * std::pow(1 - p, n - k);
}

/// N times the variance of a measured P(k), over that of N clusters without common atoms.
double design_effect(int k, double x) noexcept {
    const double p = binomial(k, 7, x);
    double effect = 1;
    for (const int common : {4, 2, 1}) {
        double both = 0;
        for (int j = 0; j <= common; ++j) {
            both += binomial(j, common, x) * std::pow(binomial(k - j, 7 - common, x), 2);
        }
        effect += 6 * (both - p * p) / (p * (1 - p));
    }
    return p > 0 && p < 1 ? effect : 7;  // an alloy of one species only: the limit
}

/// What pairs (centre, neighbour) are made of; the two ways round of an unlike pair are equally many.
struct Pairs {
    double x = 0, like_1 = 0, unlike = 0, like_2 = 0;  // like_1 + 2 unlike + like_2 = 1
};

Pairs pairs_of(const ClusterCounts& counts, double clusters) noexcept {
    Pairs pairs;
    for (std::size_t n = 0; n < 7; ++n) {
        const auto second = static_cast<double>(n), first = 6 - second;
        const auto of_1 = static_cast<double>(counts[0][n]) / (6 * clusters);
        const auto of_2 = static_cast<double>(counts[1][n]) / (6 * clusters);
        pairs.like_1 += of_1 * first;
        pairs.unlike += 0.5 * (of_1 * second + of_2 * first);
        pairs.like_2 += of_2 * second;
    }
    pairs.x = pairs.like_2 + pairs.unlike;
    return pairs;
}

/// Guggenheim's root of unlike² = exp(−2w/kT) (1 − x − unlike)(x − unlike).
Pairs quasi_chemical_pairs(double energy_kT, double x) noexcept {
    const double product = x * (1 - x);
    const double unlike =
        2 * product / (1 + std::sqrt(1 + 4 * product * std::expm1(2 * energy_kT)));
    return {x, 1 - x - unlike, unlike, x - unlike};
}

double quasi_chemical(int k, const Pairs& pairs) noexcept {
    const double x = pairs.x;
    if (x <= 0 || x >= 1) {
        return binomial(k, 7, x);
    }
    return (1 - x) * binomial(k, 6, pairs.unlike / (1 - x)) +
           x * binomial(k - 1, 6, pairs.like_2 / x);
}

/// α_1 is the correlation of a bond's ends: its mean over the six bonds of a cluster scatters as half as many clusters' would.
void set_order(const ClusterCounts& counts, const Pairs& pairs, ClusterStatistics& s) noexcept {
    const auto n = static_cast<double>(s.clusters);
    const double x = pairs.x, product = x * (1 - x);
    s.alpha_1 = 1 - pairs.unlike / product;
    double variance = 0;
    for (std::size_t centre = 0; centre < 2; ++centre) {
        for (std::size_t k = 0; k < 7; ++k) {
            const double mean =
                (static_cast<double>(centre) - x) * (static_cast<double>(k) / 6 - x) / product;
            variance += static_cast<double>(counts[centre][k]) / n * std::pow(mean - s.alpha_1, 2);
        }
    }
    s.se_alpha_1 = std::sqrt(2 * variance / n);
    if (pairs.like_1 > 0 && pairs.unlike > 0 && pairs.like_2 > 0) {
        s.energy_kT = -0.5 * std::log(pairs.unlike * pairs.unlike / (pairs.like_1 * pairs.like_2));
        s.se_energy_kT =
            s.se_alpha_1 * product * (1 / pairs.unlike + 0.5 / pairs.like_1 + 0.5 / pairs.like_2);
    }
}

/// Wilson's interval at one standard error, and what it needs.
void set_probability(std::size_t k, double count, double x, ClusterStatistics& s) noexcept {
    const auto n = static_cast<double>(s.clusters);
    const double p = count / n;
    const double effective = n / design_effect(static_cast<int>(k), x);
    const double centre = (p + 0.5 / effective) / (1 + 1 / effective);
    const double half =
        std::sqrt(p * (1 - p) / effective + 0.25 / (effective * effective)) / (1 + 1 / effective);
    s.measured[k] = p;
    s.independent[k] = effective;
    s.low[k] = std::max(0.0, centre - half);
    s.high[k] = std::min(1.0, centre + half);
}

double discrepancy(const ClusterStatistics& s) noexcept {
    const auto n = static_cast<double>(s.clusters);
    double found = 0, expected = 0;
    for (std::size_t k = 0; k < 8; ++k) {
        if (n * s.ideal[k] >= 1) {
            found += n * std::pow(s.measured[k] - s.ideal[k], 2) / s.ideal[k];
            expected += n / s.independent[k] * (1 - s.ideal[k]);
        }
    }
    return expected > 0 ? found / expected : kNotKnown;
}

}  // namespace

ClusterStatistics cluster_statistics(const ClusterCounts& counts, double composition) noexcept {
    ClusterStatistics s;
    s.alpha_1 = s.se_alpha_1 = s.energy_kT = s.se_energy_kT = s.discrepancy = kNotKnown;
    std::array<double, 8> of_size{};
    for (std::size_t centre = 0; centre < 2; ++centre) {
        for (std::size_t n = 0; n < 7; ++n) {
            s.clusters += counts[centre][n];
            of_size[centre + n] += static_cast<double>(counts[centre][n]);
        }
    }
    const Pairs pairs = pairs_of(counts, static_cast<double>(s.clusters));
    s.composition = pairs.x;
    const double x = std::isnan(composition) ? pairs.x : composition;
    for (std::size_t k = 0; k < 8; ++k) {
        s.ideal[k] = binomial(static_cast<int>(k), 7, x);
        set_probability(k, of_size[k], x, s);
    }
    if (pairs.x > 0 && pairs.x < 1) {
        set_order(counts, pairs, s);
    }
    const Pairs explained = quasi_chemical_pairs(s.energy_kT, x);
    for (std::size_t k = 0; k < 8; ++k) {
        s.quasi_chemical[k] = quasi_chemical(static_cast<int>(k), explained);
    }
    s.discrepancy = discrepancy(s);
    return s;
}

}  // namespace dwellmap
