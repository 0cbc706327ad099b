// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/band_fit.hpp"

#include "column_step.hpp"
#include "dwellmap/buffers.hpp"

#include <algorithm>
#include <cmath>

namespace dwellmap {
namespace {

constexpr float kSame = 0.25F;    // a: from an expected column to its peak
constexpr float kTaken = 0.35F;   // a: no further column so near to a known one
constexpr float kFollow = 0.5F;   // how fast the shift follows the peaks of a band
constexpr int kFewestPeaks = 5;   // that tell a shift
constexpr int kEnoughPeaks = 30;  // that tell whether it is the same place
constexpr double kLeastMatched = 0.6;
constexpr int kBandsAround = 3;  // each more than 1.1 a high

}  // namespace

int band_height_px(double sigma_px) noexcept {
    constexpr double influence = ColumnStep::model_radius_sigma + ColumnStep::fit_radius_sigma;
    return static_cast<int>(std::ceil(influence * sigma_px)) + 2;
}

BandFit::BandFit(int rows_px, int cols_px, std::size_t max_atoms, int passes)
    : rows_px_(rows_px), passes_(passes), grid_(rows_px, cols_px, 2.0, max_atoms) {
    band_.reserve(static_cast<std::size_t>(rows_px) / 2 + 1);
    make_room(base_, max_atoms);
}

void BandFit::begin(const std::vector<Atom>& expected, double a_px, double sigma_px,
                    double least_height) noexcept {
    height_px_ = band_height_px(sigma_px);
    const double reach_px = (ColumnStep::fit_radius_sigma + 1) * sigma_px + kSame * a_px;
    reach_px_ = std::min(height_px_, static_cast<int>(std::ceil(reach_px)) + 1);
    bands_ = (rows_px_ + height_px_ - 1) / height_px_;
    next_ = 0;
    settled_ = surrounded_ = next_peak_ = 0;
    a_px_ = static_cast<float>(a_px);
    least_height_ = static_cast<float>(least_height);
    shift_px_.setZero();
    wanted_ = matched_ = 0;
    height_sum_ = 0;
    lost_ = false;
    base_.clear();
    band_.assign(static_cast<std::size_t>(bands_), {});
    for (const Atom& a : expected) {
        const int band = std::clamp(static_cast<int>(a.y_px) / height_px_, 0, bands_ - 1);
        band_[static_cast<std::size_t>(band)].last = base_.size() + 1;
        base_.push_back({a.x_px, a.y_px});
    }
    std::size_t at = 0;
    for (Band& band : band_) {
        band.first = at;
        at = band.last = std::max(at, band.last);
    }
    grid_.build(base_.size(), 0.5 * a_px, [&](std::size_t k) -> const Place& { return base_[k]; });
}

void BandFit::run(const Rows& rows, const Cells& cells, Refiner& refiner,
                  std::vector<Atom>& atoms) noexcept {
    for (; next_ <= bands_ + passes_ && !lost_; ++next_) {
        if (next_ < bands_) {
            if (rows.searched < last_row(next_)) {
                return;
            }
            place(next_, rows, refiner, atoms);
        }
        for (int number = 0; number < passes_; ++number) {
            pass(next_ - 1 - number, number, refiner, atoms);
        }
        const int final = next_ - 1 - passes_;  // and so are its neighbours
        if (final >= 0) {
            const Band& band = band_[static_cast<std::size_t>(final)];
            refiner.look_back(final * height_px_, last_row(final));
            refiner.add_neighbour_errors(cells, band.first, band.last, atoms);
            settled_ = band.last;
            const int inner = final + 1 < bands_ ? final - kBandsAround : final;
            surrounded_ = inner < 0 ? 0 : band_[static_cast<std::size_t>(inner)].last;
        }
    }
}

void BandFit::place(int number, const Rows& rows, Refiner& refiner,
                    std::vector<Atom>& atoms) noexcept {
    Band& band = band_[static_cast<std::size_t>(number)];
    refiner.take_rows(rows.counts, rows.valid, number * height_px_, last_row(number));
    follow_peaks(band, last_row(number), rows, refiner, atoms);
    for (std::size_t k = band.first; k < band.last; ++k) {
        atoms[k].x_px += shift_px_.x();
        atoms[k].y_px += shift_px_.y();
    }
    refiner.place(atoms, band.first, band.last);
    refiner.place(atoms, band.first_other, band.last_other);
}

/// How far the columns are off, and peaks that are none of them.
void BandFit::follow_peaks(Band& band, int last_row, const Rows& rows, const Refiner& refiner,
                           std::vector<Atom>& atoms) noexcept {
    const auto at = [&](std::size_t k) -> const Place& { return base_[k]; };
    const auto any = [](std::size_t) { return true; };
    Eigen::Vector2f sum(0, 0);
    int matched = 0;
    band.first_other = atoms.size();
    for (; next_peak_ < rows.peaks.size(); ++next_peak_) {
        const Peak& p = rows.peaks[next_peak_];
        if (p.y_px >= static_cast<float>(last_row) - 0.5F) {  // may be of a row not searched yet
            break;
        }
        const Eigen::Vector2f here(p.x_px - shift_px_.x(), p.y_px - shift_px_.y());
        const int k = grid_.nearest(here.x(), here.y(), kTaken * a_px_, at, any);
        const float height = p.height - refiner.background_at(p.x_px, p.y_px);
        if (k < 0 && height > least_height_ && atoms.size() < atoms.capacity()) {
            Atom other;
            other.x_px = p.x_px;
            other.y_px = p.y_px;
            other.amplitude = height;
            atoms.push_back(other);
        }
        if (k >= 0 && atoms[static_cast<std::size_t>(k)].site == Site::cation) {
            const Place& c = base_[static_cast<std::size_t>(k)];
            const Eigen::Vector2f off = here - Eigen::Vector2f(c.x_px, c.y_px);
            if (off.squaredNorm() < kSame * a_px_ * kSame * a_px_) {
                sum += off;
                height_sum_ += height;
                ++matched;
            }
        }
    }
    band.last_other = atoms.size();
    for (std::size_t k = band.first; k < band.last; ++k) {
        wanted_ += atoms[k].site == Site::cation ? 1 : 0;
    }
    if (matched >= kFewestPeaks) {
        const float gain = matched_ == 0 ? 1 : kFollow;
        shift_px_ += gain / static_cast<float>(matched) * sum;
    }
    matched_ += matched;
    lost_ = wanted_ >= kEnoughPeaks && matched_ < kLeastMatched * wanted_;
}

void BandFit::pass(int number, int pass_number, Refiner& refiner,
                   std::vector<Atom>& atoms) noexcept {
    if (number < 0 || number >= bands_) {
        return;
    }
    const Band& band = band_[static_cast<std::size_t>(number)];
    const bool last = pass_number + 1 == passes_;
    if (pass_number == 0 || last) {  // all rows that the band's columns may be fitted to
        const int first_row = number == 0 ? 0 : number * height_px_ + reach_px_;
        refiner.weigh(first_row, std::min(last_row(number) + reach_px_, rows_px_));
    }
    refiner.pass(atoms, band.first, band.last, last);
    refiner.pass(atoms, band.first_other, band.last_other, last);
}

}  // namespace dwellmap
