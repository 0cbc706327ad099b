// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/types.hpp"

#include <cstdint>
#include <string>

namespace dwellmap {

/// The two ends are the only virtual interfaces, because only they have several implementations:
/// live stream and files in; ZeroMQ, web page and log out; and test doubles for both.
class FrameSource {
public:
    enum class Event { frame, idle, end };

    virtual ~FrameSource() = default;

    /// Waits, at most about 0.1 s, for a frame that is new or has new rows. `into` keeps its buffers.
    /// `idle`: nothing new (counters and state may be); `end`: nothing will ever come.
    virtual Event next(Frame& into) = 0;

    virtual Counters counters() const = 0;
    virtual StreamState state() const = 0;
};

/// What publish_series() hands on: the same text to everybody.
struct SeriesUpdate {
    std::string uuid;  ///< of the stream's series
    std::uint64_t frame = 0;
    std::string json;  ///< see series_json.hpp
};

class ResultSink {
public:
    virtual ~ResultSink() = default;
    /// Never blocks: what nobody takes is dropped. `image` is the frame the result is of.
    virtual void publish(const FrameResult& result, const Frame& frame, const Counters& counters,
                         StreamState state) = 0;
    /// The statistics of the composition series after a complete frame.
    virtual void publish_series(const SeriesUpdate& update) = 0;
    /// Nothing new came; counters or state may have changed.
    virtual void idle(const Counters& counters, StreamState state) = 0;
};

}  // namespace dwellmap
