// SPDX-License-Identifier: Apache-2.0
#include "recording/stream_gate.hpp"

namespace dwellmap {

bool StreamGate::admits(const FrameMessage& message) {
    const auto& e = message.envelope;
    if (const auto* start = std::get_if<StartMessage>(&message.content)) {
        return admits(e, *start);
    }
    if (const auto* rows = std::get_if<RowsMessage>(&message.content)) {
        return admits(e, *rows);
    }
    const auto* end = std::get_if<EndMessage>(&message.content);
    return end != nullptr && admits(e, *end);
}

bool StreamGate::admits(const Envelope& envelope, const StartMessage& start) {
    const bool same_session = !uuid_.empty() && envelope.stamp.session == stamp_.session;
    if (same_session && envelope.stamp.seq <= stamp_.seq) {
        return false;  // of a series that may be over
    }
    stamp_ = envelope.stamp;
    if (same_session && start.series.uuid == uuid_) {
        return false;  // repeated
    }
    uuid_ = start.series.uuid;
    rows_px_ = start.series.rows_px;
    cols_px_ = start.series.cols_px;
    type_ = start.pixel_type;
    expected_frames_ = start.series.expected_frames;
    running_ = true;
    return true;
}

bool StreamGate::admits(const Envelope& envelope, const RowsMessage& rows) const {
    return runs(envelope, rows.uuid) && rows.rows_px == rows_px_ && rows.cols_px == cols_px_ &&
           rows.pixel_type == type_ && (expected_frames_ == 0 || rows.frame < expected_frames_);
}

bool StreamGate::admits(const Envelope& envelope, const EndMessage& end) {
    if (!runs(envelope, end.uuid)) {
        return false;
    }
    running_ = false;
    return true;
}

}  // namespace dwellmap
