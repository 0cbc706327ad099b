// SPDX-License-Identifier: Apache-2.0
#include "views/neighbour_histogram.hpp"

#include "atoms/patterns.hpp"
#include "base/vectorise.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <tuple>

namespace dwellmap {
namespace {

constexpr double kPi = std::numbers::pi;
constexpr int kDirections = 36;  // tried for the splitting

constexpr std::size_t kRow =
    24;  // sites; fixed, so that the compiler sees that rows do not overlap

/// sums [14 × kRow] += all products of u and v up to the fourth power, at [2 × kRow].
DWELLMAP_VECTORISE
void add_moments(const double* __restrict at, const double* __restrict ideal, std::size_t n,
                 double* __restrict sums) {
    for (std::size_t k = 0; k < n; ++k) {
        const double x = at[k] - ideal[k], y = at[kRow + k] - ideal[kRow + k];
        const double xx = x * x, xy = x * y, yy = y * y;
        sums[k] += x;
        sums[kRow + k] += y;
        sums[2 * kRow + k] += xx;
        sums[3 * kRow + k] += xy;
        sums[4 * kRow + k] += yy;
        sums[5 * kRow + k] += xx * x;
        sums[6 * kRow + k] += xx * y;
        sums[7 * kRow + k] += x * yy;
        sums[8 * kRow + k] += yy * y;
        sums[9 * kRow + k] += xx * xx;
        sums[10 * kRow + k] += xx * xy;
        sums[11 * kRow + k] += xx * yy;
        sums[12 * kRow + k] += xy * yy;
        sums[13 * kRow + k] += yy * yy;
    }
}

using Moments = std::array<double, 14>;

/// Mean powers of c u + s v, from those of u and v.
struct Line {
    double variance, fourth_cumulant;

    Line(const Moments& m, double c, double s) {
        const double m1 = c * m[0] + s * m[1];
        const double m2 = c * c * m[2] + 2 * c * s * m[3] + s * s * m[4];
        const double m3 =
            c * c * c * m[5] + 3 * c * c * s * m[6] + 3 * c * s * s * m[7] + s * s * s * m[8];
        const double m4 = c * c * c * c * m[9] + 4 * c * c * c * s * m[10] +
                          6 * c * c * s * s * m[11] + 4 * c * s * s * s * m[12] +
                          s * s * s * s * m[13];
        variance = m2 - m1 * m1;
        fourth_cumulant =
            m4 - 4 * m3 * m1 - 3 * m2 * m2 + 12 * m2 * m1 * m1 - 6 * m1 * m1 * m1 * m1;
    }
};

void measure_splitting(const Moments& moments, double count, SiteSpread& spread) {
    double lowest = std::numeric_limits<double>::infinity(), fourth_cumulant = 0;
    for (int k = 0; k < kDirections; ++k) {
        const double angle = k * kPi / kDirections;
        const Line line(moments, std::cos(angle), std::sin(angle));
        const double kurtosis = line.fourth_cumulant / (line.variance * line.variance);
        if (line.variance > 1e-12 && kurtosis < lowest) {
            lowest = kurtosis;
            fourth_cumulant = line.fourth_cumulant;
            spread.splitting_rad = angle;
        }
    }
    spread.splitting = std::pow(std::max(0.0, -8 * fourth_cumulant), 0.25);
    spread.splitting_significance = std::isfinite(lowest) ? -lowest / std::sqrt(24 / count) : 0;
}

}  // namespace

NeighbourHistogram::NeighbourHistogram(int neighbours, int bins, double half_width)
    : neighbours_(neighbours),
      bin_length_(2 * half_width / bins),
      counts_(Counts::Zero(bins, bins)) {
    ideal_.resize(2 * kRow);
    at_.resize(2 * kRow);
    moments_.resize(std::tuple_size_v<Moments> * kRow);
    const auto sites = neighbour_sites(neighbours);
    for (std::size_t k = 0; k < sites.size(); ++k) {
        ideal_[k] = sites[k][0] + 0.5 * sites[k][1];
        ideal_[kRow + k] = sites[k][1] * std::numbers::sqrt3 / 2;
    }
}

void NeighbourHistogram::clear() noexcept {
    count_ = 0;
    counts_.setZero();
    std::fill(moments_.begin(), moments_.end(), 0);
}

void NeighbourHistogram::add(const Eigen::Ref<const Eigen::VectorXd>& offsets, double a) noexcept {
    const auto n = static_cast<std::size_t>(neighbours_);
    const auto bins = static_cast<double>(counts_.cols());
    const double scale = 1 / a, bins_an_a = 1 / bin_length_;
    for (std::size_t k = 0; k < n; ++k) {
        const double u = at_[k] = offsets[static_cast<Eigen::Index>(2 * k)] * scale;
        const double v = at_[kRow + k] = offsets[static_cast<Eigen::Index>(2 * k + 1)] * scale;
        const double x = bins / 2 + u * bins_an_a, y = bins / 2 - v * bins_an_a;
        if (x >= 0 && y >= 0 && x < bins && y < bins) {
            ++counts_(static_cast<Eigen::Index>(y), static_cast<Eigen::Index>(x));
        }
    }
    add_moments(at_.data(), ideal_.data(), n, moments_.data());
    ++count_;
}

SiteSpread NeighbourHistogram::spread(int site) const noexcept {
    SiteSpread spread;
    if (count_ < kMinCount) {
        return spread;
    }
    const auto k = static_cast<std::size_t>(site);
    const auto count = static_cast<double>(count_);
    Moments m{};
    for (std::size_t p = 0; p < m.size(); ++p) {
        m[p] = moments_[p * kRow + k] / count;
    }
    spread.mean = {ideal_[k] + m[0], ideal_[kRow + k] + m[1]};
    const double uu = m[2] - m[0] * m[0], uv = m[3] - m[0] * m[1], vv = m[4] - m[1] * m[1];
    const double middle = (uu + vv) / 2, half = std::hypot((uu - vv) / 2, uv);
    spread.widest = std::sqrt(middle + half);
    spread.narrowest = std::sqrt(std::max(0.0, middle - half));
    const double angle = std::atan2(2 * uv, uu - vv) / 2;
    spread.widest_rad = angle < 0 ? angle + kPi : angle;
    measure_splitting(m, count, spread);
    return spread;
}

}  // namespace dwellmap
