// SPDX-License-Identifier: Apache-2.0
#include "fit/refine.hpp"

#include "base/buffers.hpp"
#include "base/nth_smallest.hpp"
#include "fit/column_step.hpp"
#include "fit/joint_errors.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace dwellmap {
namespace {

constexpr double kFar = 0.22;            // a: from the start; half-way to the next column is 0.29 a
constexpr double kPriorWidth = 0.1;      // a: how far a weak column may be from its site
constexpr double kEdge = 0.5;            // a: here columns beyond the edge shine in
constexpr double kLeastVariance = 0.02;  // of the typical one
constexpr int kNoiseRows = 8;            // every eighth row tells the noise

std::uint16_t flag_if(bool so, Flag flag) noexcept {
    return static_cast<std::uint16_t>(so ? static_cast<unsigned>(flag) : 0U);
}

/// By how much the variance of a peak's place exceeds the inverse Fisher information, to the next order in its noise ρ = σ_A/A: for a
/// Gaussian in white noise 1 + 6 ρ² of the true amplitude, 1 + 5 ρ² of the fitted one, on average.
double beyond_fisher(double noise) noexcept {
    const double rho = std::clamp(noise, 0.0, 1 / ColumnStep::weak);  // weaker ones are held
    return 1 + 5 * rho * rho;
}

}  // namespace

Refiner::Refiner(int rows_px, int cols_px, std::size_t max_atoms)
    : image_(rows_px, cols_px),
      background_(rows_px, cols_px),
      row_valid_(static_cast<std::size_t>(rows_px)),
      start_x_(max_atoms),
      start_y_(max_atoms),
      lines_(std::make_unique<ColumnLines>(ColumnStep::model_radius_sigma,
                                           ColumnStep::fit_radius_sigma)) {
    for (Sample* sample : {&amplitudes_, &chi2_}) {
        make_room(sample->values, max_atoms);
        make_room(sample->scratch, max_atoms);
    }
}

Refiner::~Refiner() = default;

void Refiner::begin(double a_px, const FrameFit& known, const RowsInUse& in_use) noexcept {
    image_.keep(in_use.all);
    rows_ahead_ = in_use.ahead;
    a_px_ = a_px;
    fit_ = known;
    lines_->set_width(fit_.sigma_px);
    rows_in_ = image_.rows();
    shape_ = {};
    background_.begin_step();
    begin_noise();
    begin_count();
}

void Refiner::begin_noise() noexcept {
    for (PhotonTransfer& noise : noise_) {
        noise.begin(static_cast<float>(fit_.background),
                    static_cast<float>(fit_.background + 3 * fit_.amplitude));
    }
}

void Refiner::begin_count() noexcept {
    amplitudes_.values.clear();
    chi2_.values.clear();
}

std::array<Refiner::Half, 2> Refiner::split(int middle_px) const noexcept {
    const Half all = whole();
    const int reach_px = window_px(ColumnStep::model_radius_sigma, fit_.sigma_px) / 2 + 1;
    const auto margin = static_cast<float>(reach_px);
    const auto middle = static_cast<float>(middle_px);
    return {{{0, 0, middle_px, all.least_x_px, middle - margin},
             {1, middle_px, all.last_px, middle + margin, all.most_x_px}}};
}

void Refiner::take_rows(const Image& counts, const std::vector<std::uint8_t>& row_valid,
                        int first_row, int last_row, const Half& half) noexcept {
    copy_rows(counts, row_valid, first_row, last_row, half);
    const auto ahead = [&](int row) {  // rendered before the columns above shine into it
        return row == 0 ? 0 : std::min(row + rows_ahead_, image_.rows());
    };
    background_.render(image_, ahead(first_row), ahead(last_row), half.first_px, half.last_px);
    const int border = std::min(rows_ahead_, FitImage::border_px);
    if (first_row == 0) {
        leave_out(-border, 0, half);
    }
    if (last_row == image_.rows()) {
        leave_out(last_row, last_row + border, half);
    }
}

/// Rows that nothing is fitted to.
void Refiner::leave_out(int first_row, int last_row, const Half& half) noexcept {
    for (int y = first_row; y < last_row; ++y) {
        std::fill_n(image_.weight(half.first_px, y), half.last_px - half.first_px, 0.0F);
    }
}

void Refiner::copy_rows(const Image& counts, const std::vector<std::uint8_t>& row_valid,
                        int first_row, int last_row, const Half& half) noexcept {
    for (int y = first_row; y < last_row; ++y) {
        std::copy(counts.row(y).data() + half.first_px, counts.row(y).data() + half.last_px,
                  image_.counts(half.first_px, y));
    }
    if (half.number == 0) {
        std::copy(row_valid.begin() + first_row, row_valid.begin() + last_row,
                  row_valid_.begin() + first_row);
    }
}

void Refiner::place(const std::vector<Atom>& atoms, std::size_t first, std::size_t last) noexcept {
    set_start(atoms, first, last);
    for (std::size_t k = first; k < last; ++k) {
        add(atoms[k]);
    }
}

