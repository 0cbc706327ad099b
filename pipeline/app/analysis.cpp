// SPDX-License-Identifier: Apache-2.0
#include "app/analysis.hpp"

#include "dwellmap/result_hash.hpp"

#include <spdlog/spdlog.h>

namespace dwellmap {
namespace {

constexpr int kRest = 4;  // times what an update of the series took, before the next one

}  // namespace

Analysis::Analysis(const Config& config, FrameSource& source, const Sinks& sinks,
                   Recorder* recorder)
    : config_(config),
      source_(source),
      sinks_(sinks),
      recorder_(recorder),
      series_analysis_(config) {}

void Analysis::run(const std::atomic<bool>& stop, std::uint64_t frames) {
    while (!stop && (frames == 0 || analysed_ < frames)) {
        switch (source_.next(frame_)) {
            case FrameSource::Event::frame: analyse(); break;
            case FrameSource::Event::idle:
                catch_up();
                tell();
                break;
            case FrameSource::Event::end: catch_up(); return;
        }
    }
    catch_up();
}

Counters Analysis::counters() const {
    Counters c = source_.counters();
    c.analysed = analysed_;
    c.failed = failed_;
    return c;
}

void Analysis::analyse() {
    const bool reset = reset_.exchange(false);
    if (frame_.series != series_ || reset) {
        begin_series();
    }
    const FrameStatus status = pipeline_->process(frame_, result_, [this] { publish(result_); });
    if (frame_.complete) {
        record(status);
    }
    if (status != FrameStatus::ok) {
        if (frame_.complete) {
            ++failed_;
            spdlog::warn("frame {}: {}", frame_.number, to_string(status));
        }
        tell();
    } else if (frame_.complete) {
        join_series();
    }
}

void Analysis::begin_series() {
    const bool again = frame_.series == series_;
    catch_up();
    const int visit = again ? pipeline_->visit() : series_analysis_.visits(frame_.series->uuid);
    series_ = frame_.series;
    pipeline_ = std::make_unique<Pipeline>(config_, series_);
    pipeline_->set_visit(visit);
    result_ = pipeline_->make_result();
    position_ = 0;
    if (const auto earlier = series_analysis_.last_visit(series_->uuid); earlier && !again) {
        pipeline_->resume(earlier);
        position_ = static_cast<std::uint64_t>(earlier->frames);
    }
    if (recorder_ != nullptr) {
        recorder_->series_analysed(series_->uuid, describe(config_));
    }
    spdlog::info("series \"{}\"{}: {} x {} px, pixel size {} nm", series_->name,
                 again ? " begun anew" : "", series_->cols_px, series_->rows_px,
                 series_->pixel_size_nm);
}

void Analysis::publish(const FrameResult& result) {
    analysed_ += frame_.complete ? 1 : 0;
    for (const auto& sink : sinks_) {
        sink->publish(result, frame_, counters(), source_.state());
    }
    if (frame_.complete) {
        spdlog::info("frame {}: {} columns, a = {:.5f} {}, {:.1f} ms after its last row",
                     frame_.number, result.atoms.size(),
                     result.lattice.a_px * result.length_per_px(), result.length_unit(),
                     result.latency_us / 1000);
        const auto resumed = static_cast<std::uint64_t>(pipeline_->frames_resumed());
        if (resumed > 0 && resumed == position_) {
            spdlog::info("the place of {} frames in the library: its tracks go on", resumed);
        }
    }
}

/// Also of a frame that was given up: the next one depends on it.
void Analysis::record(FrameStatus status) {
    if (recorder_ != nullptr) {
        recorder_->result(series_->uuid, frame_.number, position_,
                          status == FrameStatus::ok ? result_hash(result_) : 0);
    }
    ++position_;
}

void Analysis::join_series() {
    if (std::chrono::steady_clock::now() - updated_ >= kRest * update_took_) {
        update_series(frame_, result_);
    } else {
        waiting_frame_ = frame_;
        waiting_result_ = result_;
        has_waiting_ = true;
    }
}

void Analysis::update_series(const Frame& frame, const FrameResult& result) {
    const auto begin = std::chrono::steady_clock::now();
    has_waiting_ = false;
    const SeriesUpdate update = series_analysis_.run(*pipeline_, frame, result);
    for (const auto& sink : sinks_) {
        sink->publish_series(update);
    }
    updated_ = std::chrono::steady_clock::now();
    update_took_ = updated_ - begin;
}

void Analysis::catch_up() {
    if (has_waiting_) {
        update_series(waiting_frame_, waiting_result_);
    }
}

void Analysis::tell() {
    for (const auto& sink : sinks_) {
        sink->idle(counters(), source_.state());
    }
}

}  // namespace dwellmap
