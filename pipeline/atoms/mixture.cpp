// SPDX-License-Identifier: Apache-2.0
#include "atoms/mixture.hpp"

#include "base/vec8d.hpp"
#include "base/vectorise.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>

namespace dwellmap {
namespace {

constexpr std::array<double, kVec> kOnes{1, 1, 1, 1, 1, 1, 1, 1};

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

DWELLMAP_INLINE Vec8d square(const Vec8d& v) { return v * v; }

DWELLMAP_VECTORISE void expect(const double* sample, std::size_t size, const Mixture& m,
                               Sums& sum) noexcept {
    const double base0 = log_norm(m.weight[0], m.variance[0]);
    const double base1 = log_norm(m.weight[1], m.variance[1]);
    const double half0 = 0.5 / m.variance[0], half1 = 0.5 / m.variance[1];
    Vec8d n1{}, s0{}, s1{}, q0{}, q1{}, likelihood{};
    for (std::size_t k = 0; k < size; k += kVec) {
        const std::size_t count = std::min<std::size_t>(kVec, size - k);
        const Vec8d c = load8(sample + k, count), in = load8(kOnes.data(), count);
        const Vec8d l0 = base0 - half0 * square(c - m.mean[0]);
        const Vec8d l1 = base1 - half1 * square(c - m.mean[1]);
        const auto bright = l1 > l0;
        const Vec8d e = exp8(bright ? l0 - l1 : l1 - l0) * in;
        const Vec8d p = (bright ? in : e) / (1.0 + e), q = in - p;
        likelihood += (bright ? l1 : l0) * in;
        likelihood[0] += log_product8(1.0 + e);
        n1 += p;
        s1 += p * c;
        q1 += p * c * c;
        s0 += q * c;
        q0 += q * c * c;
    }
    sum = {sum8(n1), sum8(s0), sum8(s1), sum8(q0), sum8(q1), sum8(likelihood)};
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

DWELLMAP_VECTORISE void LogOdds::probabilities(const float* contrast, std::size_t n, bool brighter,
                                               float* p) const noexcept {
    const double sign = brighter ? 1 : -1;
    for (std::size_t k = 0; k < n; k += kVec) {
        const std::size_t count = std::min<std::size_t>(kVec, n - k);
        Vec8d c = load8(contrast + k, count);
        c = c < low_ ? Vec8d{} + low_ : c > high_ ? Vec8d{} + high_ : c;
        const Vec8d odds =
            sign * (constant_ + half_[0] * square(c - low_) - half_[1] * square(c - high_));
        const auto is_it = odds > 0;
        const Vec8d e = exp8(is_it ? -odds : odds);
        const Vec8d q = (is_it ? Vec8d{} + 1.0 : e) / (1.0 + e);
        for (std::size_t l = 0; l < count; ++l) {
            p[k + l] = static_cast<float>(q[l]);
        }
    }
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
            expect(sample.data() + first, last - first, m, halves[static_cast<std::size_t>(half)]);
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
