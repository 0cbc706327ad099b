// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "commands/interval_errors.hpp"
#include "commands/play_reel.hpp"
#include "dwellmap/frame_publisher.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace dwellmap {

struct PlaySettings {
    double speed = 1;  ///< times the speed of the scan; 0: as fast as possible
    bool loop = false, step = false;
    std::uint64_t from_frame = 0;  ///< of all, counted from 0
    double from_s = 0;             ///< since the first block
};

/// Sends reels, one after the other, each block when it is due.
class Player {
public:
    /// @param stop polled
    Player(FramePublisher& publisher, std::vector<Reel> reels, const PlaySettings& settings,
           const volatile bool& stop);

    /// Until the end, or until stopped; a loop ends too where no frame of it can be played. @throws SetupError if there is nothing from there on
    void run();

    const IntervalErrors& interval_errors() const noexcept { return errors_; }
    std::uint64_t damaged() const noexcept { return damaged_; }  ///< frames left out

private:
    using TimePoint = FramePublisher::TimePoint;

    /// One frame of the programme.
    struct Shot {
        std::size_t reel, frame;
        std::int64_t reel_ns;  ///< since the first block of all, when its reel begins
    };

    void make_programme();
    bool endless() const;
    bool play_once(std::uint64_t pass);
    void begin_series(std::size_t reel, std::uint64_t pass);
    void end_series();
    bool play(const Shot& shot, const PlayFrame& frame, std::uint64_t pass);
    bool send(const RowsMessage& message, std::int64_t due_ns);
    TimePoint due(std::int64_t due_ns) const;
    void keep_pace(std::int64_t begin_ns);
    bool wait_for_line();

    FramePublisher& publisher_;
    std::vector<Reel> reels_;
    PlaySettings settings_;
    const volatile bool& stop_;
    std::vector<Shot> programme_;
    std::optional<std::size_t> entered_;  // reel whose series runs

    std::optional<TimePoint> zero_;  // of the programme's clock, at settings_.speed
    std::optional<TimePoint> last_sent_;
    std::int64_t last_due_ns_ = 0;
    std::uint64_t lines_ = 0;  // of standard input, not yet used
    IntervalErrors errors_;
    std::uint64_t damaged_ = 0;
};

}  // namespace dwellmap
