// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/pipeline.hpp"

#include "atoms/map.hpp"
#include "atoms/neighbourhood.hpp"
#include "atoms/species.hpp"
#include "atoms/statistics.hpp"
#include "atoms/track.hpp"
#include "base/buffers.hpp"
#include "base/helper.hpp"
#include "columns/frame_columns.hpp"
#include "frame/place_history.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

namespace dwellmap {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kSameLattice = 0.02;  // relative: still the configured specimen

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

double first_known(double a, double b) noexcept { return std::isfinite(a) ? a : b; }

/// Names from the configuration are believed if it was written for this specimen.
bool names_written_for(const Series& series, const SpecimenConfig& specimen, double composition) {
    const auto& names = specimen.species;
    return names != SpecimenConfig{}.species || std::isfinite(composition) ||
           (series.specimen.find(names[0]) != std::string::npos &&
            series.specimen.find(names[1]) != std::string::npos);
}

}  // namespace

class Pipeline::Stages {
public:
    Stages(const Config& config, std::shared_ptr<const Series> series);

    FrameResult make_result() const;
    FrameStatus process(const Frame& frame, FrameResult& result, const Publish& publish) noexcept;
    void resume(std::shared_ptr<const FieldOfView> earlier);
    std::shared_ptr<const FieldOfView> field_of_view(const FrameResult& last) const;

    FrameColumns& columns() noexcept { return columns_; }
    PlaceHistory& place() noexcept { return place_; }
    const Statistics& statistics() const noexcept { return statistics_; }

private:
    FrameStatus analyse(const Frame& frame, FrameResult& result) noexcept;
    FrameStatus begin(const Frame& frame, FrameResult& result) noexcept;
    FrameStatus sort_species(FrameResult& result) noexcept;
    FrameStatus track(const Frame& frame, FrameResult& result) noexcept;
    void take_up(const Frame& frame, const FrameResult& result) noexcept;
    FrameStatus measure(FrameResult& result) noexcept;
    FrameStatus accumulate(const Frame& frame, FrameResult& result) noexcept;
    FrameStatus paint(FrameResult& result) noexcept;
    void prepare_next(FrameStatus status, FrameResult& result) noexcept;
    void remember(const FrameResult& result) noexcept;

    Config config_;
    std::shared_ptr<const Series> series_;
    double pixel_size_nm_, composition_;
    bool names_trusted_;
    std::size_t max_atoms_;

    Helper helper_;
    FrameColumns columns_;
    SpeciesSorter species_;
    Tracker track_;
    Neighbourhoods neighbourhoods_;
    Statistics statistics_;
    MapPainter map_;
    PlaceHistory place_;

    // of the frame at hand
    std::size_t surrounded_ =
        0;                     // of the result's columns, in order: their neighbourhoods are final
    std::size_t painted_ = 0;  // of those
    std::vector<std::int32_t> track_of_;  // [atoms]
};

Pipeline::Stages::Stages(const Config& config, std::shared_ptr<const Series> series)
    : config_(config),
      series_(std::move(series)),
      pixel_size_nm_(first_known(config.specimen.pixel_size_nm, series_->pixel_size_nm)),
      composition_(first_known(config.specimen.composition, series_->composition)),
      names_trusted_(names_written_for(*series_, config.specimen, composition_)),
      max_atoms_(static_cast<std::size_t>(series_->rows_px) *
                     static_cast<std::size_t>(series_->cols_px) / 16 +
                 64),
      helper_(config.analysis.threads),
      columns_(config, *series_, pixel_size_nm_, max_atoms_, helper_),
      species_(config.specimen, config.species, max_atoms_),
      track_(series_->rows_px, series_->cols_px, max_atoms_, config.track.match_lattice),
      neighbourhoods_(config.statistics.neighbours, max_atoms_),
      statistics_(config.statistics, 2 * max_atoms_),
      map_(series_->rows_px, series_->cols_px, max_atoms_) {
    make_room(track_of_, max_atoms_);
}

FrameResult Pipeline::Stages::make_result() const {
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
FrameStatus Pipeline::Stages::process(const Frame& frame, FrameResult& result,
                                      const Publish& publish) noexcept {
    FrameStatus status = analyse(frame, result);
    const auto now_ns =
        std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch())
            .count();
    result.latency_us = static_cast<float>(now_ns - frame.last_row_ns) / 1000;
    result.scores.resize(result.atoms.size());
    if (publish && status == FrameStatus::ok) {
        publish();
    }
    if (frame.complete) {
        prepare_next(status, result);
    }
    return status;
}

