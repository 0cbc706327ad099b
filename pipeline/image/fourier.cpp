// SPDX-License-Identifier: Apache-2.0
#include "image/fourier.hpp"

#include "base/lattice.hpp"
#include "image/spectrum_spot.hpp"

#include <Eigen/LU>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace dwellmap {
namespace {

constexpr double kPi = std::numbers::pi;
constexpr double kSpotRadius = 0.15;  // of 1/a
constexpr double kFewestBins = 2.5;   // radius of a spot: the window's main lobe is 2

/// The largest number up to n that is a multiple of 4 and has no other prime factors than 2, 3 and 5.
int fast_size(int n) noexcept {
    for (n -= n % 4; n > 4; n -= 4) {
        int rest = n;
        for (const int p : {2, 3, 5}) {
            while (rest % p == 0) {
                rest /= p;
            }
        }
        if (rest == 1) {
            break;
        }
    }
    return std::max(n, 4);
}

}  // namespace

FourierView::FourierView(int rows_px, int cols_px)
    : side_px_(std::min(rows_px, cols_px)),
      size_(fast_size(side_px_ / ((side_px_ + max_size - 1) / max_size))),
      hann_variance_(variance_of_hann()) {
    const auto n = static_cast<std::size_t>(size_);
    for (std::size_t k = 0; k < n; ++k) {
        window_.push_back(static_cast<float>(
            0.5 - 0.5 * std::cos(2 * kPi * (static_cast<double>(k) + 0.5) / size_)));
    }
    binned_.setZero(size_, size_);
    power_.setZero(size_, size_);
    rows_.resize(n * (n / 2 + 1));
    in_.resize(n);
    out_.resize(n);
    fft_.SetFlag(Eigen::FFT<float>::HalfSpectrum);
    transform();  // makes the plans
}

/// Sums of b × b pixels of the central square, without their mean, under the window.
void FourierView::bin(const Image& counts) noexcept {
    const auto n = static_cast<Eigen::Index>(size_), b = static_cast<Eigen::Index>(binning_);
    const auto y0 = (counts.rows() - n * b) / 2, x0 = (counts.cols() - n * b) / 2;
    for (Eigen::Index y = 0; y < n; ++y) {
        for (Eigen::Index x = 0; x < n; ++x) {
            float sum = 0;
            for (Eigen::Index dy = 0; dy < b; ++dy) {
                const float* from = &counts(y0 + y * b + dy, x0 + x * b);
                for (Eigen::Index dx = 0; dx < b; ++dx) {
                    sum += from[dx];
                }
            }
            binned_(y, x) = sum;
        }
    }
    const Eigen::Map<const Eigen::Array<float, 1, Eigen::Dynamic>> window(window_.data(), n);
    const double mean = binned_.mean();
    const double squares = window.square().sum();
    counting_noise_ = std::max(std::abs(mean), 1e-30) * squares * squares;
    for (Eigen::Index y = 0; y < n; ++y) {
        binned_.row(y) = (binned_.row(y) - static_cast<float>(mean)) * window * window[y];
    }
}

void FourierView::transform() noexcept {
    const auto n = static_cast<std::size_t>(size_), width = n / 2 + 1;
    for (std::size_t y = 0; y < n; ++y) {
        fft_.fwd(&rows_[y * width], binned_.data() + y * n, size_);
    }
    const int middle = size_ / 2;
    for (int x = 0; x <= middle; ++x) {
        for (std::size_t y = 0; y < n; ++y) {
            in_[y] = rows_[y * width + static_cast<std::size_t>(x)];
        }
        fft_.fwd(out_.data(), in_.data(), size_);
        for (int y = 0; y < size_; ++y) {  // frequency −q is the mirror image of q
            const float p = std::norm(out_[static_cast<std::size_t>(y)]);
            power_((middle - y + size_) % size_, middle - x) = p;
            power_((middle + y) % size_, (middle + x) % size_) = p;
        }
    }
}

Eigen::Vector2d FourierView::zero_frequency() const noexcept {
    const int middle = size_ / 2;
    return Eigen::Vector2d::Constant(middle);
}

