// SPDX-License-Identifier: Apache-2.0
#include "image/spectrum_lattice.hpp"

#include <Eigen/Geometry>
#include <Eigen/LU>
#include <unsupported/Eigen/FFT>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <utility>

namespace dwellmap {
namespace {

constexpr double kPi = std::numbers::pi;
constexpr double kFewestPeriods = 14;  // a side, for the small square to be enough

/// a1, a2 with a2 counter-clockwise from a1 on screen, from reciprocal vectors 60 degrees apart.
Lattice from_reciprocal(const Eigen::Vector2d& k1, const Eigen::Vector2d& k2) noexcept {
    Eigen::Matrix2d k;
    k << k1.transpose(), k2.transpose();
    const Eigen::Matrix2d a = k.inverse();  // columns: 120 degrees apart
    Lattice lattice;
    lattice.found = true;
    lattice.a1_px = a.col(0);
    lattice.a2_px = a.col(0) + a.col(1);  // 60 degrees from either
    const double cross =
        lattice.a1_px.x() * lattice.a2_px.y() - lattice.a1_px.y() * lattice.a2_px.x();
    if (cross > 0) {  // y points down: clockwise on screen
        std::swap(lattice.a1_px, lattice.a2_px);
    }
    return lattice;
}

}  // namespace

SpectrumLattice::SpectrumLattice(int rows_px, int cols_px) {
    const auto side = static_cast<std::size_t>(std::min({rows_px, cols_px, max_side_px}));
    spectrum_.resize(side * side);
    power_.resize(side * (side / 2 + 1));
    background_.resize(power_.size());
    spots_.reserve(64);
}

/// |FFT|² of the largest square around the centre of the rows, under a Hann window, and its median at each radius.
void SpectrumLattice::transform(const Image& counts, int rows_in, int most_px) {
    side_px_ = std::min({rows_in, static_cast<int>(counts.cols()), most_px});
    const int n = side_px_;
    const auto x0 = (counts.cols() - n) / 2;
    const auto part = counts.block((rows_in - n) / 2, x0, n, n);
    const float mean = part.mean();
    std::vector<float> window(static_cast<std::size_t>(n));
    for (int k = 0; k < n; ++k) {
        window[static_cast<std::size_t>(k)] =
            static_cast<float>(0.5 - 0.5 * std::cos(2 * kPi * (k + 0.5) / n));
    }
    Eigen::FFT<float> fft;
    fft.SetFlag(Eigen::FFT<float>::HalfSpectrum);
    std::vector<float> row(static_cast<std::size_t>(n));
    std::vector<std::complex<float>> in(static_cast<std::size_t>(n)),
        out(static_cast<std::size_t>(n));
    for (int y = 0; y < n; ++y) {
        for (int x = 0; x < n; ++x) {
            row[static_cast<std::size_t>(x)] = (part(y, x) - mean) *
                                               window[static_cast<std::size_t>(x)] *
                                               window[static_cast<std::size_t>(y)];
        }
        fft.fwd(out, row);
        std::copy_n(out.begin(), n / 2 + 1,
                    spectrum_.begin() + static_cast<std::ptrdiff_t>(y) * (n / 2 + 1));
    }
    const auto width = static_cast<std::size_t>(n / 2 + 1);
    for (std::size_t x = 0; x < width; ++x) {
        for (std::size_t y = 0; y < in.size(); ++y) {
            in[y] = spectrum_[y * width + x];
        }
        fft.fwd(out, in);
        for (std::size_t y = 0; y < in.size(); ++y) {
            power_[y * width + x] = std::norm(out[y]);
        }
    }
    median_of_rings(n);
}

/// The median of the power at each radius, in every pixel of background_.
void SpectrumLattice::median_of_rings(int n) {
    const int width = n / 2 + 1;
    const auto pixels = static_cast<std::size_t>(n) * static_cast<std::size_t>(width);
    std::vector<int> ring(pixels);
    std::vector<std::size_t> end(static_cast<std::size_t>(n) + 1, 0);
    for (int ky = 0; ky < n; ++ky) {
        const int y = ky < n / 2 ? ky : ky - n;
        for (int x = 0; x < width; ++x) {
            const auto r = static_cast<int>(std::sqrt(static_cast<float>(x * x + y * y)));
            ring[static_cast<std::size_t>(ky * width + x)] = r;
            ++end[static_cast<std::size_t>(r) + 1];
        }
    }
    std::partial_sum(end.begin(), end.end(), end.begin());
    std::vector<float> sorted(pixels);  // by ring
    std::vector<float> median(static_cast<std::size_t>(n));
    auto next = end;
    for (std::size_t k = 0; k < pixels; ++k) {
        sorted[next[static_cast<std::size_t>(ring[k])]++] = power_[k];
    }
    for (std::size_t r = 0; r < median.size(); ++r) {
        const auto first = sorted.begin() + static_cast<std::ptrdiff_t>(end[r]),
                   last = sorted.begin() + static_cast<std::ptrdiff_t>(end[r + 1]);
        if (first != last) {
            std::nth_element(first, first + (last - first) / 2, last);
            median[r] = *(first + (last - first) / 2);
        }
    }
    for (std::size_t k = 0; k < pixels; ++k) {
        background_[k] = median[static_cast<std::size_t>(ring[k])];
    }
}

/// The 64 highest local maxima of the power between two radii that stand out of their ring, to a fraction of a bin.
void SpectrumLattice::find_spots(double k_min, double k_max) {
    const int n = side_px_;
    const int width = n / 2 + 1;
    const auto index = [&](int ky, int kx) {
        if (kx < 0) {  // the other half of a real image's spectrum
            kx = -kx;
            ky = -ky;
        }
        return static_cast<std::size_t>((ky % n + n) % n) * static_cast<std::size_t>(width) +
               static_cast<std::size_t>(std::min(kx, width - 1));
    };
    const auto power = [&](int ky, int kx) { return power_[index(ky, kx)]; };
    const auto background = [&](int ky, int kx) { return background_[index(ky, kx)]; };
    const auto centre_of_mass = [](float left, float middle, float right) {
        const float l = std::sqrt(left), m = std::sqrt(middle), r = std::sqrt(right);
        return static_cast<double>((r - l) / (l + m + r)) * 1.5;
    };
    spots_.clear();
    for (int ky = -n / 2 + 1; ky < n / 2; ++ky) {
        for (int kx = 0; kx + 1 < width; ++kx) {
            const double k2 = static_cast<double>(kx * kx + ky * ky) / (n * n);
            const float v = power(ky, kx);
            if (k2 < k_min * k_min || k2 > k_max * k_max || v < 8 * background(ky, kx) ||
                (kx == 0 && ky < 0)) {
                continue;
            }
            bool highest = true;
            for (int d = 0; d < 9 && highest; ++d) {
                highest = d == 4 || power(ky + d / 3 - 1, kx + d % 3 - 1) <= v;
            }
            if (highest) {
                spots_.push_back(
                    {(kx + centre_of_mass(power(ky, kx - 1), v, power(ky, kx + 1))) / n,
                     (ky + centre_of_mass(power(ky - 1, kx), v, power(ky + 1, kx))) / n, v});
            }
        }
    }
    const auto higher = [](const Spot& a, const Spot& b) { return a.power > b.power; };
    const auto keep = std::min<std::size_t>(64, spots_.size());
    std::partial_sort(spots_.begin(), spots_.begin() + static_cast<std::ptrdiff_t>(keep),
                      spots_.end(), higher);
    spots_.resize(keep);
}

/// Looks for the partners of a spot at ±60 degrees (within 18 % of its radius: scans are sheared and stretched): sum of log powers, 0 if one is missing.
double SpectrumLattice::triple(const Spot& first, Eigen::Vector2d& k1, Eigen::Vector2d& k2) const {
    const Eigen::Vector2d k(first.kx, first.ky);
    const auto nearest = [&](double angle, Eigen::Vector2d& at) {
        const Eigen::Vector2d want = Eigen::Rotation2Dd(angle) * k;
        double best = 0;
        for (const auto& s : spots_) {
            for (const double sign : {1.0, -1.0}) {
                const Eigen::Vector2d have = sign * Eigen::Vector2d(s.kx, s.ky);
                if ((have - want).norm() < 0.18 * k.norm() && s.power > best) {
                    best = s.power;
                    at = have;
                }
            }
        }
        return best;
    };
    Eigen::Vector2d plus(0, 0), minus(0, 0);
    const double p = nearest(kPi / 3, plus);
    const double m = nearest(-kPi / 3, minus);
    if (p == 0 || m == 0) {
        return 0;
    }
    // three measured vectors for two unknown ones, k = plus + minus: least squares
    const Eigen::Vector2d misclosure = k - plus - minus;
    k1 = plus + misclosure / 3;
    k2 = -(minus + misclosure / 3);  // 120 degrees from k1
    return std::log(first.power) + std::log(p) + std::log(m);
}

bool SpectrumLattice::has_spot(const Eigen::Vector2d& k) const {
    return std::any_of(spots_.begin(), spots_.end(), [&](const Spot& s) {
        const Eigen::Vector2d have(s.kx, s.ky);
        return std::min((have - k).norm(), (have + k).norm()) < 1.0 / side_px_;
    });
}

Lattice SpectrumLattice::run(const Image& counts, int rows_in, double a_min_px, double a_max_px) {
    Lattice lattice;
    if (std::min(rows_in, static_cast<int>(counts.cols())) >= 32) {
        for (const int side_px : {quick_side_px, max_side_px}) {
            lattice = look(counts, rows_in, side_px, a_min_px, a_max_px);
            if (lattice.found && lattice.a_px * kFewestPeriods < side_px) {
                break;
            }
        }
    }
    return lattice;
}

Lattice SpectrumLattice::look(const Image& counts, int rows_in, int most_px, double a_min_px,
                              double a_max_px) {
    Lattice lattice;
    transform(counts, rows_in, most_px);
    // |k| = 2 / (√3 a)
    const double k_of_a = 2 / std::numbers::sqrt3;
    find_spots(std::max(k_of_a / a_max_px, 4.0 / side_px_), std::min(0.5, k_of_a / a_min_px));
    Eigen::Vector2d k1(0, 0), k2(0, 0), best1(0, 0), best2(0, 0);
    double best = 0;
    for (const auto& spot : spots_) {
        const double score = triple(spot, k1, k2);
        if (score > best) {
            best = score;
            best1 = k1;
            best2 = k2;
        }
    }
    if (best == 0) {
        return lattice;
    }
    // A honeycomb's second ring of spots can outshine its first, √3 smaller and turned by 30 degrees: take that if
    // all of it is there.
    const std::array<Eigen::Vector2d, 3> inner{(2 * best1 + best2) / 3, (best2 - best1) / 3,
                                               (best1 + 2 * best2) / 3};
    if (std::all_of(inner.begin(), inner.end(),
                    [&](const Eigen::Vector2d& k) { return has_spot(k); })) {
        best1 = inner[0];
        best2 = inner[1];
    }
    lattice = from_reciprocal(best1, best2);
    choose_direction(lattice, std::numeric_limits<double>::quiet_NaN());
    return lattice;
}

}  // namespace dwellmap
