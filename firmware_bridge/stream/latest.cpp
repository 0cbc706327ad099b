// SPDX-License-Identifier: Apache-2.0
#include "stream/latest.hpp"

#include <algorithm>
#include <utility>

namespace dwellmap {
namespace {

/// `to` becomes equal to `from`. If it is an earlier state of the same frame, only new rows are copied.
void catch_up(const Frame& from, Frame& to) {
    const bool same_frame = from.series != nullptr && to.series == from.series &&
                            to.number == from.number &&
                            to.row_valid.size() == from.row_valid.size();
    if (!same_frame) {
        to.counts = from.counts;
        to.row_valid = from.row_valid;
    } else {
        for (std::size_t row = 0; row < from.row_valid.size(); ++row) {
            if (to.row_valid[row] != from.row_valid[row]) {
                const auto r = static_cast<Eigen::Index>(row);
                to.counts.row(r) = from.counts.row(r);
                to.row_valid[row] = from.row_valid[row];
            }
        }
    }
    to.series = from.series;
    to.number = from.number;
    to.rows_valid = from.rows_valid;
    to.complete = from.complete;
    to.last_row_ns = from.last_row_ns;
}

void swap(Frame& a, Frame& b) noexcept {
    std::swap(a.series, b.series);
    std::swap(a.number, b.number);
    a.counts.swap(b.counts);
    a.row_valid.swap(b.row_valid);
    std::swap(a.rows_valid, b.rows_valid);
    std::swap(a.complete, b.complete);
    std::swap(a.last_row_ns, b.last_row_ns);
}

}  // namespace

void Latest::put(const Frame& frame) {
    catch_up(frame, back_);
    {
        const std::lock_guard lock(mutex_);
        if (frame.complete) {
            overwritten_ += has_complete_ ? 1 : 0;
            has_complete_ = true;
            has_partial_ = false;  // it was of this frame
            swap(back_, complete_);
        } else {
            has_partial_ = true;
            swap(back_, partial_);
        }
    }
    filled_.notify_one();
}

bool Latest::take(Frame& into, std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    if (!filled_.wait_for(lock, timeout, [&] { return has_complete_ || has_partial_; })) {
        return false;
    }
    auto& from = has_complete_ ? complete_ : partial_;
    (has_complete_ ? has_complete_ : has_partial_) = false;
    swap(into, from);
    from.series.reset();  // the reader may have changed it: not a state of any frame
    return true;
}

std::uint64_t Latest::overwritten() const {
    const std::lock_guard lock(mutex_);
    return overwritten_;
}

}  // namespace dwellmap
