// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/pipeline.hpp"

#include "dwellmap/buffers.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

namespace dwellmap {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kFwhm = 2.3548200450309493;  // of a Gaussian, in sigmas
constexpr double kFilterOfLattice = 0.377;    // 0.12 nm of 0.3184 nm, where there is no scale
constexpr double kPeakRadius = 0.25;          // of a
constexpr double kLeastLattice_nm = 0.2, kMostLattice_nm = 0.8;
constexpr double kLeastLattice_px = 6, kMostLattice_px = 100;
constexpr double kSameLattice = 0.02;  // relative: still the configured specimen
constexpr double kProvisional = 1.4;   // a: nearer to the last row a fit is not final
constexpr int kRowsAtOnce = 32;
constexpr int kTile_px = 32;    // columns near each other in the image are near in memory
constexpr int kColdPasses = 3;  // more than the configured ones, where nothing is expected

/// Runs one stage unless an earlier one failed, and adds how long it took.
template <class S>
void stage(FrameStatus& status, FrameResult& result, Stage name, S&& run) noexcept {
    if (status != FrameStatus::ok) {
        return;
    }
    const auto start = Clock::now();
    status = run();
    result.time_us[name] += std::chrono::duration<float, std::micro>(Clock::now() - start).count();
}

void note_if(bool so, FrameResult& result, Note note) noexcept {
    if (so) {
        result.notes |= note;
    }
}

double first_known(double a, double b) noexcept { return std::isfinite(a) ? a : b; }

/// Names from the configuration are believed if it was written for this specimen.
bool names_written_for(const Series& series, const SpecimenConfig& specimen, double composition) {
    const auto& names = specimen.species;
    return names != SpecimenConfig{}.species || std::isfinite(composition) ||
           (series.specimen.find(names[0]) != std::string::npos &&
            series.specimen.find(names[1]) != std::string::npos);
}

int largest_index(const Series& s) {
    return static_cast<int>(std::hypot(s.rows_px, s.cols_px) / kLeastLattice_px) + 2;
}

}  // namespace

Pipeline::Pipeline(const Config& config, std::shared_ptr<const Series> series)
    : config_(config),
      series_(std::move(series)),
      pixel_size_nm_(first_known(config.specimen.pixel_size_nm, series_->pixel_size_nm)),
      composition_(first_known(config.specimen.composition, series_->composition)),
      names_trusted_(names_written_for(*series_, config.specimen, composition_)),
      max_atoms_(static_cast<std::size_t>(series_->rows_px) *
                     static_cast<std::size_t>(series_->cols_px) / 16 +
                 64),
      helper_(config.analysis.threads),
      spectrum_(series_->rows_px, series_->cols_px),
      filter_(series_->rows_px, series_->cols_px),
      find_(series_->cols_px, max_atoms_),
      sites_(series_->rows_px, series_->cols_px, max_atoms_),
      refine_(series_->rows_px, series_->cols_px, max_atoms_),
      bands_(series_->rows_px, series_->cols_px, max_atoms_, config.refine.passes),
      prediction_(series_->rows_px, series_->cols_px, max_atoms_),
      sublattices_(config.specimen, max_atoms_),
      species_(config.specimen, config.species, max_atoms_),
      track_(series_->rows_px, series_->cols_px, max_atoms_, config.track.match_lattice),
      neighbourhoods_(config.statistics.neighbours, max_atoms_),
      statistics_(config.statistics, 2 * max_atoms_),
      map_(series_->rows_px, series_->cols_px, max_atoms_),
      filtered_(make_image(series_->rows_px, series_->cols_px + Filter::odd_stride_px)),
      cells_(largest_index(*series_)) {
    make_room(track_of_, max_atoms_);
    make_room(columns_, max_atoms_);
}

FrameResult Pipeline::make_result() const {
    FrameResult r;
    r.series = series_;
    make_room(r.atoms, max_atoms_);
    make_room(r.scores, max_atoms_);
    r.row_shifts.reserve(static_cast<std::size_t>(series_->rows_px));
    r.maps = map_.make_layers();
    r.map_step_px = map_.step_px();
    for (std::size_t s = 0; s < 2; ++s) {
        r.modes[s] = statistics_.modes(s);
    }
    for (auto& name : r.species_names) {
        name.reserve(32);
    }
    return r;
}

