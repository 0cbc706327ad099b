// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/config.hpp"
#include "dwellmap/frame_message.hpp"
#include "dwellmap/types.hpp"
#include "wire/recording_status.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace dwellmap {

/// A received message, kept alive without a copy.
struct SharedMessage {
    std::shared_ptr<const void> owner;
    Bytes bytes;
};

/// Records a stream: a bounded lossless queue and a thread that writes; a ring of the last seconds while it does not record.
///
/// Whoever hands something over never waits for the disk: a block that finds the queue full (config.queue_mib) is left
/// out, counted and marked in its frame. When a recording starts, it begins with what the ring still has
/// (config.before_s, before_mib); a leading frame that the ring has lost rows of is not recorded.
class Recorder {
public:
    explicit Recorder(const RecordingConfig& config,
                      std::string writer = "dwellmap " DWELLMAP_VERSION);
    ~Recorder();  ///< closes the file whole, as stop() does

    /// Receiver thread: starts, rows and ends that have passed the checks; others are ignored. Microseconds.
    /// @param decoded  looks into `message`
    /// @param now_ns   steady clock, when it had arrived
    void message(SharedMessage message, const FrameMessage& decoded, std::int64_t now_ns) noexcept;

    /// Receiver thread, after each message; written about once a second, and at the end.
    void counters(const Counters& counters) noexcept;

    /// Analysis thread: a new analysis of this series begins, with these settings (TOML).
    void series_analysed(const std::string& uuid, const std::string& parameters);

    /// Analysis thread, after a complete frame.
    void result(const std::string& uuid, std::uint64_t number, std::uint64_t position,
                std::uint64_t hash) noexcept;

    /// From any thread.
    /// @param file  in config.folder unless its path is absolute. Empty: a new name, "dwellmap-20261123T005656Z.h5"
    /// @throws SetupError if it exists, is a link, can't be created, or a recording runs
    RecordingStatus start(const std::string& file = "");

    /// From any thread. Waits until what is queued is written; what is not after 30 s is left out and counted.
    /// @throws SetupError if none runs
    RecordingStatus stop();

    RecordingStatus status() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace dwellmap
