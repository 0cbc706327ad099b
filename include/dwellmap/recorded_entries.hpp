// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace dwellmap {

/// @name The entries of a recording's tables (firmware_bridge/recording/RECORDING.md), as they are written and read
/// @{

/// A frame of a recording, as `index` has it.
struct RecordedFrame {
    std::uint64_t number = 0;   ///< in its series
    std::uint8_t complete = 0;  ///< 1: all rows are there
    std::uint32_t rows_valid = 0;
    std::uint32_t crc32 = 0;        ///< zlib's, of the frame's bytes
    std::uint64_t first_block = 0;  ///< in `blocks`
    std::uint32_t block_count = 0;
    std::uint32_t blocks_lost = 0;  ///< that the recorder had to leave out
};

/// A row block, as it came.
struct RecordedBlock {
    std::uint64_t frame = 0;  ///< in `index`
    std::uint32_t first_row = 0, row_count = 0;
    std::uint8_t complete = 0;      ///< the sender's word
    std::int64_t acquired_ns = 0;   ///< sender's monotonic clock
    std::int64_t sent_wall_ns = 0;  ///< since 1970, UTC
    std::int64_t received_ns = 0;   ///< recorder's monotonic clock
};

/// That the analyzer analysed a frame, and what came out.
struct RecordedResult {
    std::uint64_t number = 0;    ///< of the frame in its series
    std::uint64_t position = 0;  ///< 0: the first that this analysis saw
    std::uint64_t hash = 0;      ///< result_hash(), 0: the frame was given up
};

/// @}

}  // namespace dwellmap