/// The whole flow: a frame, complete or not, becomes atoms, species, modes and maps.
FrameStatus Pipeline::process(const Frame& frame, FrameResult& result) noexcept {
    const Helper::Awake awake(helper_);
    FrameStatus status = begin(frame, result);
    stage(status, result, stage_lattice,
          [&] { return guess_lattice(frame); });  // power spectrum → lattice vectors
    do {  // some rows at a time: they stay in the cache from one stage to the next
        take_rows();
        stage(status, result, stage_filter,
              [&] { return filter(frame); });                            // counts → smooth image
        stage(status, result, stage_find, [&] { return find(frame); });  // smooth image → peaks
        stage(status, result, stage_refine,
              [&] { return follow(frame); });  // peaks, expected columns, counts → columns
    } while (status == FrameStatus::ok && rows_at_hand_ < rows_in_);
    stage(status, result, stage_refine, [&] {
        return refine(frame, result);
    });  // without expected ones: peaks, lattice → columns
    stage(status, result, stage_species,
          [&] { return sort_species(frame, result); });  // amplitudes → cation, anion, species
    stage(status, result, stage_track,
          [&] { return track(frame, result); });  // columns → drift, ids
    stage(status, result, stage_neighbourhood,
          [&] { return measure(result); });  // cations → neighbours, displacements
    stage(status, result, stage_statistics,
          [&] { return accumulate(frame, result); });  // displacements → modes, scores
    stage(status, result, stage_map, [&] { return paint(result); });  // scores → maps
    const auto now_ns =
        std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch())
            .count();
    result.latency_us = static_cast<float>(now_ns - frame.last_row_ns) / 1000;
    result.scores.resize(result.atoms.size());
    if (frame.complete) {
        prepare_next(status, result);
    }
    return status;
}

FrameStatus Pipeline::begin(const Frame& frame, FrameResult& result) noexcept {
    result.series = frame.series;
    result.frame_number = frame.number;
    result.complete = frame.complete;
    result.rows_valid = frame.rows_valid;
    result.last_row_ns = frame.last_row_ns;
    result.pixel_size_nm = pixel_size_nm_;
    result.atoms.clear();
    result.time_us.fill(0);
    result.notes = 0;
    note_if(!std::isfinite(pixel_size_nm_), result, note_no_scale);
    const auto valid = static_cast<std::size_t>(
        std::find(frame.row_valid.begin(), frame.row_valid.end(), 0) - frame.row_valid.begin());
    const bool lost = frame.complete && valid < frame.row_valid.size();
    note_if(lost, result, note_rows_lost);
    if (frame.counts.rows() != series_->rows_px || frame.counts.cols() != series_->cols_px) {
        return FrameStatus::wrong_shape;
    }
    if (frame.number != frame_number_ || static_cast<int>(valid) < rows_in_) {
        begin_rows(frame.number);
    }
    rows_in_ = frame.complete ? series_->rows_px : static_cast<int>(valid);
    return rows_in_ == 0 ? FrameStatus::no_atoms : FrameStatus::ok;
}

/// Nothing of this frame is there yet.
void Pipeline::begin_rows(std::uint64_t number) noexcept {
    frame_number_ = number;
    rows_at_hand_ = rows_checked_ = rows_filtered_ = rows_searched_ = 0;
    least_ = std::numeric_limits<float>::max();
    most_ = std::numeric_limits<float>::lowest();
    lattice_ = known_lattice_;
    expected_ = !prediction_.columns().empty();
    surrounded_ = painted_ = 0;
    if (expected_) {
        refine_.begin(known_lattice_.a_px, known_fit_);
        helper_.both([&] { columns_ = prediction_.columns(); },
                     [&] {
                         bands_.begin(prediction_.columns(), known_lattice_.a_px,
                                      known_fit_.sigma_px, config_.find.threshold * peak_height_);
                     });
    }
}

/// Bands follow the scan; without them the rows that are there are looked at as a whole.
void Pipeline::take_rows() noexcept {
    rows_at_hand_ = expected_ ? std::min(rows_in_, rows_at_hand_ + kRowsAtOnce) : rows_in_;
}

FrameStatus Pipeline::check(const Frame& frame) noexcept {
    for (; rows_checked_ < rows_at_hand_; ++rows_checked_) {
        const auto row = frame.counts.row(rows_checked_);
        if (!std::isfinite(row.sum())) {
            return FrameStatus::not_finite;
        }
        least_ = std::min(least_, row.minCoeff());
        most_ = std::max(most_, row.maxCoeff());
    }
    return rows_at_hand_ < rows_in_ || most_ > least_ ? FrameStatus::ok : FrameStatus::no_contrast;
}