void Refiner::set_start(const std::vector<Atom>& atoms, std::size_t first,
                        std::size_t last) noexcept {
    for (std::size_t k = first; k < last; ++k) {
        start_x_[k] = atoms[k].x_px;
        start_y_[k] = atoms[k].y_px;
    }
}

void Refiner::add(const Atom& a) noexcept {
    ColumnWindow window;
    lines_->open(a.x_px, a.y_px, window);
    add_column(image_.model(window.x0), image_.row_starts(window.y0), window, a.amplitude);
}

void Refiner::weigh(int first_row, int last_row, const Half& half) noexcept {
    const int n = half.last_px - half.first_px;
    const double typical =
        fit_.gain * (std::abs(fit_.background) + 0.2 * fit_.amplitude) + fit_.read_variance;
    for (int y = first_row; y < last_row; ++y) {
        if (row_valid_[static_cast<std::size_t>(y)] == 0) {
            leave_out(y, y + 1, half);
            continue;
        }
        weigh_row(image_.model(half.first_px, y), static_cast<float>(fit_.gain),
                  static_cast<float>(fit_.read_variance),
                  static_cast<float>(std::max(kLeastVariance * typical, 1e-30)), n,
                  image_.weight(half.first_px, y));
    }
}

void Refiner::pass(std::vector<Atom>& atoms, std::size_t first, std::size_t last, bool measure,
                   const Half& half) noexcept {
    for (std::size_t k = first; k < last; ++k) {
        fit_column(atoms[k], k, measure, half);
    }
}

void Refiner::fit_column(Atom& a, std::size_t k, bool measure, const Half& half) noexcept {
    ColumnStep step(a, *lines_, image_, measure);
    if (!(step.s.h > 0)) {  // no valid pixel
        a.flags = flag_edge | flag_weak;
        return;
    }
    const double prior = 1 / (kPriorWidth * a_px_ * kPriorWidth * a_px_);
    step.solve(a, fit_.sigma_px, prior, start_x_[k], start_y_[k]);
    if (measure) {
        const bool whole = step.inside(image_, rows_in_, 0) && rows_valid(step);
        const int margin = static_cast<int>(kEdge * a_px_);
        if (whole && a.amplitude > 0 && step.inside(image_, rows_in_, margin)) {
            add_shape(step, a, half.number);
        }
        measure_column(step, whole, k, a);
    }
    const float from = a.amplitude;
    a.amplitude = std::max(0.0F, from + static_cast<float>(step.d_amplitude));
    a.x_px = std::clamp(a.x_px + static_cast<float>(step.d_x), half.least_x_px, half.most_x_px);
    a.y_px = std::clamp(a.y_px + static_cast<float>(step.d_y), -0.5F,
                        static_cast<float>(rows_in_) - 0.5F);
    ColumnWindow to;
    lines_->open_at(step.window, a.x_px, a.y_px, to);
    move_column(image_.model(to.x0), image_.row_starts(to.y0), step.window, from, to, a.amplitude);
}

bool Refiner::rows_valid(const ColumnStep& step) const noexcept {
    const auto first = row_valid_.begin() + step.window.y0 + step.dy;
    return std::find(first, first + step.ny, 0) == first + step.ny;
}

/// Gradient and Fisher information of what the frame shares, this column's amplitude eliminated.
void Refiner::add_shape(const ColumnStep& step, const Atom& a, int half) noexcept {
    const WindowSums& s = step.s;
    const ShapeSums& t = step.shape;
    const double sigma = fit_.sigma_px, c2 = a.amplitude / (sigma * sigma), c3 = c2 / sigma;
    const double hq = s.huu + s.hvv, hqq = t.huuuu + 2.0 * t.huuvv + t.hvvvv;
    const double of_h = hq / s.h, of_e = t.we / s.h;
    const double gradient_b = t.wr - of_e * s.r, fisher_b = t.w - of_e * t.we,
                 fisher_sigma_b = c3 * (t.weuu + t.wevv - of_h * t.we);
    background_.add(half, a.x_px, a.y_px, gradient_b, fisher_b, fisher_sigma_b);
    Shape& sum = shape_[static_cast<std::size_t>(half)];
    sum.b += gradient_b;
    sum.b2 += fisher_b;
    sum.sigma_b += fisher_sigma_b;
    sum.sigma += c3 * (t.ruu + t.rvv - of_h * s.r);
    sum.sigma2 += c3 * c3 * (hqq - of_h * hq);
    if (a.site == Site::cation) {
        sum.plus += c2 * (t.ruu - t.rvv);
        sum.plus2 += c2 * c2 * (t.huuuu - 2.0 * t.huuvv + t.hvvvv);
        sum.cross += c2 * 2 * t.ruv;
        sum.cross2 += c2 * c2 * 4 * t.huuvv;
    }
}

Refiner::Shape& Refiner::Shape::operator+=(const Shape& other) noexcept {
    sigma += other.sigma;
    sigma2 += other.sigma2;
    b += other.b;
    b2 += other.b2;
    sigma_b += other.sigma_b;
    plus += other.plus;
    plus2 += other.plus2;
    cross += other.cross;
    cross2 += other.cross2;
    return *this;
}

