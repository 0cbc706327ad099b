// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/recorded_entries.hpp"
#include "recording/recorder.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>

namespace dwellmap {

struct StartItem {
    std::shared_ptr<const StartMessage> start;
};
struct RowsItem {
    SharedMessage message;
    RowsMessage rows;  ///< looks into it
};
struct EndItem {
    std::string reason;
    std::uint64_t frames_sent, frames_dropped;
};
struct LostItem {  ///< blocks of the series that runs, which the queue had no room for
    std::uint64_t frame;
    std::uint32_t blocks;
};
struct SkipItem {  ///< frames up to this one are not recorded
    std::uint64_t frame;
};
struct AnalysisItem {
    std::string uuid, parameters;
};
struct ResultItem {
    std::string uuid;
    RecordedResult result;
};
struct CountersItem {
    Counters counters;
    std::uint64_t dropped;
};

/// What a recorder has been given, in the order in which it came.
struct RecorderItem {
    std::int64_t time_ns;  ///< steady clock
    std::variant<StartItem, RowsItem, EndItem, LostItem, SkipItem, AnalysisItem, ResultItem,
                 CountersItem>
        content;

    /// Of memory, about.
    std::size_t bytes() const noexcept {
        const auto* rows = std::get_if<RowsItem>(&content);
        return sizeof(RecorderItem) + (rows == nullptr ? 0 : rows->message.bytes.size());
    }
};

}  // namespace dwellmap
