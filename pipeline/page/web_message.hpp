// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/types.hpp"
#include "image/grey_image.hpp"
#include "page/web_trend.hpp"
#include "wire/recording_status.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

namespace dwellmap {

/// The latencies of the last 50 results.
class RecentLatencies {
public:
    void add(float latency_us) noexcept { ring_[count_++ % ring_.size()] = latency_us; }
    std::size_t count() const noexcept { return count_ < ring_.size() ? count_ : ring_.size(); }
    float median_us() const noexcept;  ///< 0 while empty
    float worst_us() const noexcept;   ///< 0 while empty

private:
    std::array<float, 50> ring_{};
    std::size_t count_ = 0;
};

/// What the page is told of the stream, whether or not there is an image.
struct WebStatus {
    Counters counters;
    StreamState state = StreamState::waiting;
    std::optional<std::chrono::steady_clock::time_point>
        heard;  ///< the analysis last called; empty: never
    RecentLatencies latencies;
    WebTrend trend;
    RecordingStatus recording;
    double before_s = 0;  ///< that a recording includes of the time before it is started
};

/// { state: "off" | "recording" | "failed", file, error, frames, blocks_dropped, bytes, seconds }
nlohmann::json recording_json(const RecordingStatus& recording);

/// A WebSocket message: u32 length of the JSON, JSON. See web_server.hpp.
std::string status_message(const WebStatus& status);

/// The same, with the statistics of the series as they are.
std::string analysis_message(const WebStatus& status, const std::string& analysis);

/// The same, with the results, followed by the image and the maps.
std::string frame_message(const WebStatus& status, const FrameResult& result, const Frame& frame,
                          const GreyImage& image);

}  // namespace dwellmap
