// SPDX-License-Identifier: Apache-2.0
#include "fit/band_fit.hpp"

#include "base/buffers.hpp"
#include "fit/column_lines.hpp"
#include "fit/column_step.hpp"

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
constexpr double kRoom =
    2.5;  // σ: how far columns left and right of the middle may move towards it

}  // namespace

int band_height_px(double sigma_px) noexcept {
    constexpr double influence = ColumnStep::model_radius_sigma + ColumnStep::fit_radius_sigma;
    return static_cast<int>(std::ceil(influence * sigma_px)) + 2;
}

BandFit::BandFit(int rows_px, int cols_px, std::size_t max_atoms, int passes)
    : rows_px_(rows_px),
      cols_px_(cols_px),
      passes_(passes),
      grid_(rows_px, cols_px, 2.0, max_atoms) {
    band_.reserve(static_cast<std::size_t>(rows_px) / 2 + 1);
    make_room(base_, max_atoms);
    make_room(near_, max_atoms);
}

void BandFit::begin(const std::vector<Atom>& expected, double a_px, double sigma_px,
                    double least_height, std::vector<Atom>& atoms, Helper& helper) noexcept {
    height_px_ = band_height_px(sigma_px);
    const double reach_px = (ColumnStep::fit_radius_sigma + 1) * sigma_px + kSame * a_px;
    reach_px_ = std::min(height_px_, static_cast<int>(std::ceil(reach_px)) + 1);
    model_reach_px_ = window_px(ColumnStep::model_radius_sigma, sigma_px) / 2 + 1;
    bands_ = (rows_px_ + height_px_ - 1) / height_px_;
    next_ = 0;
    settled_bands_ = 0;
    settled_ = surrounded_ = next_peak_ = 0;
    a_px_ = static_cast<float>(a_px);
    least_height_ = static_cast<float>(least_height);
    shift_px_.setZero();
    wanted_ = matched_ = 0;
    height_sum_ = 0;
    lost_ = false;
    part_frame(sigma_px);
    helper.both([&] { set_bands(expected); },
                [&] {
                    atoms = expected;
                    grid_.build(expected.size(), 0.5 * a_px,
                                [&](std::size_t k) -> const Atom& { return expected[k]; });
                });
}

/// As few tiles between left and right as keep their columns' windows apart.
void BandFit::part_frame(double sigma_px) noexcept {
    const double apart_px = 2 * (model_reach_px_ + kRoom * sigma_px);
    const int between = static_cast<int>(std::ceil(apart_px / height_px_));
    const int left = static_cast<int>(std::lround(0.5 * cols_px_ / height_px_ - 0.5 * between));
    if (left < 1 || (left + between) * height_px_ >= cols_px_) {  // all is between them
        left_px_ = 0;
        middle_px_ = cols_px_ / 2;
        right_px_ = cols_px_;
        most_shift_px_ = 0;
        return;
    }
    left_px_ = left * height_px_;
    right_px_ = (left + between) * height_px_;
    middle_px_ = (left_px_ + right_px_) / 2;
    most_shift_px_ = 0.5F * static_cast<float>(middle_px_ - left_px_ - model_reach_px_);
}

void BandFit::set_bands(const std::vector<Atom>& expected) noexcept {
    base_.clear();
    band_.assign(static_cast<std::size_t>(bands_), {});
    for (const Atom& a : expected) {
        const int number = std::clamp(static_cast<int>(a.y_px) / height_px_, 0, bands_ - 1);
        Band& band = band_[static_cast<std::size_t>(number)];
        base_.push_back({a.x_px, a.y_px, a.site == Site::cation});
        band.cations += a.site == Site::cation ? 1 : 0;
        band.last = base_.size();
        band.left_last = static_cast<int>(a.x_px) < left_px_ ? base_.size() : band.left_last;
        band.right_first = static_cast<int>(a.x_px) < right_px_ ? base_.size() : band.right_first;
    }
    std::size_t at = 0;
    for (Band& band : band_) {
        band.first = at;
        at = band.last = std::max(at, band.last);
        band.left_last = std::max(band.first, band.left_last);
        band.right_first = std::max(band.left_last, band.right_first);
    }
}

void BandFit::run(const Rows& rows, const Cells& cells, Refiner& refiner, std::vector<Atom>& atoms,
                  Helper& helper) noexcept {
    const Bench bench{refiner, atoms, helper};
    for (; next_ <= bands_ + passes_ && !lost_; ++next_) {
        if (next_ < bands_) {
            if (rows.searched < last_row(next_)) {
                return;
            }
            place(next_, rows, bench);
        }
        for (int number = 0; number < passes_; ++number) {
            pass(next_ - 1 - number, number, bench);
        }
        settle(next_ - 1 - passes_, cells, bench);
    }
}

/// f(half, first, last) for the columns left and right of the middle.
template <class F>
void BandFit::left_and_right(int number, const Bench& bench, const F& f) const noexcept {
    const Band& band = band_[static_cast<std::size_t>(number)];
    const auto halves = bench.refiner.split(middle_px_);
    bench.helper.both([&] { f(halves[0], band.first, band.left_last); },
                      [&] { f(halves[1], band.right_first, band.last); });
}