/// Of the power, by summing b × b pixels.
double FourierView::contrast_kept(const Eigen::Vector2d& g_per_px) const noexcept {
    double kept = 1;
    for (const double f : g_per_px) {
        const double one = std::sin(kPi * f);
        kept *= std::abs(one) > 1e-9 ? std::sin(kPi * binning_ * f) / (binning_ * one) : 1;
    }
    return kept * kept;
}

void FourierView::look_at(const Eigen::Vector2d& g_per_px, BraggPeak& peak) const noexcept {
    const double step_per_px = 1.0 / (size_ * binning_);
    const Eigen::Vector2d origin = zero_frequency();
    const SpotDisc disc{power_, origin + g_per_px / step_per_px, radius_};
    peak = {};
    if (!disc.inside(2 * radius_)) {
        return;
    }
    const SpotSum sum = add_up(disc);
    peak.background = sum.background;
    peak.intensity = sum.above / contrast_kept(g_per_px);
    const SpotShape shape = measure_shape(disc, sum.background);
    if (!shape.found) {
        return;
    }
    peak.at_per_px = (shape.centre - origin) * step_per_px;
    const Eigen::Vector2d along = peak.at_per_px.normalized(), across(-along.y(), along.x());
    const auto width = [&](const Eigen::Vector2d& v) {
        return step_per_px * std::sqrt(std::max(0.0, v.dot(shape.covariance * v) - hann_variance_));
    };
    peak.radial_width_per_px = width(along);
    peak.tangential_width_per_px = width(across);
    measure_splitting(disc, sum.background, step_per_px, peak);
}

void FourierView::look_half_way(const BraggPeak& bragg, HalfOrderPeak& half) const noexcept {
    half = {};
    half.at_per_px = bragg.at_per_px / 2;
    if (!half.at_per_px.allFinite()) {
        return;
    }
    const SpotDisc disc{
        power_, zero_frequency() + half.at_per_px * static_cast<double>(size_ * binning_), radius_};
    const SpotSum sum = add_up(disc);
    half.background = sum.background;
    half.intensity = sum.above / contrast_kept(half.at_per_px);
    half.over_bragg = half.intensity / bragg.intensity;
    half.significance = sum.above / std::max(sum.error, 1e-30);
}

void FourierView::run(const Image& counts, const Lattice& lattice, FourierResult& result) {
    std::array<Eigen::Vector2d, 3> g;
    double largest = 0;
    if (lattice.found) {
        Eigen::Matrix2d a;
        a << lattice.a1_px, lattice.a2_px;
        const Eigen::Matrix2d k = a.inverse();
        g = {k.row(1), k.row(0), k.row(0) + k.row(1)};
        largest = std::max({g[0].norm(), g[1].norm(), g[2].norm()});
    }
    const int most = side_px_ / size_;
    binning_ = std::clamp(static_cast<int>(0.5 / std::max(2.3 * largest, 1e-3)), 1, most);
    bin(counts);
    transform();
    power_ /= static_cast<float>(counting_noise_);
    result.step_per_px = 1.0 / (size_ * binning_);
    result.log_power = power_.max(static_cast<float>(SpotDisc::least_power)).log() *
                       static_cast<float>(1 / std::numbers::ln10);
    result.first.fill({});
    result.second.fill({});
    result.half.fill({});
    result.lattice = {};
    if (!lattice.found) {
        return;
    }
    radius_ = std::max(kFewestBins, kSpotRadius / lattice.a_px / result.step_per_px);
    for (std::size_t k = 0; k < 3; ++k) {
        look_at(g[k], result.first[k]);
        look_at(2 * g[k], result.second[k]);
        look_half_way(result.first[k], result.half[k]);
    }
    const Eigen::Vector2d g2 = result.first[0].at_per_px, g1 = result.first[1].at_per_px,
                          g12 = result.first[2].at_per_px;
    const Eigen::Vector2d misclosure = (g12 - g1 - g2) / 3;  // least squares of two from three
    if (misclosure.allFinite()) {
        Eigen::Matrix2d k;
        k << (g1 + misclosure).transpose(), (g2 + misclosure).transpose();
        const Eigen::Matrix2d a = k.inverse();
        result.lattice.found = true;
        result.lattice.a1_px = a.col(0);
        result.lattice.a2_px = a.col(1);
        describe(result.lattice);
    }
}

}  // namespace dwellmap
