// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/types.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace dwellmap {

/// Newest-only hand-over of frames from one thread to another. Holds at most one complete frame and
/// one later state of a frame that is still being scanned, so that the first block of a frame does not
/// push out the complete one before it.
///
/// A complete frame pushed out by the next complete one is counted. A state pushed out by a later one
/// is no loss, as states are cumulative. put() copies only rows that its buffer does not have; the lock
/// is held to swap buffers, never to copy. No allocation once all buffers have the frame's shape.
class Latest {
public:
    /// By the one writer. Frames in order; of one frame, states in order, the complete one last.
    void put(const Frame& frame);

    /// By the one reader: waits for a complete frame or, if there is none, for a new state of the open
    /// one. `into` is swapped in, its old buffers are used again. @return false after the time-out
    bool take(Frame& into, std::chrono::milliseconds timeout);

    std::uint64_t overwritten() const;

private:
    mutable std::mutex mutex_;
    std::condition_variable filled_;
    Frame complete_, partial_;  // guarded by mutex_, as all below
    bool has_complete_ = false, has_partial_ = false;
    std::uint64_t overwritten_ = 0;

    Frame back_;  // the writer's alone
};

}  // namespace dwellmap
