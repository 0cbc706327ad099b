// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/mixture.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>

namespace dwellmap {
namespace {

constexpr double kCertain = 40;       // log odds
constexpr double kNegligible = 1e-8;  // log(1 + e) is e to all digits that count

/// What a step of expectation-maximisation needs: sums over the sample, weighted by the probability of being bright.
struct Sums {
    double n1 = 0, s0 = 0, s1 = 0, q0 = 0, q1 = 0, log_likelihood = 0;

    Sums operator+(const Sums& b) const noexcept {
        return {n1 + b.n1, s0 + b.s0, s1 + b.s1,
                q0 + b.q0, q1 + b.q1, log_likelihood + b.log_likelihood};
    }
};

double log_norm(double weight, double variance) noexcept {
    return std::log(weight) - 0.5 * std::log(2 * std::numbers::pi * variance);
}

Sums expect(const std::vector<double>& sample, std::size_t first, std::size_t last,
            const Mixture& m) noexcept {
    Sums sum;
    const double base0 = log_norm(m.weight[0], m.variance[0]);
    const double base1 = log_norm(m.weight[1], m.variance[1]);
    const double half0 = 0.5 / m.variance[0], half1 = 0.5 / m.variance[1];
    for (std::size_t k = first; k < last; ++k) {
        const double c = sample[k];
        const double l0 = base0 - half0 * (c - m.mean[0]) * (c - m.mean[0]);
        const double l1 = base1 - half1 * (c - m.mean[1]) * (c - m.mean[1]);
        double p = l1 > l0 ? 1 : 0, log_other = 0;
        if (std::abs(l1 - l0) < kCertain) {
            const double e = std::exp(-std::abs(l1 - l0));
            p = (l1 > l0 ? 1 : e) / (1 + e);
            log_other = e < kNegligible ? e : std::log1p(e);
        }
        sum.log_likelihood += std::max(l0, l1) + log_other;
        sum.n1 += p;
        sum.s1 += p * c;
        sum.q1 += p * c * c;
        sum.s0 += (1 - p) * c;
        sum.q0 += (1 - p) * c * c;
    }
    return sum;
}

}  // namespace

LogOdds::LogOdds(const Mixture& m) noexcept
    : low_(m.mean[0]),
      high_(m.mean[1]),
      constant_(log_norm(m.weight[1], m.variance[1]) - log_norm(m.weight[0], m.variance[0])),
      half_{0.5 / m.variance[0], 0.5 / m.variance[1]} {}

double LogOdds::operator()(double c) const noexcept {
    const double inside = std::clamp(c, low_, high_);
    return constant_ + half_[0] * (inside - low_) * (inside - low_) -
           half_[1] * (inside - high_) * (inside - high_);
}

double probability(double log_odds) noexcept {
    return log_odds > kCertain ? 1 : log_odds < -kCertain ? 0 : 1 / (1 + std::exp(-log_odds));
}

Mixture cut(const std::vector<double>& sorted, double fraction_bright, double margin) noexcept {
    const auto n = sorted.size();
    std::size_t low = 1, high = n - 1;
    if (fraction_bright >= 0) {
        low = static_cast<std::size_t>(
            std::clamp((1 - fraction_bright - margin) * static_cast<double>(n), 1.0,
                       static_cast<double>(n - 1)));
        high = static_cast<std::size_t>(
            std::clamp((1 - fraction_bright + margin) * static_cast<double>(n), 1.0,
                       static_cast<double>(n - 1)));
    }
    double total = 0, total2 = 0, left = 0, left2 = 0, best = 0;
    for (const double c : sorted) {
        total += c;
        total2 += c * c;
    }
    Mixture m{};
    bool found = false;
    for (std::size_t k = 1; k <= high; ++k) {
        left += sorted[k - 1];
        left2 += sorted[k - 1] * sorted[k - 1];
        const auto a = static_cast<double>(k), b = static_cast<double>(n - k);
        const double within =
            (left2 - left * left / a) + (total2 - left2 - (total - left) * (total - left) / b);
        if (k >= low && (!found || within < best)) {
            found = true;
            best = within;
            m = {{a / static_cast<double>(n), b / static_cast<double>(n)},
                 {left / a, (total - left) / b},
                 {left2 / a - left * left / (a * a),
                  (total2 - left2) / b - (total - left) * (total - left) / (b * b)}};
        }
    }
    return m;
}

void maximise(const std::vector<double>& sample, bool fixed_weights, Mixture& m,
              Helper& helper) noexcept {
    const auto n = static_cast<double>(sample.size());
    double sum = 0, sum2 = 0;
    for (const double c : sample) {
        sum += c;
        sum2 += c * c;
    }
    const double spread2 = std::max(sum2 / n - sum * sum / (n * n), 1e-300);
    for (double& v : m.variance) {
        v = std::max(v, 1e-4 * spread2);
    }
    for (int iteration = 0; iteration < 200; ++iteration) {
        std::array<Sums, 2> halves;
        helper.halves(sample.size(), [&](int half, std::size_t first, std::size_t last) {
            halves[static_cast<std::size_t>(half)] = expect(sample, first, last, m);
        });
        const Sums s = halves[0] + halves[1];
        m.log_likelihood = s.log_likelihood;
        const double n0 = std::max(n - s.n1, 1e-9), n1 = std::max(s.n1, 1e-9);
        const double moved =
            std::max(std::abs(s.s0 / n0 - m.mean[0]), std::abs(s.s1 / n1 - m.mean[1]));
        m.mean[0] = s.s0 / n0;
        m.mean[1] = s.s1 / n1;
        m.variance[0] = std::max(s.q0 / n0 - m.mean[0] * m.mean[0], 1e-4 * spread2);
        m.variance[1] = std::max(s.q1 / n1 - m.mean[1] * m.mean[1], 1e-4 * spread2);
        if (!fixed_weights) {
            m.weight[0] = n0 / n;
            m.weight[1] = n1 / n;
        }
        if (moved * moved < 1e-14 * spread2) {
            break;
        }
    }
}

bool is_twofold(const std::vector<double>& sample, const Mixture& m) noexcept {
    const auto n = static_cast<double>(sample.size());
    double mean = 0, variance = 0;
    for (const double c : sample) {
        mean += c / n;
    }
    for (const double c : sample) {
        variance += (c - mean) * (c - mean) / n;
    }
    const double one = -0.5 * n * (std::log(2 * std::numbers::pi * variance) + 1);
    const bool better = -2 * m.log_likelihood + 5 * std::log(n) < -2 * one + 2 * std::log(n) - 10;
    const bool apart =
        m.mean[1] - m.mean[0] > 3 * std::sqrt(std::max(m.variance[0], m.variance[1]));
    return better && apart && std::min(m.weight[0], m.weight[1]) * n > 2.5;
}

}  // namespace dwellmap
