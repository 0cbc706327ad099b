// SPDX-License-Identifier: Apache-2.0
#include "recording/recording_job.hpp"

#include <algorithm>
#include <exception>

namespace dwellmap {

RecordingJob::RecordingJob(const std::string& path, const std::string& writer, bool compress)
    : software_(writer), writer_(path, writer, compress), merger_([this](const MergedFrame& frame) {
          writer_.add_frame(frame);
          ++frames_;
      }) {}

std::string RecordingJob::take(const RecorderItem& item) {
    return attempt(
        [&] { std::visit([&](const auto& content) { write(item, content); }, item.content); });
}

std::string RecordingJob::close(std::int64_t now_ns, const Counters& counters,
                                std::uint64_t dropped) {
    return attempt([&] {
        merger_.close();
        writer_.add_counters(now_ns, counters, dropped);
        bytes_ = writer_.bytes();
        writer_.close();
    });
}

template <class F>
std::string RecordingJob::attempt(const F& f) {
    try {
        f();
        bytes_ = std::max(bytes_, writer_.bytes());
        return "";
    } catch (const std::exception& e) {
        return e.what();
    }
}

void RecordingJob::end_series(std::string_view reason, std::uint64_t frames_sent,
                              std::uint64_t frames_dropped) {
    merger_.close();
    EndMessage end;
    end.reason = reason;
    end.frames_sent = frames_sent;
    end.frames_dropped = frames_dropped;
    writer_.end_series(end);
}

void RecordingJob::write(const RecorderItem&, const StartItem& i) {
    end_series("superseded", 0, 0);
    writer_.begin_series(*i.start);
    merger_.begin_series(i.start->series.rows_px, i.start->series.cols_px, i.start->pixel_type);
}

void RecordingJob::write(const RecorderItem& item, const RowsItem& i) {
    merger_.add(i.rows, item.time_ns);
}

void RecordingJob::write(const RecorderItem&, const EndItem& i) {
    end_series(i.reason, i.frames_sent, i.frames_dropped);
}

void RecordingJob::write(const RecorderItem&, const LostItem& i) {
    merger_.lose(i.frame, i.blocks);
}

void RecordingJob::write(const RecorderItem&, const SkipItem& i) { merger_.skip(i.frame); }

void RecordingJob::write(const RecorderItem&, const AnalysisItem& i) {
    writer_.begin_analysis(i.uuid, i.parameters, software_);
}

void RecordingJob::write(const RecorderItem&, const ResultItem& i) {
    writer_.add_result(i.uuid, i.result);
}

void RecordingJob::write(const RecorderItem& item, const CountersItem& i) {
    writer_.add_counters(item.time_ns, i.counters, i.dropped);
}

}  // namespace dwellmap
