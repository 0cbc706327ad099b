// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/refine.hpp"

#include "column_window.hpp"
#include "vectorise.hpp"

#include <Eigen/LU>

#include <algorithm>
#include <array>
#include <cmath>

namespace dwellmap {
namespace {

constexpr double kFitRadius = 2.5;    // σ: pixels a column is fitted to
constexpr double kModelRadius = 4.5;  // σ: pixels a column shines on
constexpr double kFar = 0.22;         // a: from the start; half-way to the next column is 0.29 a
constexpr float kWeak = 5;            // standard errors
constexpr double kPriorWidth = 0.1;   // a: how far a weak column may be from its site

/// A window clipped to the image, with the factors of E along both axes.
struct Window {
    int x0 = 0, y0 = 0, nx = 0, ny = 0;
    std::array<float, kMaxWindow> ex, ey, u, v;

    Window(const Atom& a, double sigma, double radius, int rows, int cols) {
        const int r = std::min(static_cast<int>(std::lround(radius * sigma)), kMaxWindow / 2 - 1);
        const int cx = static_cast<int>(std::lround(a.x_px)),
                  cy = static_cast<int>(std::lround(a.y_px));
        x0 = std::max(0, cx - r);
        y0 = std::max(0, cy - r);
        nx = std::max(0, std::min(cols, cx + r + 1) - x0);
        ny = std::max(0, std::min(rows, cy + r + 1) - y0);
        gaussian_line(a.x_px, sigma, x0, nx, ex.data());
        gaussian_line(a.y_px, sigma, y0, ny, ey.data());
        for (int k = 0; k < nx; ++k) {
            u[static_cast<std::size_t>(k)] = static_cast<float>(x0 + k) - a.x_px;
        }
        for (int k = 0; k < ny; ++k) {
            v[static_cast<std::size_t>(k)] = static_cast<float>(y0 + k) - a.y_px;
        }
    }

