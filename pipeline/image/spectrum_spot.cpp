// SPDX-License-Identifier: Apache-2.0
#include "image/spectrum_spot.hpp"

#include <Eigen/LU>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <utility>

namespace dwellmap {
namespace {

constexpr double kPi = std::numbers::pi;
// Neighbouring bins that carry the same noise, 1.5 along each axis.
constexpr double kHannBins = 2.25;
constexpr double kWeakestPart = 0.1;    // of a split spot, of the strongest
constexpr double kShallowestDip = 0.2;  // of the weaker part

struct Maximum {
    int x, y;
    double power;
};

/// The two highest local maxima of a disc.
std::array<Maximum, 2> highest(const SpotDisc& disc) {
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
        const double left = std::log(power(m.y - dy, m.x - dx) + SpotDisc::least_power),
                     middle = std::log(power(m.y, m.x) + SpotDisc::least_power),
                     right = std::log(power(m.y + dy, m.x + dx) + SpotDisc::least_power);
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

}  // namespace

SpotSum add_up(const SpotDisc& disc) {
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

SpotShape measure_shape(const SpotDisc& disc, double background) {
    constexpr double wider = 1.5 * 1.5;
    const double widest = disc.radius * disc.radius;
    SpotShape shape{disc.centre, Eigen::Matrix2d::Identity(), false};
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

void measure_splitting(const SpotDisc& disc, double background, double step_per_px,
                       BraggPeak& peak) {
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

}  // namespace dwellmap
