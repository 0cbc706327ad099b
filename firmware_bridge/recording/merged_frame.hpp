// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/frame_message.hpp"
#include "dwellmap/recorded_entries.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace dwellmap {

/// A frame as it is recorded: its bytes as they came, and which blocks brought them.
struct MergedFrame {
    RecordedFrame entry;
    std::vector<std::byte>
        pixels;  ///< [rows × cols] of the series' type; rows that never came are 0
    std::vector<std::uint8_t> row_valid;  ///< [rows] 1: received
    std::vector<RecordedBlock>
        blocks;  ///< those that brought rows, or the sender's word that it was done
};

/// Row blocks → frames of bytes, by the same rules as FrameAssembler, which does it for the analysis: one frame is open at a
/// time; it closes when all its rows are there and a block said complete, or at the first block of a later one.
/// Cost: a copy of the rows; allocates with the first frames of a series. Not thread-safe.
class BlockMerger {
public:
    using Closed =
        std::function<void(const MergedFrame&)>;  ///< may throw: the frame is closed all the same

    /// @param closed  called with every frame that has got at least one row
    explicit BlockMerger(Closed closed);

    /// Closes the open frame; numbers start anew.
    void begin_series(int rows_px, int cols_px, PixelType type);

    /// @param rows  of the series' shape and type; its frame may be over, then it is ignored
    void add(const RowsMessage& rows, std::int64_t received_ns);

    /// Frames up to this one are not wanted.
    void skip(std::uint64_t frame) { last_closed_ = frame; }

    /// Blocks of this frame had to be left out.
    void lose(std::uint64_t frame, std::uint32_t blocks);

    /// No more blocks come: the open frame, as far as it is.
    void close();

private:
    bool enter(std::uint64_t frame);
    void open(std::uint64_t frame);

    Closed closed_;
    std::size_t rows_ = 0, row_bytes_ = 0;
    MergedFrame frame_;
    bool open_ = false, sender_is_done_ = false;
    std::optional<std::uint64_t> last_closed_;
};

}  // namespace dwellmap
