// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/simulated_scan.hpp"

#include "dwellmap/simulated_noise.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace dwellmap {
namespace {

using Eigen::Vector2d;

constexpr double kReachSigma = 6;  // a column is cut there, at 1e-8 of its peak

enum Stream : std::uint64_t {
    stream_drift,
    stream_jitter,
    stream_scatter,
    stream_counts,
    stream_count
};

std::uint64_t stream_of(Stream s, std::uint64_t frame) { return 16 + s + stream_count * frame; }

/// Peak against that of Mo.
double contrast(const CrystalColumn& column) {
    const double z = column.site == Site::anion ? 16 : column.species == species_second ? 75 : 42;
    return column.atoms * std::pow(z / 42, 1.7);
}

/// Folds an endless path into [-range, range], turning round at both ends.
double turn_round(double path, double range) {
    const double t = std::fmod(std::abs(path + range), 4 * range);
    return t <= 2 * range ? t - range : 3 * range - t;
}

}  // namespace

ScanConfig without_noise(ScanConfig scan) {
    scan.counting_noise = false;
    scan.read_noise = 0;
    scan.row_jitter_nm = 0;
    scan.intensity_scatter = 0;
    return scan;
}

SimulatedScan::SimulatedScan(const ScanConfig& config)
    : config_(config),
      pad_px_(
          static_cast<int>(std::ceil(kReachSigma * config.probe_sigma_nm / config.pixel_size_nm)) +
          2),
      path_nm_{Vector2d::Zero()},
      shift_nm_(static_cast<std::size_t>(config.rows_px + 2 * pad_px_), Vector2d::Zero()),
      expected_(config.rows_px, config.cols_px) {}

double SimulatedScan::mo_peak() const noexcept {
    const double pixels = config_.probe_sigma_nm / config_.pixel_size_nm;
    return config_.electrons_per_mo / (2 * std::numbers::pi * pixels * pixels);
}

void SimulatedScan::acquire(const SimulatedCrystal& crystal, std::uint64_t frame, Image& counts,
                            std::vector<TrueColumn>& truth) {
    truth.clear();
    aim(frame);
    add_background();
    Noise noise(config_.seed, stream_of(stream_scatter, frame));
    std::int64_t id = 0;
    for (const auto& column : crystal.columns()) {
        const double scatter = 1 + config_.intensity_scatter * noise.normal();
        const double amplitude = std::max(0.0, scatter) * mo_peak() * contrast(column);
        const Vector2d at_px = apparent_px(column.position_nm);
        paint(column.position_nm, at_px, amplitude);
        const bool inside = at_px.x() >= -0.5 && at_px.x() < config_.cols_px - 0.5 &&
                            at_px.y() >= -0.5 && at_px.y() < config_.rows_px - 0.5;
        if (inside) {
            truth.push_back({id, column.site, column.species, column.atoms, column.n, at_px.x(),
                             at_px.y(), column.position_nm.x(), column.position_nm.y(), amplitude,
                             column.isotropic_nm, column.zigzag_nm});
        }
        ++id;
    }
    detect(frame, counts);
}

Vector2d SimulatedScan::drift_nm(std::uint64_t frame) {
    while (path_nm_.size() <= frame) {
        Noise noise(config_.seed, stream_of(stream_drift, path_nm_.size()));
        const double x = noise.normal();
        const double y = noise.normal();
        path_nm_.emplace_back(path_nm_.back() + config_.drift_nm +
                              config_.drift_walk_nm * Vector2d(x, y));
    }
    return path_nm_[frame].unaryExpr(
        [this](double path) { return turn_round(path, config_.drift_range_nm); });
}

/// Where the probe is in the specimen, row by row: drift goes on from frame to frame, each row misses its place.
void SimulatedScan::aim(std::uint64_t frame) {
    drift_nm(frame + 1);
    Noise noise(config_.seed, stream_of(stream_jitter, frame));
    const double fresh = std::sqrt(1 - config_.jitter_correlation * config_.jitter_correlation);
    Vector2d jitter(noise.normal(), noise.normal());
    for (std::size_t k = 0; k < shift_nm_.size(); ++k) {
        const double part = (static_cast<double>(k) - pad_px_) / config_.rows_px;
        const Vector2d path = path_nm_[frame] + part * (path_nm_[frame + 1] - path_nm_[frame]);
        const Vector2d drift =
            path.unaryExpr([this](double p) { return turn_round(p, config_.drift_range_nm); });
        shift_nm_[k] = config_.row_jitter_nm * jitter - drift;
        const double x = noise.normal();
        const double y = noise.normal();
        jitter = config_.jitter_correlation * jitter + fresh * Vector2d(x, y);
    }
}

