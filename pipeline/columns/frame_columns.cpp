// SPDX-License-Identifier: Apache-2.0
#include "columns/frame_columns.hpp"

#include "base/buffers.hpp"

#include <algorithm>
#include <cmath>

namespace dwellmap {
namespace {

constexpr double kFwhm = 2.3548200450309493;  // of a Gaussian, in sigmas
constexpr double kFilterOfLattice = 0.377;    // 0.12 nm of 0.3184 nm, where there is no scale
constexpr double kPeakRadius = 0.25;          // of a
constexpr double kLeastLattice_nm = 0.2, kMostLattice_nm = 0.8;
constexpr double kLeastLattice_px = 6, kMostLattice_px = 100;
constexpr double kProvisional = 1.4;  // a: nearer to the last row a fit is not final
constexpr int kRowsAtOnce = 32;
constexpr int kTile_px = 32;    // columns near each other in the image are near in memory
constexpr int kColdPasses = 3;  // more than the configured ones, where nothing is expected

int largest_index(const Series& s) {
    return static_cast<int>(std::hypot(s.rows_px, s.cols_px) / kLeastLattice_px) + 2;
}

}  // namespace

FrameColumns::FrameColumns(const Config& config, const Series& series, double pixel_size_nm,
                           std::size_t max_atoms, Helper& helper)
    : pixel_size_nm_(pixel_size_nm),
      filter_fwhm_nm_(config.filter.fwhm_nm),
      find_threshold_(config.find.threshold),
      passes_(config.refine.passes),
      helper_(helper),
      spectrum_(series.rows_px, series.cols_px),
      filter_(series.rows_px, series.cols_px),
      find_(series.cols_px, max_atoms),
      sites_(series.rows_px, series.cols_px, max_atoms),
      refine_(series.rows_px, series.cols_px, max_atoms),
      bands_(series.rows_px, series.cols_px, max_atoms, config.refine.passes),
      prediction_(series.rows_px, series.cols_px, max_atoms),
      sublattices_(config.specimen, max_atoms),
      filtered_(make_image(series.rows_px, series.cols_px + Filter::odd_stride_px)),
      cells_(largest_index(series)) {
    make_room(no_track_, max_atoms);
    make_room(columns_, max_atoms);
}

bool FrameColumns::begin(const Frame& frame, int rows_in) noexcept {
    const bool begins = frame.number != frame_number_ || rows_in < rows_in_;
    if (begins) {
        begin_rows(frame.number);
    }
    rows_in_ = rows_in;
    return begins;
}

/// Nothing of this frame is there yet.
void FrameColumns::begin_rows(std::uint64_t number) noexcept {
    frame_number_ = number;
    rows_at_hand_ = rows_checked_ = rows_filtered_ = rows_searched_ = 0;
    extremes_ = {};
    pairs_ = {};
    labelled_ = paired_ = 0;
    sublattices_.begin();
    lattice_ = known_lattice_;
    expected_ = !prediction_.columns().empty();
    if (expected_) {
        bands_.begin(prediction_.columns(), known_lattice_.a_px, known_fit_.sigma_px,
                     find_threshold_ * peak_height_, columns_, helper_);
        refine_.begin(known_lattice_.a_px, known_fit_, bands_.rows_in_use());
    }
}

/// Bands follow the scan; without them the rows that are there are looked at as a whole.
void FrameColumns::take_rows() noexcept {
    rows_at_hand_ = expected_ ? std::min(rows_in_, rows_at_hand_ + kRowsAtOnce) : rows_in_;
}

FrameStatus FrameColumns::check(const Frame& frame) noexcept {
    std::array<Extremes, 2> halves{extremes_, {}};
    const auto rows = static_cast<std::size_t>(std::max(0, rows_at_hand_ - rows_checked_));
    const auto cols = static_cast<std::size_t>(frame.counts.cols());
    const float* counts = frame.counts.data() + static_cast<std::size_t>(rows_checked_) * cols;
    helper_.halves(cols, [&](int half, std::size_t first, std::size_t last) {
        look_at(counts + first, last - first, rows, cols, halves[static_cast<std::size_t>(half)]);
    });
    rows_checked_ = std::max(rows_checked_, rows_at_hand_);
    extremes_ = {std::min(halves[0].least, halves[1].least),
                 std::max(halves[0].most, halves[1].most),
                 halves[0].all_finite && halves[1].all_finite};
    if (!extremes_.all_finite) {
        return FrameStatus::not_finite;
    }
    return rows_left() || extremes_.most > extremes_.least ? FrameStatus::ok
                                                           : FrameStatus::no_contrast;
}

/// Only until a complete frame has shown its lattice; a guess from a part of a frame serves that part only.
FrameStatus FrameColumns::guess_lattice(const Frame& frame) noexcept {
    if (lattice_.found && !(frame.complete && !known_lattice_.found)) {
        return FrameStatus::ok;
    }
    rows_at_hand_ = rows_in_;
    if (const auto status = check(frame); status != FrameStatus::ok) {
        return status;
    }
    const bool scale = std::isfinite(pixel_size_nm_);
    lattice_ = spectrum_.run(
        frame.counts, rows_in_,
        scale ? std::max(kLeastLattice_px, kLeastLattice_nm / pixel_size_nm_) : kLeastLattice_px,
        scale ? kMostLattice_nm / pixel_size_nm_ : kMostLattice_px);
    if (!lattice_.found) {
        return FrameStatus::no_atoms;
    }
    choose_direction(lattice_, first_direction_rad_);
    return FrameStatus::ok;
}

FrameStatus FrameColumns::filter(const Frame& frame) noexcept {
    if (const auto status = check(frame); status != FrameStatus::ok) {
        return status;
    }
    const double fwhm_px = std::isfinite(pixel_size_nm_) ? filter_fwhm_nm_ / pixel_size_nm_
                                                         : kFilterOfLattice * lattice_.a_px;
    const double sigma_px = std::clamp(fwhm_px / kFwhm, 0.7, Filter::max_sigma_px);
    if (sigma_px != filter_sigma_px_) {
        filter_sigma_px_ = sigma_px;
        rows_filtered_ = rows_searched_ = 0;
    }
    rows_filtered_ =
        filter_.run(frame.counts, rows_at_hand_, sigma_px, rows_filtered_, filtered_, helper_);
    return FrameStatus::ok;
}

FrameStatus FrameColumns::find() noexcept {
    const double radius_px = std::round(kPeakRadius * lattice_.a_px);
    if (radius_px != peak_radius_px_) {
        peak_radius_px_ = radius_px;
        rows_searched_ = 0;
    }
    rows_searched_ = find_.run(filtered_, rows_filtered_, radius_px, rows_searched_, helper_);
    return FrameStatus::ok;
}

/// Columns where the frame before has them.
FrameStatus FrameColumns::follow(const Frame& frame) noexcept {
    if (expected_) {
        bands_.run({frame.counts, frame.row_valid, find_.peaks(), rows_searched_}, cells_, refine_,
                   columns_, helper_);
        const int before = labelled_;
        labelled_ = bands_.settled_bands();
        const auto finish = [&](int half) {
            for (int band = before; band < labelled_; ++band) {
                const auto [first, last] = bands_.half_of(band, half);
                sublattices_.find_vacancies(half, cells_, first, last, columns_);
            }
            add_pairs(half, paired_, before - 1);
        };
        helper_.both([&] { finish(0); }, [&] { finish(1); });
        paired_ = std::max(paired_, before - 1);
        if (labelled_ == bands_.bands() && paired_ < labelled_) {
            helper_.both([&] { add_pairs(0, paired_, labelled_); },
                         [&] { add_pairs(1, paired_, labelled_); });
            paired_ = labelled_;
        }
    }
    return FrameStatus::ok;
}

/// Of bands whose neighbours are labelled. A half is always summed in the same order, however the rows were cut.
void FrameColumns::add_pairs(int half, int first_band, int last_band) noexcept {
    for (int band = first_band; band < last_band; ++band) {
        const auto [first, last] = bands_.half_of(band, half);
        pairs_[static_cast<std::size_t>(half)].add(columns_, cells_, first, last);
    }
}

FrameStatus FrameColumns::refine(const Frame& frame, FrameResult& result) noexcept {
    result.lattice = lattice_;
    if (expected_ && take_expected(frame, result)) {
        if (result.atoms.empty()) {
            return FrameStatus::no_atoms;
        }
    } else if (const auto status = refine_anew(frame, result); status != FrameStatus::ok) {
        return status;
    }
    result.sigma_px = fit_.sigma_px;
    result.ellipticity = fit_.ellipticity;
    result.ellipticity_rad = fit_.ellipticity_rad;
    result.background = fit_.background;
    result.chi2 = fit_.chi2;
    result.notes |= sublattices_.notes();
    result.note_if(find_.dropped() > 0 || result.atoms.size() == result.atoms.capacity(),
                   note_atoms_dropped);
    result.note_if(result.lattice.anisotropy > 0.1, note_not_hexagonal);
    return FrameStatus::ok;
}

/// Of an unfinished frame, those that are final.
/// @return false: they are not there; the complete frame is to be searched anew
bool FrameColumns::take_expected(const Frame& frame, FrameResult& result) noexcept {
    if (bands_.lost()) {
        return !frame.complete;
    }
    fit_ = known_fit_;
    if (frame.complete) {
        refine_.end(columns_, fit_, helper_);
        result.atoms.swap(columns_);
        (pairs_[0] += pairs_[1]).fit(result.lattice);
    } else {
        result.atoms.assign(columns_.begin(),
                            columns_.begin() + static_cast<std::ptrdiff_t>(bands_.settled()));
    }
    return true;
}

FrameStatus FrameColumns::refine_anew(const Frame& frame, FrameResult& result) noexcept {
    expected_ = false;
    prediction_.clear();
    if (!sites_.run(filtered_, rows_filtered_, find_.peaks(), find_threshold_, result.lattice,
                    result.atoms, cells_)) {
        known_lattice_.found =
            known_lattice_.found && !frame.complete;  // look anew in the next frame
        return FrameStatus::no_atoms;
    }
    complete_lattice(result);
    fit_ = FrameFit{};
    refine_.run(frame.counts, frame.row_valid, rows_in_, result.lattice.a_px, passes_ + kColdPasses,
                result.atoms, fit_);
    refine_.add_neighbour_errors(cells_, 0, result.atoms.size(), result.atoms);
    const auto frontier = static_cast<float>(rows_in_ - kProvisional * result.lattice.a_px);
    for (Atom& a : result.atoms) {
        a.flags = static_cast<std::uint16_t>(
            a.flags | (!frame.complete && a.y_px > frontier ? flag_provisional : 0));
    }
    sublattices_.run(result.atoms, cells_);
    CationPairs pairs;
    pairs.add(result.atoms, cells_, 0, result.atoms.size());
    pairs.fit(result.lattice);
    return FrameStatus::ok;
}

/// Sites at the border that have no peak of their own, and all of them in the order of the image, others last.
void FrameColumns::complete_lattice(FrameResult& result) noexcept {
    no_track_.assign(result.atoms.size(), -1);
    prediction_.learn(result.atoms, no_track_, result.lattice, {0, 0}, kTile_px, cells_);
    columns_ = prediction_.columns();
    prediction_.clear();
    for (const Atom& a : result.atoms) {
        if (a.site == Site::other && columns_.size() < columns_.capacity()) {
            columns_.push_back(a);
        }
    }
    result.atoms.swap(columns_);
}

std::optional<Eigen::Vector2d> FrameColumns::remember(const FrameResult& result) noexcept {
    frame_number_ = kNoFrame;
    const bool whole = (result.notes & note_rows_lost) == 0;
    if (!whole && expected_) {
        return std::nullopt;  // the columns of the lost rows are where the frame before had them
    }
    known_lattice_ = result.lattice;
    known_fit_ = fit_;
    if (!std::isfinite(first_direction_rad_)) {
        first_direction_rad_ = result.lattice.rotation_rad;
    }
    if (!whole) {
        return std::nullopt;  // expects nothing: the next frame is searched as a whole
    }
    peak_height_ = expected_ ? bands_.peak_height() : sites_.mean_height();
    const Eigen::Vector2d step_px =
        expected_ ? Eigen::Vector2d(result.drift_px - known_drift_px_) : Eigen::Vector2d(0, 0);
    known_drift_px_ = result.drift_px;
    return step_px;
}

void FrameColumns::measure_sublattices() noexcept {
    if (expected_) {
        sublattices_.measure();
    }
}

void FrameColumns::expect(const FrameResult& result, const Eigen::Vector2d& step_px,
                          const std::vector<std::int32_t>& track_of) noexcept {
    prediction_.learn(result.atoms, track_of, result.lattice, step_px,
                      band_height_px(known_fit_.sigma_px), cells_);
}

void FrameColumns::forget() noexcept {
    frame_number_ = kNoFrame;
    prediction_.clear();
}

}  // namespace dwellmap
