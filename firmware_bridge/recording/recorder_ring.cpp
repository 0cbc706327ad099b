// SPDX-License-Identifier: Apache-2.0
#include "recording/recorder_ring.hpp"

#include <utility>

namespace dwellmap {

RecorderRing::RecorderRing(const RecordingConfig& config)
    : most_ns_(static_cast<std::int64_t>(1e9 * config.before_s)),
      most_bytes_(static_cast<std::size_t>(config.before_mib) << 20) {}

void RecorderRing::put(RecorderItem item) {
    const auto now_ns = item.time_ns;
    bytes_ += item.bytes();
    items_.push_back(std::move(item));
    trim(now_ns);
}

void RecorderRing::pass(const RecorderItem& item) {
    if (std::holds_alternative<StartItem>(item.content)) {
        start_ = item;
        gone_frame_.reset();
    } else if (std::holds_alternative<EndItem>(item.content)) {
        start_.reset();
        gone_frame_.reset();
    } else if (std::holds_alternative<AnalysisItem>(item.content)) {
        analysis_ = item;
    } else if (const auto* rows = std::get_if<RowsItem>(&item.content)) {
        gone_frame_ = rows->rows.frame;
    }
}

std::deque<RecorderItem> RecorderRing::take(std::int64_t now_ns) {
    trim(now_ns);
    std::deque<RecorderItem> all = std::exchange(items_, {});
    bytes_ = 0;
    if (analysis_) {
        all.push_front(*analysis_);
    }
    if (start_) {
        if (gone_frame_) {
            all.push_front({now_ns, SkipItem{*gone_frame_}});
        }
        all.push_front(*start_);
    }
    for (const auto& item : all) {
        pass(item);
    }
    return all;
}

void RecorderRing::trim(std::int64_t now_ns) {
    while (!items_.empty() &&
           (bytes_ > most_bytes_ || now_ns - items_.front().time_ns > most_ns_)) {
        pass(items_.front());
        bytes_ -= items_.front().bytes();
        items_.pop_front();
    }
}

}  // namespace dwellmap