/// @param row_px -pad…rows + pad - 1
const Vector2d& SimulatedScan::shift_of_row(int row_px) const {
    const int index = row_px + pad_px_;
    return shift_nm_[static_cast<std::size_t>(index)];
}

/// Where a fit would find a column: to first order in the rows' shifts s_r, with g_r the column's profile in y,
///   x = x₀ − Σ g_r s_r,x / Σ g_r;   y = y₀ − Σ g_r (r−y)² s_r,y / Σ g_r (r−y)²,
/// the shift of the centroid as well as of the maximum-likelihood fit.
Vector2d SimulatedScan::apparent_px(const Vector2d& position_nm) const {
    const double sigma_px = config_.probe_sigma_nm / config_.pixel_size_nm;
    const int last = config_.rows_px + pad_px_ - 1;
    const Vector2d nominal = position_nm / config_.pixel_size_nm;
    Vector2d apparent = nominal;
    for (int round = 0; round < 3;
         ++round) {  // the rows that matter are those at the apparent position
        const int row = static_cast<int>(std::lround(apparent.y()));
        Vector2d sum = Vector2d::Zero();
        Vector2d weight = Vector2d::Constant(1e-300);
        for (int r = std::max(-pad_px_, row - pad_px_); r <= std::min(last, row + pad_px_); ++r) {
            const double t = (r - apparent.y()) / sigma_px;
            const double g = std::exp(-0.5 * t * t);
            const Vector2d w(g, g * t * t);
            sum += w.cwiseProduct(shift_of_row(r));
            weight += w;
        }
        apparent = nominal - sum.cwiseQuotient(weight) / config_.pixel_size_nm;
    }
    return apparent;
}

/// Adds a Gaussian. Along a row, exp(−(t + k h)²/2) follows from its left neighbour by two multiplications.
void SimulatedScan::paint(const Vector2d& position_nm, const Vector2d& apparent_px,
                          double amplitude) {
    const double sigma_nm = config_.probe_sigma_nm;
    const double h = config_.pixel_size_nm / sigma_nm;
    const double reach_px = kReachSigma / h;
    const int top = std::max(0, static_cast<int>(std::ceil(apparent_px.y() - reach_px)));
    const int bottom =
        std::min(config_.rows_px - 1, static_cast<int>(std::floor(apparent_px.y() + reach_px)));
    const int left = std::max(0, static_cast<int>(std::ceil(apparent_px.x() - reach_px)));
    const int right =
        std::min(config_.cols_px - 1, static_cast<int>(std::floor(apparent_px.x() + reach_px)));
    const double step = std::exp(-h * h);
    for (int r = top; r <= bottom && left <= right; ++r) {
        const Vector2d probe = shift_of_row(r);
        const double v = (r * config_.pixel_size_nm + probe.y() - position_nm.y()) / sigma_nm;
        const double u = (left * config_.pixel_size_nm + probe.x() - position_nm.x()) / sigma_nm;
        double value = amplitude * std::exp(-0.5 * (u * u + v * v));
        double ratio = std::exp(-h * (u + 0.5 * h));
        double* pixel = &expected_(r, left);
        for (int c = left; c <= right; ++c) {
            *pixel++ += value;
            value *= ratio;
            ratio *= step;
        }
    }
}

void SimulatedScan::add_background() {
    const auto across = Eigen::ArrayXd::LinSpaced(config_.cols_px, -0.5, 0.5).transpose();
    for (int r = 0; r < config_.rows_px; ++r) {
        const double down = r / std::max(1.0, config_.rows_px - 1.0) - 0.5;
        expected_.row(r) =
            mo_peak() * (config_.background + config_.background_slope * (across + down)).max(0.0);
    }
}

void SimulatedScan::detect(std::uint64_t frame, Image& counts) const {
    if (!config_.counting_noise && config_.read_noise == 0) {
        counts = expected_.cast<float>();
        return;
    }
    counts.resize(expected_.rows(), expected_.cols());
    Noise noise(config_.seed, stream_of(stream_counts, frame));
    for (Eigen::Index k = 0; k < expected_.size(); ++k) {
        const double expected = expected_.data()[k];
        const double counted = config_.counting_noise ? noise.poisson(expected) : expected;
        const double read = config_.read_noise > 0 ? config_.read_noise * noise.normal() : 0;
        counts.data()[k] = static_cast<float>(counted + read);
    }
}

}  // namespace dwellmap