void BandFit::place(int number, const Rows& rows, const Bench& bench) noexcept {
    Band& band = band_[static_cast<std::size_t>(number)];
    follow_peaks(band, last_row(number), rows, bench);
    if (std::abs(shift_px_.x()) > most_shift_px_) {
        band.left_last = band.first;
        band.right_first = band.last;
    }
    constexpr int room_px = FitImage::border_px - kMaxWindow / 2;  // no window leaves the border
    const auto within = [](float at_px, int pixels) {
        return std::clamp(at_px, static_cast<float>(-room_px),
                          static_cast<float>(pixels + room_px - 1));
    };
    const auto put = [&](std::size_t first, std::size_t last) {
        for (std::size_t k = first; k < last; ++k) {
            Atom& a = bench.atoms[k];
            a.x_px = within(a.x_px + shift_px_.x(), cols_px_);
            a.y_px = within(a.y_px + shift_px_.y(), rows_px_);
        }
        bench.refiner.place(bench.atoms, first, last);
    };
    left_and_right(number, bench,
                   [&](const Refiner::Half& half, std::size_t first, std::size_t last) {
                       bench.refiner.take_rows(rows.counts, rows.valid, number * height_px_,
                                               last_row(number), half);
                       put(first, last);
                   });
    put(band.left_last, band.right_first);
    bench.refiner.place(bench.atoms, band.first_other, band.last_other);
}

/// The expected columns nearest to the next peaks.
void BandFit::look_up(const std::vector<Peak>& peaks, std::size_t last,
                      const Bench& bench) noexcept {
    const auto at = [&](std::size_t k) -> const Place& { return base_[k]; };
    const auto any = [](std::size_t) { return true; };
    near_.resize(last - next_peak_);
    bench.helper.halves(near_.size(), [&](int, std::size_t first, std::size_t end) {
        for (std::size_t k = first; k < end; ++k) {
            const Peak& p = peaks[next_peak_ + k];
            const float x = p.x_px - shift_px_.x(), y = p.y_px - shift_px_.y();
            Nearest n{grid_.nearest(x, y, kTaken * a_px_, at, any),
                      p.height - bench.refiner.background_at(p.x_px, p.y_px),
                      {0, 0},
                      false};
            if (n.column >= 0) {
                const Place& c = base_[static_cast<std::size_t>(n.column)];
                n.off_px = {x - c.x_px, y - c.y_px};
                n.same = c.cation && n.off_px.squaredNorm() < kSame * a_px_ * kSame * a_px_;
            }
            near_[k] = n;
        }
    });
}

/// How far the columns are off, and peaks that are none of them.
void BandFit::follow_peaks(Band& band, int last_row, const Rows& rows,
                           const Bench& bench) noexcept {
    std::vector<Atom>& atoms = bench.atoms;
    const auto last_peak = static_cast<std::size_t>(
        std::find_if(rows.peaks.begin() + static_cast<std::ptrdiff_t>(next_peak_), rows.peaks.end(),
                     [&](const Peak& p) {  // may be of a row not searched yet
                         return p.y_px >= static_cast<float>(last_row) - 0.5F;
                     }) -
        rows.peaks.begin());
    look_up(rows.peaks, last_peak, bench);
    Eigen::Vector2f sum(0, 0);
    int matched = 0;
    band.first_other = atoms.size();
    for (const Nearest& n : near_) {
        const Peak& p = rows.peaks[next_peak_++];
        if (n.column < 0 && n.height > least_height_ && atoms.size() < atoms.capacity()) {
            Atom other;
            other.x_px = p.x_px;
            other.y_px = p.y_px;
            other.amplitude = n.height;
            atoms.push_back(other);
        }
        if (n.same) {
            sum += n.off_px;
            height_sum_ += n.height;
            ++matched;
        }
    }
    band.last_other = atoms.size();
    wanted_ += band.cations;
    if (matched >= kFewestPeaks) {
        const float gain = matched_ == 0 ? 1 : kFollow;
        shift_px_ += gain / static_cast<float>(matched) * sum;
    }
    matched_ += matched;
    lost_ = (wanted_ >= kEnoughPeaks && matched_ < kLeastMatched * wanted_) ||
            std::abs(shift_px_.y()) > static_cast<float>(height_px_);  // not in the rows in use
}

void BandFit::pass(int number, int pass_number, const Bench& bench) noexcept {
    if (number < 0 || number >= bands_) {
        return;
    }
    const Band& band = band_[static_cast<std::size_t>(number)];
    Refiner& refiner = bench.refiner;
    const bool last = pass_number + 1 == passes_;
    left_and_right(
        number, bench,
        [&](const Refiner::Half& half, std::size_t first_column, std::size_t last_column) {
            if (pass_number == 0 || last) {  // all rows that the band's columns may be fitted to
                const int first_row = number == 0 ? 0 : number * height_px_ + reach_px_;
                refiner.weigh(first_row, std::min(last_row(number) + reach_px_, rows_px_), half);
            }
            refiner.pass(bench.atoms, first_column, last_column, last, half);
        });
    refiner.pass(bench.atoms, band.left_last, band.right_first, last, refiner.whole());
    refiner.pass(bench.atoms, band.first_other, band.last_other, last, refiner.whole());
}

/// The band's columns are final, and so are their neighbours.
void BandFit::settle(int number, const Cells& cells, const Bench& bench) noexcept {
    if (number < 0) {
        return;
    }
    const Band& band = band_[static_cast<std::size_t>(number)];
    left_and_right(number, bench,
                   [&](const Refiner::Half& half, std::size_t first, std::size_t last) {
                       bench.refiner.add_neighbour_errors(cells, first, last, bench.atoms);
                       bench.refiner.look_back(number * height_px_, last_row(number), half);
                   });
    bench.refiner.add_neighbour_errors(cells, band.left_last, band.right_first, bench.atoms);
    bench.refiner.count(bench.atoms, band.first, band.last);
    settled_bands_ = number + 1;
    settled_ = band.last;
    const int inner = number + 1 < bands_ ? number - kBandsAround : number;
    surrounded_ = inner < 0 ? 0 : band_[static_cast<std::size_t>(inner)].last;
}

}  // namespace dwellmap