/// Only until a complete frame has shown its lattice; a guess from a part of a frame serves that part only.
FrameStatus Pipeline::guess_lattice(const Frame& frame) noexcept {
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

FrameStatus Pipeline::filter(const Frame& frame) noexcept {
    if (const auto status = check(frame); status != FrameStatus::ok) {
        return status;
    }
    const double fwhm_px = std::isfinite(pixel_size_nm_) ? config_.filter.fwhm_nm / pixel_size_nm_
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

FrameStatus Pipeline::find(const Frame&) noexcept {
    const double radius_px = std::round(kPeakRadius * lattice_.a_px);
    if (radius_px != peak_radius_px_) {
        peak_radius_px_ = radius_px;
        rows_searched_ = 0;
    }
    rows_searched_ = find_.run(filtered_, rows_filtered_, radius_px, rows_searched_, helper_);
    return FrameStatus::ok;
}

FrameStatus Pipeline::refine(const Frame& frame, FrameResult& result) noexcept {
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
    note_if(find_.dropped() > 0 || result.atoms.size() == result.atoms.capacity(), result,
            note_atoms_dropped);
    note_if(result.lattice.anisotropy > 0.1, result, note_not_hexagonal);
    return FrameStatus::ok;
}

/// Columns where the frame before has them.
FrameStatus Pipeline::follow(const Frame& frame) noexcept {
    if (expected_) {
        const std::size_t before = bands_.settled();
        bands_.run({frame.counts, frame.row_valid, find_.peaks(), rows_searched_}, cells_, refine_,
                   columns_, helper_);
        helper_.halves(bands_.settled() - before, [&](int, std::size_t first, std::size_t last) {
            sublattices_.find_vacancies(cells_, before + first, before + last, columns_);
        });
    }
    return FrameStatus::ok;
}

/// Of an unfinished frame, those that are final.
/// @return false: they are not there; the complete frame is to be searched anew
bool Pipeline::take_expected(const Frame& frame, FrameResult& result) noexcept {
    if (bands_.lost()) {
        return !frame.complete;
    }
    fit_ = known_fit_;
    if (frame.complete) {
        refine_.end(columns_, fit_, helper_);
        result.atoms.swap(columns_);
    } else {
        result.atoms.assign(columns_.begin(),
                            columns_.begin() + static_cast<std::ptrdiff_t>(bands_.settled()));
    }
    return true;
}

FrameStatus Pipeline::refine_anew(const Frame& frame, FrameResult& result) noexcept {
    expected_ = false;
    surrounded_ = painted_ = 0;
    prediction_.clear();
    if (!sites_.run(filtered_, rows_filtered_, find_.peaks(), config_.find.threshold,
                    result.lattice, result.atoms, cells_)) {
        known_lattice_.found =
            known_lattice_.found && !frame.complete;  // look anew in the next frame
        return FrameStatus::no_atoms;
    }
    complete_lattice(result);
    fit_ = FrameFit{};
    refine_.run(frame.counts, frame.row_valid, rows_in_, result.lattice.a_px,
                config_.refine.passes + kColdPasses, result.atoms, fit_);
    refine_.add_neighbour_errors(cells_, 0, result.atoms.size(), result.atoms);
    const auto frontier = static_cast<float>(rows_in_ - kProvisional * result.lattice.a_px);
    for (Atom& a : result.atoms) {
        a.flags = static_cast<std::uint16_t>(
            a.flags | (!frame.complete && a.y_px > frontier ? flag_provisional : 0));
    }
    return FrameStatus::ok;
}

/// Sites at the border that have no peak of their own, and all of them in the order of the image, others last.
void Pipeline::complete_lattice(FrameResult& result) noexcept {
    track_of_.assign(result.atoms.size(), -1);
    prediction_.learn(result.atoms, track_of_, result.lattice, {0, 0}, kTile_px, cells_);
    columns_ = prediction_.columns();
    prediction_.clear();
    for (const Atom& a : result.atoms) {
        if (a.site == Site::other && columns_.size() < columns_.capacity()) {
            columns_.push_back(a);
        }
    }
    result.atoms.swap(columns_);
}

FrameStatus Pipeline::sort_species(const Frame& frame, FrameResult& result) noexcept {
    if (!expected_) {
        sublattices_.run(result.atoms, cells_);
    }
    result.notes |= sublattices_.notes();
    if (!expected_ || frame.complete) {
        fit_cation_lattice(result.atoms, cells_, result.lattice, helper_);
    }
    const bool same = std::abs(result.lattice.a_px * pixel_size_nm_ / config_.specimen.lattice_nm -
                               1) < kSameLattice;  // false for NaN
    bool generic = !same && !names_trusted_;
    result.species =
        species_.run(composition_, result.complete, generic, result.atoms, result.notes, helper_);
    generic = generic && !names_trusted_;
    note_if(generic, result, note_other_lattice);
    const auto& names = config_.specimen.species;
    result.species_names[0] = generic ? "cation 1" : names[0];
    result.species_names[1] = generic ? "cation 2" : names[1];
    result.species_names[2] = generic ? "anion" : names[2];
    result.species_names[3] = "vacancy";
    return FrameStatus::ok;
}

FrameStatus Pipeline::track(const Frame& frame, FrameResult& result) noexcept {
    const bool placed = expected_ ? track_.follow(result.lattice, frame.complete,
                                                  prediction_.tracks(), result.atoms, track_of_,
                                                  result.drift_px, result.row_shifts, helper_)
                                  : track_.run(result.lattice, frame.complete, result.atoms,
                                               track_of_, result.drift_px, result.row_shifts);
    if (!placed) {
        result.notes |= note_drift_lost;
        if (frame.complete) {
            statistics_.forget_tracks();
            frames_here_ = 0;
            ++visit_;
        }
    }
    return FrameStatus::ok;
}

/// Neighbourhoods that cannot change any more are gathered once.
FrameStatus Pipeline::measure(FrameResult& result) noexcept {
    const Lattice& sites = expected_ ? known_lattice_ : result.lattice;
    const std::size_t from = surrounded_, columns = result.atoms.size();
    surrounded_ = !expected_ || result.complete ? columns : bands_.surrounded();
    neighbourhoods_.gather(cells_, sites, result.atoms, from, columns, helper_);
    result.species.clusters = neighbourhoods_.measure(result.lattice, result.length_per_px(),
                                                      result.atoms, result.scores, helper_);
    return FrameStatus::ok;
}

FrameStatus Pipeline::accumulate(const Frame& frame, FrameResult& result) noexcept {
    if (frame.complete) {
        statistics_.update(result.atoms, track_of_, neighbourhoods_, helper_);
    }
    statistics_.score(result.atoms, neighbourhoods_, result.scores, helper_);
    for (std::size_t s = 0; s < 2; ++s) {
        result.modes[s] = statistics_.modes(s);
    }
    note_if(result.modes[0].count == 0 && result.modes[1].count == 0, result, note_few_atoms);
    return FrameStatus::ok;
}

FrameStatus Pipeline::paint(FrameResult& result) noexcept {
    if (painted_ == 0) {
        map_.begin(expected_ ? known_lattice_.a_px : result.lattice.a_px);
    }
    map_.paint(result.atoms, painted_, surrounded_);
    painted_ = surrounded_;
    map_.fill(result.scores, result.maps, helper_);
    return FrameStatus::ok;
}

/// What the next frame starts from.
void Pipeline::prepare_next(FrameStatus status, FrameResult& result) noexcept {
    frame_number_ = ~std::uint64_t{0};
    if (status != FrameStatus::ok) {
        prediction_.clear();
        return;
    }
    stage(status, result, stage_track, [&] {
        remember(result);
        return FrameStatus::ok;
    });
}

void Pipeline::remember(const FrameResult& result) noexcept {
    ++frames_here_;
    statistics_.remember(result.atoms, track_of_, result.drift_px, neighbourhoods_);
    known_lattice_ = result.lattice;
    known_fit_ = fit_;
    if (expected_) {
        sublattices_.measure(result.atoms, cells_);
    }
    peak_height_ = expected_ ? bands_.peak_height() : sites_.mean_height();
    const Eigen::Vector2d step_px =
        expected_ ? Eigen::Vector2d(result.drift_px - known_drift_px_) : Eigen::Vector2d(0, 0);
    known_drift_px_ = result.drift_px;
    prediction_.learn(result.atoms, track_of_, result.lattice, step_px,
                      band_height_px(fit_.sigma_px), cells_);
    if (!std::isfinite(first_direction_rad_)) {
        first_direction_rad_ = result.lattice.rotation_rad;
    }
}

std::shared_ptr<const FieldOfView> Pipeline::field_of_view(const FrameResult& last) const {
    auto field = std::make_shared<FieldOfView>();
    field->key = series_->uuid;
    if (visit_ > 0) {
        field->key += '/';
        field->key += std::to_string(visit_);
    }
    field->name = series_->name;
    field->unit = last.length_unit();
    field->species_names = last.species_names;
    field->composition = last.species.expected_second;
    field->fraction_second = last.species.fraction_second;
    field->width = series_->cols_px * last.length_per_px();
    field->height = series_->rows_px * last.length_per_px();
    field->a = last.lattice.a_px * last.length_per_px();
    field->rotation_rad = last.lattice.rotation_rad;
    field->neighbours = config_.statistics.neighbours;
    field->frames = frames_here_;
    statistics_.collect(last.length_per_px(), *field);
    return field;
}

}  // namespace dwellmap
