// SPDX-License-Identifier: Apache-2.0
#include "views/structure_factor.hpp"

#include "base/cells.hpp"

#include <Eigen/LU>

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>
#include <vector>

namespace dwellmap {
namespace {

using Complex = std::complex<double>;

constexpr double kPi = std::numbers::pi;
constexpr std::size_t kHalfRing = 12;  // points of a ring come in pairs ±
constexpr double kRingRadius = 0.12;   // of |g|
constexpr double kClearOfWindow = 3;   // over the side: the window's main lobe is 2
constexpr int kUnshared = 3;           // lattice parameters: neighbourhoods have no atom in common
constexpr std::int64_t kFewestPairs = 30;

/// Reciprocal lattice vectors g1, g2 (rows) of the least-squares lattice through all positions; NaN if there is none.
Eigen::Matrix2d fit_reciprocal(std::span<const double> x, std::span<const double> y,
                               std::span<const std::int16_t> i, std::span<const std::int16_t> j) {
    Eigen::Vector4d mean = Eigen::Vector4d::Zero();
    const auto cation = [&](std::size_t k) { return Eigen::Vector4d(i[k], j[k], x[k], y[k]); };
    for (std::size_t k = 0; k < x.size(); ++k) {
        mean += cation(k) / static_cast<double>(x.size());
    }
    Eigen::Matrix2d normal = Eigen::Matrix2d::Zero(), right = normal;
    for (std::size_t k = 0; k < x.size(); ++k) {
        const Eigen::Vector4d d = cation(k) - mean;
        normal += d.head<2>() * d.head<2>().transpose();
        right += d.head<2>() * d.tail<2>().transpose();
    }
    const Eigen::Matrix2d vectors = normal.inverse() * right;  // rows a1, a2
    return vectors.inverse().transpose();
}

struct Box {
    double low, width;

    explicit Box(std::span<const double> values) {
        const auto [low_at, high_at] = std::minmax_element(values.begin(), values.end());
        low = *low_at;
        width = *high_at - *low_at;
    }
    double hann(double value) const { return std::pow(std::sin(kPi * (value - low) / width), 2); }
};

/// Σ w exp(2πi q·r) at a point and on the ring around it.
struct Sums {
    Complex at{0, 0};
    std::array<Complex, kHalfRing> plus{}, minus{};

    void add(const Complex& wave, const std::array<Complex, kHalfRing>& ring) {
        at += wave;
        for (std::size_t m = 0; m < kHalfRing; ++m) {
            const double rr = wave.real() * ring[m].real(), ii = wave.imag() * ring[m].imag(),
                         ri = wave.real() * ring[m].imag(), ir = wave.imag() * ring[m].real();
            plus[m] += Complex(rr - ii, ri + ir);
            minus[m] += Complex(rr + ii, ir - ri);
        }
    }
};

void evaluate(const Sums& sums, double squares, HalfOrder& half) {
    constexpr double points = 2 * kHalfRing;
    half.peak = std::norm(sums.at) / squares;
    half.background = 0;
    for (std::size_t m = 0; m < kHalfRing; ++m) {
        half.background += (std::norm(sums.plus[m]) + std::norm(sums.minus[m])) / squares / points;
    }
    half.excess = half.peak - half.background;
    half.error = std::sqrt(half.background * half.background * (2 + 2 / points) +
                           4 * half.background * std::max(half.excess, 0.0));
}

/// The scores by unit cell, their alternation taken off; NaN where there is none.
class CellTable {
public:
    CellTable(std::span<const std::int16_t> i, std::span<const std::int16_t> j) {
        const auto [i_low, i_high] = std::minmax_element(i.begin(), i.end());
        const auto [j_low, j_high] = std::minmax_element(j.begin(), j.end());
        // room all around, so that a step never leaves the table
        i0_ = *i_low - LongRangeOrder::reach;
        j0_ = *j_low - LongRangeOrder::reach;
        side_ = *i_high - *i_low + 1 + 2 * LongRangeOrder::reach;
        const int rows = *j_high - *j_low + 1 + 2 * LongRangeOrder::reach;
        values_.assign(static_cast<std::size_t>(side_) * static_cast<std::size_t>(rows),
                       LongRangeOrder::unknown);
    }
    double& at(int i, int j) {
        return values_[static_cast<std::size_t>(j - j0_) * static_cast<std::size_t>(side_) +
                       static_cast<std::size_t>(i - i0_)];
    }

private:
    int i0_, j0_, side_;
    std::vector<double> values_;
};

struct Pairs {
    double sum = 0;
    std::int64_t count = 0;

