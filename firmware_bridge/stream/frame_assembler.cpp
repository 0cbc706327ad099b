// SPDX-License-Identifier: Apache-2.0
#include "stream/frame_assembler.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace dwellmap {
namespace {

bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

bool same_image(const Series& a, const Series& b) {
    return a.rows_px == b.rows_px && a.cols_px == b.cols_px &&
           a.expected_frames == b.expected_frames && same(a.pixel_size_nm, b.pixel_size_nm) &&
           same(a.rotation_rad, b.rotation_rad) && same(a.dwell_us, b.dwell_us) &&
           same(a.line_us, b.line_us) && same(a.flyback_us, b.flyback_us) &&
           same(a.high_tension_v, b.high_tension_v) && same(a.composition, b.composition);
}

}  // namespace

FrameAssembler::FrameAssembler(Changed changed) : changed_(std::move(changed)) {}

void FrameAssembler::accept(const FrameMessage& message, std::int64_t now_ns) {
    if (message.reason != RejectReason::none) {
        reject(message.reason);
        return;
    }
    ++counters_.received;
    const auto& e = message.envelope;
    if (const auto* start = std::get_if<StartMessage>(&message.content)) {
        handle(e, *start);
    } else if (const auto* rows = std::get_if<RowsMessage>(&message.content)) {
        handle(e, *rows, now_ns);
    } else if (const auto* end = std::get_if<EndMessage>(&message.content)) {
        handle(e, *end);
    } else if (const auto* heartbeat = std::get_if<HeartbeatMessage>(&message.content)) {
        handle(e, *heartbeat);
    } else {
        ++counters_.ignored;
    }
}

void FrameAssembler::reject(RejectReason reason) {
    ++counters_.received;
    count_rejected(reason);
}

void FrameAssembler::count_rejected(RejectReason reason) {
    ++counters_.blocks;  // what kind it was cannot be trusted
    ++counters_.rejected;
    ++rejected_[static_cast<std::size_t>(reason)];
}

Counters FrameAssembler::counters() const noexcept {
    Counters c = counters_;
    c.lost = std::accumulate(sequences_.begin(), sequences_.end(), lost_in_earlier_sessions_,
                             [](auto sum, const Sequence& s) { return sum + s.lost(); });
    return c;
}

/// Only a start or a heartbeat opens a session: both come again within a second, and a single stray
/// block cannot throw away the frame on show.
bool FrameAssembler::enter_session(const Envelope& envelope, bool may_open) {
    if (session_ == envelope.stamp.session) {
        return true;
    }
    if (!may_open) {
        return false;
    }
    if (open_) {
        close_frame();
    }
    lost_in_earlier_sessions_ = counters().lost;
    sequences_.fill({});
    session_ = envelope.stamp.session;
    series_.reset();
    running_ = false;
    return true;
}

Sequence::Arrival FrameAssembler::arrived(const Envelope& envelope) {
    const auto arrival = sequence(envelope.kind).arrived(envelope.stamp.seq);
    counters_.reordered += arrival == Sequence::Arrival::late ? 1 : 0;
    return arrival;
}

void FrameAssembler::handle(const Envelope& envelope, const StartMessage& m) {
    enter_session(envelope, true);
    if (arrived(envelope) != Sequence::Arrival::in_order) {
        return;  // of a series that may be over
    }
    if (series_ != nullptr && series_->uuid == m.series.uuid) {
        if (m.pixel_type != pixel_type_ || !same_image(m.series, *series_)) {
            count_rejected(RejectReason::series_changed);
        }
        return;
    }
    if (open_) {
        close_frame();
    }
    series_ = std::make_shared<const Series>(m.series);
    pixel_type_ = m.pixel_type;
    running_ = true;
    last_closed_.reset();
    frame_.series = series_;
    frame_.counts.resize(m.series.rows_px, m.series.cols_px);
    frame_.row_valid.resize(static_cast<std::size_t>(m.series.rows_px));
}