/// Errors, χ² after the step, and flags.
void Refiner::measure_column(const ColumnStep& step, bool whole, std::size_t k,
                             Atom& a) const noexcept {
    const double amplitude = a.amplitude + step.d_amplitude;
    a.se_amplitude = 1 / std::sqrt(step.s.h);
    const double beyond = beyond_fisher(a.se_amplitude / amplitude);
    a.se_x_px = static_cast<float>(std::sqrt(step.variance_x * beyond));
    a.se_y_px = static_cast<float>(std::sqrt(step.variance_y * beyond));
    const int pixels = whole ? step.nx * step.ny : step.nx * step.ny / 2;
    a.chi2 = static_cast<float>((step.shape.wrr - step.gain) / std::max(1, pixels - 3));
    const double moved_x = a.x_px + step.d_x - start_x_[k],
                 moved_y = a.y_px + step.d_y - start_y_[k], far = kFar * a_px_;
    a.flags = static_cast<std::uint16_t>(
        flag_if(!whole, flag_edge) |
        flag_if(moved_x * moved_x + moved_y * moved_y > far * far, flag_moved) |
        flag_if(amplitude < 3.0 * a.se_amplitude, flag_weak) |
        flag_if(a.chi2 > std::max(2.5, 4 * fit_.chi2), flag_misfit));
    a.background = background_.at(a.x_px, a.y_px);
}

/// One Newton step of σ and the background together; the ellipticity. @return by how much σ wanted to move
double Refiner::step_shape() noexcept {
    Shape s = shape_[0];
    s += shape_[1];
    const double det = s.sigma2 * s.b2 - s.sigma_b * s.sigma_b;
    if (!(det > 0)) {
        return 0;
    }
    const double sigma = fit_.sigma_px;
    const double wanted = (s.b2 * s.sigma - s.sigma_b * s.b) / det;
    fit_.sigma_px = std::clamp(sigma + std::clamp(wanted, -0.1 * sigma, 0.1 * sigma), 0.06 * a_px_,
                               0.35 * a_px_);
    background_.step(fit_.sigma_px - sigma, 0.3 * fit_.amplitude);
    fit_.background = background_.mean();
    if (s.plus2 > 0 && s.cross2 > 0) {
        const double plus = s.plus / s.plus2, cross = s.cross / s.cross2;
        const double angle = -0.5 * std::atan2(cross, plus);  // y points down
        fit_.ellipticity = std::hypot(plus, cross);
        fit_.ellipticity_rad = angle < 0 ? angle + std::numbers::pi : angle;
    }
    return wanted;
}

void Refiner::add_neighbour_errors(const Cells& cells, std::size_t first, std::size_t last,
                                   std::vector<Atom>& atoms) const noexcept {
    dwellmap::add_neighbour_errors(cells, fit_, first, last, atoms);
}

void Refiner::look_back(int first_row, int last_row, const Half& half) noexcept {
    const int border = static_cast<int>(2 * kEdge * a_px_);
    const int left = std::max(half.first_px, border),
              right = std::min(half.last_px, image_.cols() - border);
    for (int y = std::max(first_row, border); y < std::min(last_row, rows_in_ - border); ++y) {
        if (y % kNoiseRows == 0 && row_valid_[static_cast<std::size_t>(y)] != 0) {
            noise_[static_cast<std::size_t>(half.number)].add(image_.counts(left, y),
                                                              image_.model(left, y), right - left);
        }
    }
}

void Refiner::count(const std::vector<Atom>& atoms, std::size_t first, std::size_t last) noexcept {
    for (std::size_t k = first; k < last; ++k) {
        const Atom& a = atoms[k];
        if (a.site == Site::cation && (a.flags & flag_edge) == 0) {
            amplitudes_.values.push_back(a.amplitude);
            chi2_.values.push_back(a.chi2);
        }
    }
}

void Refiner::medians(std::size_t columns, Helper& helper) noexcept {
    freedom_ = 1 - std::min(0.5, 3 * static_cast<double>(columns) /
                                     (static_cast<double>(rows_in_) * image_.cols()));
    const auto median = [](Sample& s) {
        return s.values.empty() ? 0 : nth_smallest(s.values, s.values.size() / 2, s.scratch)[1];
    };
    helper.both([&] { fit_.amplitude = median(amplitudes_); }, [&] { fit_.chi2 = median(chi2_); });
}

void Refiner::end(std::vector<Atom>& atoms, FrameFit& fit, Helper& helper) noexcept {
    medians(atoms.size(), helper);
    step_shape();
    noise_[0].merge(noise_[1]);
    noise_[0].solve(freedom_, fit_.gain, fit_.read_variance);
    fit = fit_;
    const auto others = std::find_if(atoms.rbegin(), atoms.rend(), [](const Atom& a) {
                            return a.site != Site::other;
                        }).base();  // they are the last ones
    atoms.erase(std::remove_if(others, atoms.end(),
                               [](const Atom& a) {
                                   return a.amplitude < ColumnStep::weak * a.se_amplitude ||
                                          (a.flags & flag_moved) != 0;
                               }),
                atoms.end());
}

}  // namespace dwellmap
