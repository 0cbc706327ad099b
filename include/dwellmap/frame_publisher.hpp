// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/frame_message.hpp"
#include "dwellmap/types.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace dwellmap {

/// Faults put into a stream on purpose, to see a receiver survive them. Probabilities are per row block.
struct Faults {
    double loss = 0;       ///< [0, 1]  not sent, though numbered
    double duplicate = 0;  ///< [0, 1]  sent twice
    double reorder = 0;    ///< [0, 1]  sent after its successor
    double corrupt = 0;    ///< [0, 1]  one bit flipped
    double stall_s = 0;    ///< >= 0    pause in the middle of every frame
    std::uint32_t seed = 1;
};

/// The sending side of a stream: what a microscope's plug-in, the simulated microscope and the player do.
/// Binds an XPUB socket; start, row blocks, end and heartbeat as firmware_bridge/wire/PROTOCOL.md says.
/// Not thread-safe: one thread owns it.
class FramePublisher {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    /// @throws SetupError if the endpoint can't be bound (names it, says why and what to do)
    ///         or if it is open to the network ("tcp://*:5555") without `allow_any_address`
    explicit FramePublisher(const std::string& endpoint, const Faults& faults = {},
                            bool allow_any_address = false);
    ~FramePublisher();

    const std::string& endpoint() const noexcept;  ///< as bound: "tcp://127.0.0.1:*" got a port

    /// Waits until somebody subscribes. @return false after the time-out
    bool wait_for_subscriber(std::chrono::milliseconds timeout);

    /// A running series ends first, "superseded". An empty uuid is drawn, wall_time_ns 0 is now.
    void start(const StartMessage& message);
    void start(const Series& series);  ///< of 32-bit floats

    /// Nothing to send until then: heartbeat and start go out. @param stop polled; may be null
    /// @return false if stopped
    bool wait_until(TimePoint until, const volatile bool* stop = nullptr);

    /// Sends a frame in row blocks, each when its last row would have been scanned: row r ends at
    /// (r + 1) line_us after the frame began. Sends the heartbeat and repeats the start once a second while it waits.
    /// @param counts         [rows × cols] of the started series' shape
    /// @param rows_per_block 1…rows
    /// @param speed          1: as slow as the scan was; 0: as fast as the subscribers take it, nothing is
    ///                       dropped unless one of them stalls for a second
    /// @param stop           polled while waiting; may be null
    /// @return false if stopped
    /// @throws SetupError if speed > 0 and the series has no line_us
    bool send_frame(const Image& counts, std::uint64_t number, int rows_per_block, double speed,
                    const volatile bool* stop = nullptr);

    /// Sends rows of a frame of the started series when they are due, to some microseconds: sleeps, then spins for the last
    /// 0.2 ms. Meanwhile as wait_until().
    /// @param block its uuid, acquired_ns and sent_wall_ns are filled in here
    /// @param due   TimePoint{}: as fast as the subscribers take it, as speed 0 below
    /// @return when it was sent; nothing if stopped
    std::optional<TimePoint> send_block(RowsMessage block, TimePoint due,
                                        const volatile bool* stop = nullptr);

    /// Counts send_block()'s frames: the end says how many there were.
    void count_frame() noexcept;

    /// Sends the end three times. @param reason "done", "aborted", "superseded"
    void end(const std::string& reason);

    std::uint64_t frames_sent() const noexcept;
    std::uint64_t blocks_lost() const noexcept;  ///< on purpose, by Faults::loss

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace dwellmap