    bool clipped(double sigma, double radius) const noexcept {
        const int full = 2 * static_cast<int>(std::lround(radius * sigma)) + 1;
        return nx < full || ny < full;
    }
};

float median(std::vector<float>& values) noexcept {
    if (values.empty()) {
        return 0;
    }
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

DWELLMAP_VECTORISE void weigh_row(const float* counts, const float* model, float gain,
                                  float read_variance, float least, int n, float* weight,
                                  float* weighted) noexcept {
    for (int x = 0; x < n; ++x) {
        const float variance = gain * model[x] + read_variance;
        const float w = 1.0F / (variance > least ? variance : least);
        weight[x] = w;
        weighted[x] = w * (counts[x] - model[x]);
    }
}

/// Fisher information of (A, x, y), and its right-hand side, from the sums over a column's window.
void normal_equations(const WindowSums& s, double amplitude, double sigma, Eigen::Matrix3d& fisher,
                      Eigen::Vector3d& gradient) noexcept {
    const double a = amplitude / (sigma * sigma);
    fisher << s.h, a * s.hu, a * s.hv,  //
        a * s.hu, a * a * s.huu, a * a * s.huv, a * s.hv, a * a * s.huv, a * a * s.hvv;
    gradient << s.r, a * s.ru, a * s.rv;
}

}  // namespace

Refiner::Refiner(int rows_px, int cols_px, std::size_t max_atoms)
    : rows_px_(rows_px),
      cols_px_(cols_px),
      background_(rows_px, cols_px),
      model_(rows_px, cols_px),
      weight_(rows_px, cols_px),
      weighted_(rows_px, cols_px) {
    steps_.reserve(max_atoms);
    start_x_.reserve(max_atoms);
    start_y_.reserve(max_atoms);
    scratch_.reserve(max_atoms);
}

void Refiner::start(const Image& counts, const std::vector<Atom>& atoms, FrameFit& fit) noexcept {
    background_.start(counts, rows_in_, a_px_);
    if (fit.sigma_px <= 0) {
        fit.sigma_px = 0.157 * a_px_;
    }
    steps_.resize(atoms.size());
    start_x_.resize(atoms.size());
    start_y_.resize(atoms.size());
    for (std::size_t k = 0; k < atoms.size(); ++k) {
        start_x_[k] = atoms[k].x_px;
        start_y_[k] = atoms[k].y_px;
    }
}

void Refiner::render_columns(const std::vector<Atom>& atoms, double sigma) noexcept {
    for (const Atom& a : atoms) {
        Window w(a, sigma, kModelRadius, rows_in_, cols_px_);
        for (int y = 0; y < w.ny; ++y) {
            w.ey[static_cast<std::size_t>(y)] *= a.amplitude;
        }
        add_column(model_.data() + static_cast<std::ptrdiff_t>(w.y0) * cols_px_ + w.x0, cols_px_,
                   w.ex.data(), w.nx, w.ey.data(), w.ny);
    }
}

void Refiner::weigh(const Image& counts, const std::vector<std::uint8_t>& row_valid,
                    const FrameFit& fit) noexcept {
    const double typical =
        fit.gain * std::max(1e-30, static_cast<double>(model_.topRows(rows_in_).mean())) +
        fit.read_variance;
    for (int y = 0; y < rows_in_; ++y) {
        if (row_valid[static_cast<std::size_t>(y)] == 0) {
            weight_.row(y) = 0;
            weighted_.row(y) = 0;
            continue;
        }
        weigh_row(counts.row(y).data(), model_.row(y).data(), static_cast<float>(fit.gain),
                  static_cast<float>(fit.read_variance), static_cast<float>(0.02 * typical),
                  cols_px_, weight_.row(y).data(), weighted_.row(y).data());
    }
}

/// Photon-transfer line: the squared residual against the model, in 16 bins, by weighted least squares.
void Refiner::estimate_noise(const Image& counts, const std::vector<std::uint8_t>& row_valid,
                             FrameFit& fit) noexcept {
    constexpr int bins = 16;
    const float low = model_.topRows(rows_in_).minCoeff(),
                high = model_.topRows(rows_in_).maxCoeff();
    const float scale = static_cast<float>(bins) / std::max(high - low, 1e-30F);
    std::array<double, bins> n{}, sum_m{}, sum_r2{};
    const int border = Background::border_px(a_px_);
    for (int y = border; y < rows_in_ - border; y += 2) {
        if (row_valid[static_cast<std::size_t>(y)] == 0) {
            continue;
        }
        for (int x = border; x < cols_px_ - border; ++x) {
            const float m = model_(y, x), r = counts(y, x) - m;
            const auto bin = static_cast<std::size_t>(
                std::clamp(static_cast<int>((m - low) * scale), 0, bins - 1));
            n[bin] += 1;
            sum_m[bin] += m;
            sum_r2[bin] += static_cast<double>(r) * r;
        }
    }
    Eigen::Matrix2d normal = Eigen::Matrix2d::Zero();
    Eigen::Vector2d right(0, 0);
    double all_r2 = 0, all_m = 0, all_n = 0;
    for (std::size_t k = 0; k < bins; ++k) {
        all_r2 += sum_r2[k];
        all_m += sum_m[k];
        all_n += n[k];
        if (n[k] >= 50 && sum_r2[k] > 0) {
            const double m = sum_m[k] / n[k], variance = sum_r2[k] / n[k];
            const double weight = n[k] / (variance * variance);
            const Eigen::Vector2d row(m, 1);
            normal += weight * row * row.transpose();
            right += weight * variance * row;
        }
    }
    const double mean_variance = all_r2 / all_n, mean = all_m / all_n;
    if (!(mean > 0) ||
        mean_variance < 1e-9 * mean * mean) {  // noise-free: the weights of counted electrons
        fit.gain = 1;
        fit.read_variance = 0;
        return;
    }
    const Eigen::Vector2d line = normal.inverse() * right;
    fit.gain = line[0];
    fit.read_variance = line[1];
    if (!line.allFinite() || line[0] <= 0) {
        fit.gain = 0;
        fit.read_variance = mean_variance;
    } else if (line[1] < 0 && low >= 0) {
        fit.gain = mean_variance / mean;
        fit.read_variance = 0;
    }
}

void Refiner::step_columns(std::vector<Atom>& atoms, FrameFit& fit) noexcept {
    const double sigma = fit.sigma_px;
    const double prior = 1 / std::pow(kPriorWidth * a_px_, 2);
    double sigma_gradient = 0, sigma_fisher = 0;
    for (std::size_t k = 0; k < atoms.size(); ++k) {
        const Atom& a = atoms[k];
        const Window w(a, sigma, kFitRadius, rows_in_, cols_px_);
        const auto offset = static_cast<std::ptrdiff_t>(w.y0) * cols_px_ + w.x0;
        const WindowSums s =
            sum_window(weight_.data() + offset, weighted_.data() + offset, cols_px_, w.u.data(),
                       w.ex.data(), w.nx, w.v.data(), w.ey.data(), w.ny);
        steps_[k] = {0, 0, 0, 0};
        if (s.h <= 0) {
            continue;
        }
        Eigen::Matrix3d fisher;
        Eigen::Vector3d gradient;
        const double amplitude = std::max(static_cast<double>(a.amplitude), 1e-3 / std::sqrt(s.h));
        normal_equations(s, amplitude, sigma, fisher, gradient);
        if (amplitude * std::sqrt(s.h) < kWeak) {
            fisher(1, 1) += prior;
            fisher(2, 2) += prior;
            gradient[1] += prior * (start_x_[k] - a.x_px);
            gradient[2] += prior * (start_y_[k] - a.y_px);
        }
        fisher.diagonal() *= 1 + 1e-6;
        const Eigen::Vector3d step = fisher.inverse() * gradient;
        const double coupling = amplitude / (sigma * sigma * sigma) * s.hq / s.h;
        if (a.site == Site::cation && !w.clipped(sigma, kFitRadius)) {
            const double c = amplitude / (sigma * sigma * sigma);
            sigma_gradient += c * (s.rq - s.hq / s.h * s.r);
            sigma_fisher += c * c * (s.hqq - s.hq * s.hq / s.h);
        }
        const double limit = 0.5 * sigma / std::max(std::hypot(step[1], step[2]), 1e-12);
        const double shorten = std::min(1.0, limit);
        steps_[k] = {static_cast<float>(step[0]), static_cast<float>(shorten * step[1]),
                     static_cast<float>(shorten * step[2]), static_cast<float>(coupling)};
    }
    const double wanted = sigma_fisher > 0 ? sigma_gradient / sigma_fisher : 0;
    const double d_sigma = std::clamp(wanted, -0.12 * sigma, 0.12 * sigma);
    fit.sigma_px = std::clamp(sigma + d_sigma, 0.06 * a_px_, 0.35 * a_px_);
    for (std::size_t k = 0; k < atoms.size(); ++k) {
        Atom& a = atoms[k];
        a.amplitude = std::max(0.0F, a.amplitude + steps_[k].d_amplitude -
                                         steps_[k].coupling * static_cast<float>(d_sigma));
        a.x_px = std::clamp(a.x_px + steps_[k].dx, -0.5F, static_cast<float>(cols_px_) - 0.5F);
        a.y_px = std::clamp(a.y_px + steps_[k].dy, -0.5F, static_cast<float>(rows_in_) - 0.5F);
    }
}

/// Standard errors, chi² and flags from the final model.
void Refiner::errors(std::vector<Atom>& atoms, FrameFit& fit) noexcept {
    const double sigma = fit.sigma_px;
    const auto far = static_cast<float>(kFar * a_px_);
    scratch_.clear();
    for (std::size_t k = 0; k < atoms.size(); ++k) {
        Atom& a = atoms[k];
        const Window w(a, sigma, kFitRadius, rows_in_, cols_px_);
        const auto offset = static_cast<std::ptrdiff_t>(w.y0) * cols_px_ + w.x0;
        const WindowSums s =
            sum_window(weight_.data() + offset, weighted_.data() + offset, cols_px_, w.u.data(),
                       w.ex.data(), w.nx, w.v.data(), w.ey.data(), w.ny);
        a.flags = 0;
        double chi2 = 0;
        int valid = 0;
        for (int y = 0; y < w.ny; ++y) {
            for (int x = 0; x < w.nx; ++x) {
                const float wt = weight_(w.y0 + y, w.x0 + x), wr = weighted_(w.y0 + y, w.x0 + x);
                chi2 += wt > 0 ? wr * wr / wt : 0;
                valid += wt > 0 ? 1 : 0;
            }
        }
        a.chi2 = static_cast<float>(chi2 / std::max(1, valid - 3));
        const bool whole = !w.clipped(sigma, kFitRadius) && valid == w.nx * w.ny;
        a.flags = static_cast<std::uint16_t>(a.flags | (whole ? 0 : flag_edge));
        Eigen::Matrix3d fisher;
        Eigen::Vector3d gradient;
        normal_equations(s, std::max(static_cast<double>(a.amplitude), 1e-12), sigma, fisher,
                         gradient);
        a.se_amplitude = static_cast<float>(1 / std::sqrt(std::max(s.h, 1e-30)));
        const bool weak = a.amplitude < kWeak * a.se_amplitude;
        fisher(1, 1) += weak ? 1 / std::pow(kPriorWidth * a_px_, 2) : 1e-12;
        fisher(2, 2) += weak ? 1 / std::pow(kPriorWidth * a_px_, 2) : 1e-12;
        const Eigen::Matrix3d covariance = fisher.inverse();
        a.se_x_px = static_cast<float>(std::sqrt(std::max(covariance(1, 1), 0.0)));
        a.se_y_px = static_cast<float>(std::sqrt(std::max(covariance(2, 2), 0.0)));
        const bool moved = std::hypot(a.x_px - start_x_[k], a.y_px - start_y_[k]) > far;
        a.flags = static_cast<std::uint16_t>(a.flags | (moved ? flag_moved : 0) |
                                             (a.amplitude < 3 * a.se_amplitude ? flag_weak : 0));
        if (a.site == Site::cation && whole) {
            scratch_.push_back(a.chi2);
        }
    }
    fit.chi2 = median(scratch_);
    for (Atom& a : atoms) {
        const bool misfit = a.chi2 > std::max(2.5, 4 * fit.chi2);
        a.flags = static_cast<std::uint16_t>(a.flags | (misfit ? flag_misfit : 0));
    }
}

void Refiner::drop_insignificant(std::vector<Atom>& atoms) const noexcept {
    std::erase_if(atoms, [](const Atom& a) {
        return a.site == Site::other &&
               (a.amplitude < kWeak * a.se_amplitude || (a.flags & flag_moved) != 0);
    });
}

void Refiner::run(const Image& counts, const std::vector<std::uint8_t>& row_valid, int rows_in,
                  double a_px, int passes, std::vector<Atom>& atoms, FrameFit& fit) noexcept {
    rows_in_ = rows_in;
    a_px_ = a_px;
    start(counts, atoms, fit);
    for (int pass = 0; pass <= passes; ++pass) {
        background_.render(model_);
        render_columns(atoms, fit.sigma_px);
        if (pass == 1 || pass == passes) {
            estimate_noise(counts, row_valid, fit);
        }
        weigh(counts, row_valid, fit);
        if (pass == passes) {
            break;
        }
        scratch_.clear();
        for (const Atom& a : atoms) {
            if (a.site == Site::cation) {
                scratch_.push_back(a.amplitude);
            }
        }
        const double cation_amplitude = median(scratch_);
        step_columns(atoms, fit);
        background_.update(counts, model_, row_valid, cation_amplitude);
    }
    errors(atoms, fit);
    scratch_.clear();
    for (Atom& a : atoms) {
        a.background = background_.at(a.x_px, a.y_px);
        scratch_.push_back(a.background);
    }
    fit.background = median(scratch_);
    drop_insignificant(atoms);
}

}  // namespace dwellmap
