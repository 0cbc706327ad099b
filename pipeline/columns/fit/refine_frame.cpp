// SPDX-License-Identifier: Apache-2.0
// The fit of a frame of which nothing is known, as a whole.
#include "fit/refine.hpp"

#include "fit/column_lines.hpp"

#include <algorithm>
#include <cmath>

namespace dwellmap {
namespace {

constexpr double kTypicalSigma = 0.157;  // a
constexpr double kStill = 0.005;         // of σ, from pass to pass
constexpr int kMorePasses = 10;          // at most, until σ stands still

}  // namespace

/// The whole model anew, with the σ and background of now.
void Refiner::render(const std::vector<Atom>& atoms) noexcept {
    lines_->set_width(fit_.sigma_px);
    background_.render(image_, 0, rows_in_, 0, image_.cols());
    for (const Atom& a : atoms) {
        add(a);
    }
}

void Refiner::run(const Image& counts, const std::vector<std::uint8_t>& row_valid, int rows_in,
                  double a_px, int passes, std::vector<Atom>& atoms, FrameFit& fit) noexcept {
    constexpr int border_px = FitImage::border_px;
    begin(a_px, fit, {border_px, image_.rows() + 2 * border_px});
    rows_in_ = rows_in;
    fit_.sigma_px = fit.sigma_px > 0 ? fit.sigma_px : kTypicalSigma * a_px;
    copy_rows(counts, row_valid, 0, rows_in, whole());
    leave_out(-border_px, 0, whole());  // there may be weights of the frame before
    leave_out(rows_in, rows_in + border_px, whole());
    background_.start(image_, rows_in, a_px);
    fit_.background = background_.mean();
    set_start(atoms, 0, atoms.size());
    bool last = false;
    double d_sigma_px = 0;
    for (int pass_number = 0; !last; ++pass_number) {
        begin_count();
        count(atoms, 0, atoms.size());
        medians(atoms.size(), no_helper());
        render(atoms);
        if (pass_number > 1) {
            estimate_noise();
        }
        weigh(0, rows_in, whole());
        shape_ = {};
        background_.begin_step();
        const int rest = passes - 1 - pass_number;
        last = rest <= 0 && (std::abs(d_sigma_px) < kStill * fit_.sigma_px || rest <= -kMorePasses);
        for (std::size_t k = 0; k < atoms.size(); ++k) {
            // half of them tell the shape well enough
            fit_column(atoms[k], k, last || k % 2 == 0, whole());
        }
        if (!last && pass_number > 0) {
            d_sigma_px = step_shape();
        }
    }
    correct_errors(atoms);
    begin_count();
    count(atoms, 0, atoms.size());
    end(atoms, fit);
}

void Refiner::estimate_noise() noexcept {
    begin_noise();
    look_back(0, rows_in_, whole());
    noise_[0].solve(freedom_, fit_.gain, fit_.read_variance);
}

/// The noise is known best after the last pass: errors and χ² go with it.
void Refiner::correct_errors(std::vector<Atom>& atoms) noexcept {
    const FrameFit before = fit_;
    estimate_noise();
    for (Atom& a : atoms) {
        const double counts = a.background + 0.5 * a.amplitude;
        const auto ratio = static_cast<float>((fit_.gain * counts + fit_.read_variance) /
                                              (before.gain * counts + before.read_variance));
        if (ratio > 0) {
            a.se_x_px *= std::sqrt(ratio);
            a.se_y_px *= std::sqrt(ratio);
            a.se_amplitude *= std::sqrt(ratio);
            a.chi2 /= ratio;
        }
    }
}

}  // namespace dwellmap
