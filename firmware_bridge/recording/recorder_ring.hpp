// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "recording/recorder_item.hpp"

#include <deque>
#include <optional>

namespace dwellmap {

/// The last seconds of a stream, and what is needed to understand them: the start and the analysis in force at their begin.
class RecorderRing {
public:
    explicit RecorderRing(const RecordingConfig& config);

    /// What is too old or too much goes, from the oldest on.
    void put(RecorderItem item);

    /// An item that went by: it is only remembered what it means for those to come.
    void pass(const RecorderItem& item);

    /// @return all that a recording begins with, in order; the ring is empty then
    std::deque<RecorderItem> take(std::int64_t now_ns);

private:
    void trim(std::int64_t now_ns);

    std::int64_t most_ns_;
    std::size_t most_bytes_, bytes_ = 0;
    std::deque<RecorderItem> items_;
    std::optional<RecorderItem> start_, analysis_;  // the newest of those that went by
    std::optional<std::uint64_t> gone_frame_;  // of its series, the newest that rows went by of
};

}  // namespace dwellmap