void FrameAssembler::handle(const Envelope& envelope, const RowsMessage& m, std::int64_t now_ns) {
    if (!enter_session(envelope, false)) {
        ++counters_.blocks;
        ++counters_.orphan;
        return;
    }
    const bool repeated = arrived(envelope) == Sequence::Arrival::repeated;
    auto fate = place(m, now_ns);
    if (fate == Fate::rejected) {
        return;
    }
    if (fate == Fate::orphan && repeated) {
        fate = Fate::duplicate;
    }
    ++counters_.blocks;
    counters_.merged += fate == Fate::merged ? 1 : 0;
    counters_.duplicate += fate == Fate::duplicate ? 1 : 0;
    counters_.orphan += fate == Fate::orphan ? 1 : 0;
}

void FrameAssembler::handle(const Envelope& envelope, const EndMessage& m) {
    if (!enter_session(envelope, false)) {
        return;
    }
    arrived(envelope);
    sequence(Kind::rows).announced(m.next_rows_seq);
    if (!running_ || m.uuid != series_->uuid) {
        return;
    }
    if (open_) {
        close_frame();
    }
    running_ = false;
}

void FrameAssembler::handle(const Envelope& envelope, const HeartbeatMessage& m) {
    enter_session(envelope, true);
    arrived(envelope);
    for (const Kind kind : {Kind::start, Kind::rows, Kind::end}) {
        sequence(kind).announced(m.next_seq[static_cast<std::size_t>(kind)]);
    }
}

FrameAssembler::Fate FrameAssembler::place(const RowsMessage& m, std::int64_t now_ns) {
    if (!running_ || m.uuid != series_->uuid) {
        return Fate::orphan;
    }
    const bool as_announced = m.rows_px == series_->rows_px && m.cols_px == series_->cols_px &&
                              m.pixel_type == pixel_type_;
    const bool expected = series_->expected_frames == 0 || m.frame < series_->expected_frames;
    if (!as_announced || !expected) {
        count_rejected(as_announced ? RejectReason::bad_frame_number
                                    : RejectReason::series_changed);
        return Fate::rejected;
    }
    if (last_closed_ && m.frame <= *last_closed_) {
        const bool nothing_missing = m.frame == *last_closed_ && last_closed_was_whole_;
        return nothing_missing ? Fate::duplicate : Fate::orphan;
    }
    if (open_ && m.frame < frame_.number) {
        return Fate::orphan;
    }
    if (open_ && m.frame > frame_.number) {
        close_frame();
    }
    if (!open_) {
        open_frame(m.frame);
    }
    const bool grew = merge(m, now_ns);
    sender_is_done_ = sender_is_done_ || m.complete;
    if (sender_is_done_ && frame_.rows_valid == series_->rows_px) {
        close_frame();
    } else if (grew) {
        changed_(frame_);
    }
    return grew ? Fate::merged : Fate::duplicate;
}

void FrameAssembler::open_frame(std::uint64_t number) {
    frame_.number = number;
    frame_.counts.setZero();  // never old pixels in a new frame
    std::fill(frame_.row_valid.begin(), frame_.row_valid.end(), std::uint8_t{0});
    frame_.rows_valid = 0;
    frame_.complete = false;
    open_ = true;
    sender_is_done_ = false;
}

bool FrameAssembler::merge(const RowsMessage& m, std::int64_t now_ns) {
    const auto cols = static_cast<std::size_t>(m.cols_px);
    const auto row_bytes = cols * size_of(m.pixel_type);
    const int before = frame_.rows_valid;
    for (int i = 0; i < m.row_count; ++i) {
        const int row = m.first_row + i;
        auto& valid = frame_.row_valid[static_cast<std::size_t>(row)];
        if (valid == 0) {
            to_float(m.pixel_type,
                     m.pixels.subspan(static_cast<std::size_t>(i) * row_bytes, row_bytes),
                     {&frame_.counts(row, 0), cols});
            valid = 1;
            ++frame_.rows_valid;
        }
    }
    if (frame_.rows_valid == before) {
        return false;
    }
    frame_.last_row_ns = now_ns;
    return true;
}

void FrameAssembler::close_frame() {
    open_ = false;
    last_closed_ = frame_.number;
    last_closed_was_whole_ = frame_.rows_valid == series_->rows_px;
    frame_.complete = true;
    ++counters_.frames;
    counters_.lost_rows += static_cast<std::uint64_t>(series_->rows_px - frame_.rows_valid);
    changed_(frame_);
}

}  // namespace dwellmap