FrameStatus Pipeline::Stages::analyse(const Frame& frame, FrameResult& result) noexcept {
    const Helper::Awake awake(helper_);
    FrameStatus status = begin(frame, result);
    stage(status, result, stage_lattice,
          [&] { return columns_.guess_lattice(frame); });  // power spectrum → lattice vectors
    do {  // some rows at a time: they stay in the cache from one stage to the next
        columns_.take_rows();
        stage(status, result, stage_filter,
              [&] { return columns_.filter(frame); });  // counts → smooth image
        stage(status, result, stage_find, [&] { return columns_.find(); });  // smooth image → peaks
        stage(status, result, stage_refine,
              [&] { return columns_.follow(frame); });  // peaks, expected columns, counts → columns
    } while (status == FrameStatus::ok && columns_.rows_left());
    stage(status, result, stage_refine, [&] {
        return columns_.refine(frame, result);
    });  // without expected ones: peaks, lattice → columns
    stage(status, result, stage_species,
          [&] { return sort_species(result); });  // amplitudes → species
    stage(status, result, stage_track,
          [&] { return track(frame, result); });  // columns → drift, ids
    stage(status, result, stage_neighbourhood,
          [&] { return measure(result); });  // cations → neighbours, displacements
    stage(status, result, stage_statistics,
          [&] { return accumulate(frame, result); });  // displacements → modes, scores
    stage(status, result, stage_map, [&] { return paint(result); });  // scores → maps
    return status;
}

FrameStatus Pipeline::Stages::begin(const Frame& frame, FrameResult& result) noexcept {
    result.series = frame.series;
    result.frame_number = frame.number;
    result.complete = frame.complete;
    result.rows_valid = frame.rows_valid;
    result.last_row_ns = frame.last_row_ns;
    result.pixel_size_nm = pixel_size_nm_;
    result.atoms.clear();
    result.time_us.fill(0);
    result.notes = 0;
    result.note_if(!std::isfinite(pixel_size_nm_), note_no_scale);
    const auto valid = static_cast<std::size_t>(
        std::find(frame.row_valid.begin(), frame.row_valid.end(), 0) - frame.row_valid.begin());
    const bool lost = frame.complete && valid < frame.row_valid.size();
    result.note_if(lost, note_rows_lost);
    if (frame.counts.rows() != series_->rows_px || frame.counts.cols() != series_->cols_px) {
        return FrameStatus::wrong_shape;
    }
    const int rows_in = frame.complete ? series_->rows_px : static_cast<int>(valid);
    if (columns_.begin(frame, rows_in)) {
        surrounded_ = painted_ = 0;
    }
    return rows_in == 0 ? FrameStatus::no_atoms : FrameStatus::ok;
}

FrameStatus Pipeline::Stages::sort_species(FrameResult& result) noexcept {
    const bool same = std::abs(result.lattice.a_px * pixel_size_nm_ / config_.specimen.lattice_nm -
                               1) < kSameLattice;  // false for NaN
    bool generic = !same && !names_trusted_;
    result.species =
        species_.run(composition_, result.complete, generic, result.atoms, result.notes, helper_);
    generic = generic && !names_trusted_;
    result.note_if(generic, note_other_lattice);
    const auto& names = config_.specimen.species;
    result.species_names[0] = generic ? "cation 1" : names[0];
    result.species_names[1] = generic ? "cation 2" : names[1];
    result.species_names[2] = generic ? "anion" : names[2];
    result.species_names[3] = "vacancy";
    return FrameStatus::ok;
}

void Pipeline::Stages::resume(std::shared_ptr<const FieldOfView> earlier) {
    const char* unit = std::isfinite(pixel_size_nm_) ? "nm" : "px";
    if (earlier && earlier->unit == unit && earlier->neighbours == config_.statistics.neighbours &&
        earlier->size() <= 2 * max_atoms_) {
        columns_.set_first_direction(earlier->rotation_rad);
        place_.resume(std::move(earlier));
    }
}

/// What an earlier run has seen, if this first complete frame shows its place.
void Pipeline::Stages::take_up(const Frame& frame, const FrameResult& result) noexcept {
    if (const auto again = place_.find_earlier(frame.number, result)) {
        track_.restore(*again->field, result.length_per_px(), again->drift_px, result.atoms);
        statistics_.restore(*again->field, result.length_per_px());
    }
}

