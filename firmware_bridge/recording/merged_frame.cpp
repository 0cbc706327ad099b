// SPDX-License-Identifier: Apache-2.0
#include "recording/merged_frame.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace dwellmap {

BlockMerger::BlockMerger(Closed closed) : closed_(std::move(closed)) {}

void BlockMerger::begin_series(int rows_px, int cols_px, PixelType type) {
    close();
    rows_ = static_cast<std::size_t>(rows_px);
    row_bytes_ = static_cast<std::size_t>(cols_px) * size_of(type);
    last_closed_.reset();
}

void BlockMerger::add(const RowsMessage& rows, std::int64_t received_ns) {
    if (!enter(rows.frame)) {
        return;
    }
    auto& entry = frame_.entry;
    const auto before = entry.rows_valid;
    for (int i = 0; i < rows.row_count; ++i) {
        const auto row = static_cast<std::size_t>(rows.first_row + i);
        if (frame_.row_valid[row] == 0) {
            std::memcpy(frame_.pixels.data() + row * row_bytes_,
                        rows.pixels.data() + static_cast<std::size_t>(i) * row_bytes_, row_bytes_);
            frame_.row_valid[row] = 1;
            ++entry.rows_valid;
        }
    }
    const bool done_now = rows.complete && !sender_is_done_;
    sender_is_done_ = sender_is_done_ || rows.complete;
    if (entry.rows_valid > before || done_now) {
        frame_.blocks.push_back({.frame = 0,  // the writer's to say
                                 .first_row = static_cast<std::uint32_t>(rows.first_row),
                                 .row_count = static_cast<std::uint32_t>(rows.row_count),
                                 .complete = rows.complete ? std::uint8_t{1} : std::uint8_t{0},
                                 .acquired_ns = rows.acquired_ns,
                                 .sent_wall_ns = rows.sent_wall_ns,
                                 .received_ns = received_ns});
    }
    if (sender_is_done_ && entry.rows_valid == rows_) {
        close();
    }
}

void BlockMerger::lose(std::uint64_t frame, std::uint32_t blocks) {
    if (enter(frame)) {
        frame_.entry.blocks_lost += blocks;
    }
}

void BlockMerger::close() {
    if (!std::exchange(open_, false)) {
        return;
    }
    auto& entry = frame_.entry;
    last_closed_ = entry.number;
    entry.complete = entry.rows_valid == rows_ ? 1 : 0;
    if (entry.rows_valid > 0) {
        closed_(frame_);
    }
}

/// @return whether `frame` is open now: a later one than those before it, which end with it
bool BlockMerger::enter(std::uint64_t frame) {
    if ((last_closed_ && frame <= *last_closed_) || (open_ && frame < frame_.entry.number)) {
        return false;
    }
    if (open_ && frame > frame_.entry.number) {
        close();
    }
    if (!open_) {
        open(frame);
    }
    return true;
}

void BlockMerger::open(std::uint64_t frame) {
    frame_.entry = {};
    frame_.entry.number = frame;
    frame_.pixels.assign(rows_ * row_bytes_, std::byte{0});
    frame_.row_valid.assign(rows_, 0);
    frame_.blocks.clear();
    open_ = true;
    sender_is_done_ = false;
}

}  // namespace dwellmap
