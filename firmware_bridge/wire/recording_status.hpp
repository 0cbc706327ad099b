// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dwellmap {

/// What a Recorder was doing when it was asked.
struct RecordingStatus {
    /// failed: the disk is full, ...: it ended by itself, the file is kept up to there
    enum class State : std::uint8_t { off, recording, failed };

    State state = State::off;
    std::string file;
    std::string error;  ///< one sentence for the operator
    std::uint64_t frames = 0;
    std::uint64_t blocks_dropped = 0;  ///< the disk was too slow for them
    std::uint64_t bytes = 0;           ///< of the file
    double seconds = 0;                ///< since start()
    std::uint64_t queued_bytes = 0;    ///< waiting for the disk
};

/// "off", "recording", "failed".
std::string_view to_string(RecordingStatus::State state) noexcept;

}  // namespace dwellmap