FrameStatus Pipeline::Stages::track(const Frame& frame, FrameResult& result) noexcept {
    if (frame.complete) {
        take_up(frame, result);
    }
    const bool placed =
        columns_.expected()
            ? track_.follow(result.lattice, frame.complete, columns_.expected_tracks(),
                            result.atoms, track_of_, result.drift_px, result.row_shifts, helper_)
            : track_.run(result.lattice, frame.complete, result.atoms, track_of_, result.drift_px,
                         result.row_shifts);
    if (!placed) {
        result.notes |= note_drift_lost;
        if (frame.complete) {
            statistics_.forget_tracks();
            place_.leave();
        }
    }
    return FrameStatus::ok;
}

/// Neighbourhoods that cannot change any more are gathered once.
FrameStatus Pipeline::Stages::measure(FrameResult& result) noexcept {
    if (!columns_.expected()) {
        surrounded_ = painted_ = 0;
    }
    neighbourhoods_.gather(columns_.cells(), columns_.sites(result), result.atoms, surrounded_,
                           result.atoms.size(), helper_);
    surrounded_ = columns_.surrounded(result);
    result.species.clusters =
        neighbourhoods_.measure(result.lattice, result.length_per_px(), result.atoms, helper_);
    return FrameStatus::ok;
}

FrameStatus Pipeline::Stages::accumulate(const Frame& frame, FrameResult& result) noexcept {
    if (frame.complete) {
        statistics_.update(result.atoms, track_of_, neighbourhoods_, helper_);
    }
    statistics_.score(result.atoms, neighbourhoods_, result.scores, helper_);
    for (std::size_t s = 0; s < 2; ++s) {
        result.modes[s] = statistics_.modes(s);
    }
    result.note_if(result.modes[0].count == 0 && result.modes[1].count == 0, note_few_atoms);
    return FrameStatus::ok;
}

FrameStatus Pipeline::Stages::paint(FrameResult& result) noexcept {
    if (painted_ == 0) {
        map_.begin(columns_.sites(result).a_px);
    }
    map_.paint(result.atoms, painted_, surrounded_, helper_);
    painted_ = surrounded_;
    map_.fill(result.scores, result.maps, helper_);
    return FrameStatus::ok;
}

/// What the next frame starts from.
void Pipeline::Stages::prepare_next(FrameStatus status, FrameResult& result) noexcept {
    if (status != FrameStatus::ok) {
        columns_.forget();
        return;
    }
    stage(status, result, stage_track, [&] {
        remember(result);
        return FrameStatus::ok;
    });
}

void Pipeline::Stages::remember(const FrameResult& result) noexcept {
    const Helper::Awake awake(helper_);
    place_.add_frame();
    const auto step_px = columns_.remember(result);
    helper_.both(
        [&] {
            statistics_.remember(result.atoms, track_of_, result.drift_px, neighbourhoods_);
            if (step_px) {
                columns_.measure_sublattices();
            }
        },
        [&] {
            if (step_px) {
                columns_.expect(result, *step_px, track_of_);
            }
        });
}

std::shared_ptr<const FieldOfView> Pipeline::Stages::field_of_view(const FrameResult& last) const {
    auto field = place_.describe(*series_, last);
    field->neighbours = config_.statistics.neighbours;
    statistics_.collect(last.length_per_px(), *field);
    return field;
}

Pipeline::Pipeline(const Config& config, std::shared_ptr<const Series> series)
    : stages_(std::make_unique<Stages>(config, std::move(series))) {}
Pipeline::~Pipeline() = default;
Pipeline::Pipeline(Pipeline&&) noexcept = default;
Pipeline& Pipeline::operator=(Pipeline&&) noexcept = default;

FrameResult Pipeline::make_result() const { return stages_->make_result(); }

FrameStatus Pipeline::process(const Frame& frame, FrameResult& result,
                              const Publish& publish) noexcept {
    return stages_->process(frame, result, publish);
}

const Statistics& Pipeline::statistics() const noexcept { return stages_->statistics(); }

std::shared_ptr<const FieldOfView> Pipeline::field_of_view(const FrameResult& last) const {
    return stages_->field_of_view(last);
}

void Pipeline::set_visit(int visit) noexcept { stages_->place().set_visit(visit); }
int Pipeline::visit() const noexcept { return stages_->place().visit(); }
void Pipeline::resume(std::shared_ptr<const FieldOfView> earlier) {
    stages_->resume(std::move(earlier));
}
std::int64_t Pipeline::frames_resumed() const noexcept { return stages_->place().frames_resumed(); }

double Pipeline::first_direction_rad() const noexcept {
    return stages_->columns().first_direction_rad();
}
void Pipeline::set_first_direction(double direction_rad) noexcept {
    stages_->columns().set_first_direction(direction_rad);
}

}  // namespace dwellmap
