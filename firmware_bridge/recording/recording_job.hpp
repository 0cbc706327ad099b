// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "recording/recorder_item.hpp"
#include "recording/recording_writer.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace dwellmap {

/// A stream's items → a recording. Not thread-safe. After an error only bytes() and frames() are to be called.
class RecordingJob {
public:
    /// @throws SetupError as RecordingWriter does
    RecordingJob(const std::string& path, const std::string& writer, bool compress);

    /// @return what is wrong with the disk, one sentence; empty: nothing is
    std::string take(const RecorderItem& item);

    /// The open frame as far as it is, and the last counters; then the file is closed.
    std::string close(std::int64_t now_ns, const Counters& counters, std::uint64_t dropped);

    std::uint64_t frames() const noexcept { return frames_; }
    std::uint64_t bytes() const noexcept { return bytes_; }  ///< size of the file

private:
    template <class F>
    std::string attempt(const F& f);

    void end_series(std::string_view reason, std::uint64_t frames_sent,
                    std::uint64_t frames_dropped);
    void write(const RecorderItem& item, const StartItem& i);
    void write(const RecorderItem& item, const RowsItem& i);
    void write(const RecorderItem& item, const EndItem& i);
    void write(const RecorderItem& item, const LostItem& i);
    void write(const RecorderItem& item, const SkipItem& i);
    void write(const RecorderItem& item, const AnalysisItem& i);
    void write(const RecorderItem& item, const ResultItem& i);
    void write(const RecorderItem& item, const CountersItem& i);

    std::string software_;
    RecordingWriter writer_;
    BlockMerger merger_;
    std::uint64_t frames_ = 0, bytes_ = 0;
};

}  // namespace dwellmap
