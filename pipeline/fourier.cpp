// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/fourier.hpp"

#include "dwellmap/lattice.hpp"

#include <Eigen/LU>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace dwellmap {
namespace {

constexpr double kPi = std::numbers::pi;
constexpr double kSpotRadius = 0.15;  // of 1/a
constexpr double kFewestBins = 2.5;   // radius of a spot: the window's main lobe is 2
constexpr double kHannBins =
    2.25;                        // neighbouring bins that carry the same noise: 1.5 along each axis
constexpr double kFloor = 1e-6;  // of the picture, in units of counting noise
constexpr double kWeakestPart = 0.1;    // of a split spot, of the strongest
constexpr double kShallowestDip = 0.2;  // of the weaker part

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

/// A disc of the spectrum and the ring around it, twice as wide. In bins.
struct Disc {
    const Image& power;
    Eigen::Vector2d centre;
    double radius;

    bool inside(double reach) const noexcept {
        return centre.minCoeff() - reach >= 1 &&
               centre.maxCoeff() + reach <= static_cast<double>(power.cols() - 2);
    }

    /// f(x, y, distance²) of all bins up to `reach` from the centre.
    template <class F>
    void each(double reach, const F& f) const {
        const auto low = (centre.array() - reach).ceil().cast<int>().eval(),
                   high = (centre.array() + reach).floor().cast<int>().eval();
        for (int y = low.y(); y <= high.y(); ++y) {
            for (int x = low.x(); x <= high.x(); ++x) {
                const double d2 = (Eigen::Vector2d(x, y) - centre).squaredNorm();
                if (d2 <= reach * reach) {
                    f(x, y, d2);
                }
            }
        }
    }
};

struct Sum {
    double above = 0;       // the background, over the disc
    double error = 0;       // of that, from the scatter of the ring
    double background = 0;  // per bin
};

Sum add_up(const Disc& disc) {
    double core = 0, ring = 0, ring2 = 0, in_core = 0, in_ring = 0;
    disc.each(2 * disc.radius, [&](int x, int y, double d2) {
        const double p = disc.power(y, x);
        if (d2 <= disc.radius * disc.radius) {
            core += p;
            ++in_core;
        } else {
            ring += p;
            ring2 += p * p;
            ++in_ring;
        }
    });
    const double mean = ring / in_ring;
    const double variance = std::max(0.0, ring2 / in_ring - mean * mean);
    return {core - in_core * mean,
            std::sqrt(kHannBins * variance * in_core * (1 + in_core / in_ring)), mean};
}

/// Centre and covariance of a peak, bins.
struct Shape {
    Eigen::Vector2d centre;
    Eigen::Matrix2d covariance;
    bool found;
};

/// Moments under a Gaussian weight W: of a Gaussian peak C at the weight's centre they have the covariance
/// M = (C⁻¹ + W⁻¹)⁻¹, off the centre by δ the mean M C⁻¹ δ. W = C + 1.5² bins².
Shape measure_shape(Disc disc, double background) {
    constexpr double wider = 1.5 * 1.5;
    const double widest = disc.radius * disc.radius;
    Shape shape{disc.centre, Eigen::Matrix2d::Identity(), false};
    for (int step = 0; step < 12; ++step) {
        const Eigen::Matrix2d inverse_weight =
            (shape.covariance + wider * Eigen::Matrix2d::Identity()).inverse();
        double s0 = 0;
        Eigen::Vector2d s1(0, 0);
        Eigen::Matrix2d s2 = Eigen::Matrix2d::Zero();
        disc.each(disc.radius, [&](int x, int y, double) {
            const Eigen::Vector2d d = Eigen::Vector2d(x, y) - shape.centre;
            const double w =
                (disc.power(y, x) - background) * std::exp(-0.5 * d.dot(inverse_weight * d));
            s0 += w;
            s1 += w * d;
            s2 += w * d * d.transpose();
        });
        const Eigen::Vector2d mean = s1 / s0;
        const Eigen::Matrix2d moments = s2 / s0 - mean * mean.transpose();
        const Eigen::Matrix2d inverse = moments.inverse() - inverse_weight;
        const Eigen::Matrix2d covariance = inverse.inverse();
        const Eigen::Vector2d shift = covariance * moments.inverse() * mean;
        shape.found = s0 > 0 && moments.determinant() > 0 && inverse.determinant() > 0 &&
                      covariance.trace() > 0 && covariance.trace() < 2 * widest &&
                      (shape.centre + shift - disc.centre).squaredNorm() < widest;
        if (!shape.found) {
            break;
        }
        shape.centre += shift;
        shape.covariance = covariance;
        if (shift.norm() < 1e-4) {
            break;
        }
    }
    return shape;
}

struct Maximum {
    int x, y;
    double power;
};

/// The two highest local maxima of a disc.
std::array<Maximum, 2> highest(const Disc& disc) {
    std::array<Maximum, 2> best{{{0, 0, 0}, {0, 0, 0}}};
    disc.each(disc.radius, [&](int x, int y, double) {
        const float p = disc.power(y, x);
        if (p > best[1].power && p >= disc.power.block<3, 3>(y - 1, x - 1).maxCoeff()) {
            best[1] = {x, y, p};
            if (best[1].power > best[0].power) {
                std::swap(best[0], best[1]);
            }
        }
    });
    return best;
}

/// The vertex of the parabola through the logarithms of a maximum and its neighbours along each axis.
Eigen::Vector2d vertex(const Image& power, const Maximum& m) {
    const auto offset = [&](int dx, int dy) {
        const double left = std::log(power(m.y - dy, m.x - dx) + kFloor),
                     middle = std::log(power(m.y, m.x) + kFloor),
                     right = std::log(power(m.y + dy, m.x + dx) + kFloor);
        const double curvature = left - 2 * middle + right;
        return curvature < 0 ? 0.5 * (left - right) / curvature : 0.0;
    };
    return {m.x + offset(1, 0), m.y + offset(0, 1)};
}

/// Lowest power on the line between two maxima.
double saddle(const Image& power, const Maximum& a, const Maximum& b) {
    const int steps = 2 * std::max(std::abs(b.x - a.x), std::abs(b.y - a.y));
    double lowest = b.power;
    for (int s = 1; s < steps; ++s) {
        const double f = static_cast<double>(s) / steps;
        lowest =
            std::min<double>(lowest, power(static_cast<int>(std::lround(a.y + f * (b.y - a.y))),
                                           static_cast<int>(std::lround(a.x + f * (b.x - a.x)))));
    }
    return lowest;
}

/// Noise of amplitude² on a background b: variance b² + 2 P b, as of a wave that interferes with random ones.
void measure_splitting(const Disc& disc, double background, double step_per_px, BraggPeak& peak) {
    const auto [a, b] = highest(disc);
    if (b.power < kWeakestPart * a.power || b.power <= 0) {
        return;
    }
    const double between = saddle(disc.power, a, b);
    if (between > (1 - kShallowestDip) * b.power) {
        return;
    }
    peak.splitting_per_px = step_per_px * (vertex(disc.power, a) - vertex(disc.power, b)).norm();
    peak.splitting_significance =
        (b.power - between) / std::sqrt(background * background + 2 * b.power * background);
}

/// Of an ideal peak: |sinc(d) / (1 − d²)|² in each direction, between the bins on average.
double variance_of_hann() {
    constexpr int side = 17;
    const auto lobe = [](double d) {
        const double s = std::sin(kPi * d) / (kPi * d) / (1 - d * d);
        return s * s;
    };
    Image power(side, side);
    const double off = 0.25;
    for (int y = 0; y < side; ++y) {
        for (int x = 0; x < side; ++x) {
            power(y, x) = static_cast<float>(lobe(x - 8 - off) * lobe(y - 8 - off));
        }
    }
    return measure_shape({power, {8 + off, 8 + off}, 5}, 0).covariance(0, 0);
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
    const Disc disc{power_, origin + g_per_px / step_per_px, radius_};
    peak = {};
    if (!disc.inside(2 * radius_)) {
        return;
    }
    const Sum sum = add_up(disc);
    peak.background = sum.background;
    peak.intensity = sum.above / contrast_kept(g_per_px);
    const Shape shape = measure_shape(disc, sum.background);
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
    const Disc disc{
        power_, zero_frequency() + half.at_per_px * static_cast<double>(size_ * binning_), radius_};
    const Sum sum = add_up(disc);
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
    result.log_power =
        power_.max(static_cast<float>(kFloor)).log() * static_cast<float>(1 / std::numbers::ln10);
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
