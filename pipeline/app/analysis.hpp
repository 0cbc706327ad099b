// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/series_analysis.hpp"
#include "dwellmap/config.hpp"
#include "dwellmap/pipeline.hpp"
#include "dwellmap/source.hpp"
#include "recording/recorder.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

namespace dwellmap {

using Sinks = std::vector<std::unique_ptr<ResultSink>>;

/// The analysis of a stream: one pipeline a series; its results to the sinks, hashes of them to the recorder. Maps come first: where
/// frames come faster than the statistics of the series take, these get a fifth of the time and the newest frame.
/// For one thread, but reset().
class Analysis {
public:
    /// @param recorder may be null
    /// @throws SetupError if the configured library can't be read
    Analysis(const Config& config, FrameSource& source, const Sinks& sinks, Recorder* recorder);

    /// Until `stop`, or until so many complete frames were mapped (0: for ever).
    void run(const std::atomic<bool>& stop, std::uint64_t frames);

    /// The next frame begins anew, as if it were the first of its series; what this field of view gave the statistics is
    /// replaced. From any thread.
    void reset() noexcept { reset_ = true; }

    Counters counters() const;

private:
    void analyse();
    void begin_series();
    void publish(const FrameResult& result);
    void record(FrameStatus status);
    void join_series();
    void update_series(const Frame& frame, const FrameResult& result);
    void catch_up();
    void tell();

    const Config config_;
    FrameSource& source_;
    const Sinks& sinks_;
    Recorder* const recorder_;
    std::uint64_t analysed_ = 0, failed_ = 0;
    std::uint64_t position_ =
        0;  // complete frames that its results depend on, an earlier run's too
    std::atomic<bool> reset_ = false;
    std::shared_ptr<const Series> series_;
    std::unique_ptr<Pipeline> pipeline_;
    Frame frame_;
    FrameResult result_;
    SeriesAnalysis series_analysis_;

    bool has_waiting_ = false;  // a complete frame that the series has not got yet
    Frame waiting_frame_;
    FrameResult waiting_result_;
    std::chrono::steady_clock::time_point updated_{};
    std::chrono::steady_clock::duration update_took_{};
};

}  // namespace dwellmap