    double mean() const {
        return count >= kFewestPairs ? sum / static_cast<double>(count) : LongRangeOrder::unknown;
    }
};

double length_of(const std::array<double, LongRangeOrder::reach + 1>& correlation,
                 const Pairs& nearest) {
    const double first = correlation[kUnshared];
    if (!(first * std::sqrt(static_cast<double>(nearest.count)) > 4)) {
        return LongRangeOrder::unknown;
    }
    const double level = first / std::numbers::e;
    int d = kUnshared;
    for (; d < LongRangeOrder::reach && std::isfinite(correlation[static_cast<std::size_t>(d) + 1]);
         ++d) {
        const double here = correlation[static_cast<std::size_t>(d)],
                     next = correlation[static_cast<std::size_t>(d) + 1];
        if (next <= level) {
            return d - kUnshared + (here - level) / (here - next);
        }
    }
    return d - kUnshared;
}

}  // namespace

int row_sign(std::int16_t i, std::int16_t j, int direction) noexcept {
    const int row = direction == 0 ? j : direction == 1 ? i : i + j;
    return row % 2 == 0 ? 1 : -1;
}

double structure_factor(std::span<const double> x, std::span<const double> y,
                        std::span<const double> weights, const Eigen::Vector2d& q) noexcept {
    Complex sum(0, 0);
    double squares = 0;
    for (std::size_t k = 0; k < x.size(); ++k) {
        sum += std::polar(1.0, 2 * kPi * (q.x() * x[k] + q.y() * y[k])) * weights[k];
        squares += weights[k] * weights[k];
    }
    return std::norm(sum) / squares;
}

std::array<HalfOrder, 3> half_order_peaks(std::span<const double> x, std::span<const double> y,
                                          std::span<const std::int16_t> i,
                                          std::span<const std::int16_t> j) noexcept {
    std::array<HalfOrder, 3> half;
    const Eigen::Matrix2d g = fit_reciprocal(x, y, i, j);
    if (x.size() < 4 || !g.allFinite()) {
        return half;
    }
    half[0].q = g.row(1) / 2;
    half[1].q = g.row(0) / 2;
    half[2].q = half[0].q + half[1].q;
    const Box across(x), down(y);
    const double radius = std::max(2 * kRingRadius * half[0].q.norm(),
                                   kClearOfWindow / std::min(across.width, down.width));
    std::array<Eigen::Vector2d, kHalfRing> ring;
    for (std::size_t m = 0; m < kHalfRing; ++m) {
        const double angle = kPi * static_cast<double>(m) / kHalfRing;
        ring[m] = radius * Eigen::Vector2d(std::cos(angle), std::sin(angle));
    }
    std::array<Sums, 3> sums;
    double squares = 0;
    for (std::size_t k = 0; k < x.size(); ++k) {
        const Eigen::Vector2d r(x[k] - across.low, y[k] - down.low);
        const double weight = across.hann(x[k]) * down.hann(y[k]);
        squares += weight * weight;
        std::array<Complex, kHalfRing> waves;
        for (std::size_t m = 0; m < kHalfRing; ++m) {
            waves[m] = std::polar(1.0, 2 * kPi * ring[m].dot(r));
        }
        for (std::size_t d = 0; d < 3; ++d) {
            sums[d].add(weight * std::polar(1.0, 2 * kPi * half[d].q.dot(r)), waves);
        }
    }
    for (std::size_t d = 0; squares > 0 && d < 3; ++d) {
        evaluate(sums[d], squares, half[d]);
    }
    return half;
}

LongRangeOrder long_range_order(std::span<const std::int16_t> i, std::span<const std::int16_t> j,
                                std::span<const double> scores, int direction) {
    LongRangeOrder out;
    out.correlation.fill(LongRangeOrder::unknown);
    if (scores.empty()) {
        return out;
    }
    CellTable table(i, j);
    double sum = 0, squares = 0;
    for (std::size_t k = 0; k < scores.size(); ++k) {
        const double t = domain_score(scores[k], i[k], j[k], direction);
        if (std::isfinite(t)) {
            table.at(i[k], j[k]) = t;
            sum += t;
            squares += t * t;
            ++out.count;
        }
    }
    if (!(squares > 0)) {
        return out;
    }
    const double n = out.count, mean = sum / n, power = squares / n;
    out.order = mean * mean / power;
    const double error2 = std::max(0.0, power - mean * mean) / n;  // of the mean
    out.error = (2 * std::abs(mean) * std::sqrt(error2) + error2) / power;
    std::array<Pairs, LongRangeOrder::reach + 1> pairs{};
    for (std::size_t k = 0; k < scores.size(); ++k) {
        const double here = table.at(i[k], j[k]);
        for (int d = 0; std::isfinite(here) && d <= LongRangeOrder::reach; ++d) {
            for (std::size_t row = 0; row < 3; ++row) {
                const double there =
                    table.at(i[k] + d * kSixNeighbours[row][0], j[k] + d * kSixNeighbours[row][1]);
                if (std::isfinite(there)) {
                    pairs[static_cast<std::size_t>(d)].sum += here * there;
                    ++pairs[static_cast<std::size_t>(d)].count;
                }
            }
        }
    }
    for (std::size_t d = 0; d < pairs.size(); ++d) {
        out.correlation[d] = pairs[d].mean() / power;
    }
    out.correlation_length_a = length_of(out.correlation, pairs[kUnshared]);
    return out;
}

}  // namespace dwellmap
