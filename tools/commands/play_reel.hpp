// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "commands/image_input.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace dwellmap {

/// How the images of a file are made into a stream, over what the file says; NaN or 0: as the file says.
struct PlayCut {
    double dwell_us = std::numeric_limits<double>::quiet_NaN();
    double pixel_nm = std::numeric_limits<double>::quiet_NaN();
    double composition = std::numeric_limits<double>::quiet_NaN();
    int rows_per_block = 0;

    /// Blocks of our own making instead of the recorded ones.
    bool again() const noexcept { return rows_per_block > 0 || dwell_us == dwell_us; }
};

/// A row block, and when it is due.
struct PlayBlock {
    int first_row = 0, row_count = 0;
    bool complete = false;
    std::int64_t due_ns = 0;  ///< since the reel began
};

struct PlayFrame {
    std::string name;  ///< for the operator: file and place in it
    RecordedImage image;
    std::vector<PlayBlock> blocks;
    std::string damage;  ///< why it can't be played; empty: it can
};

/// One series to be played: a series of a recording, or .npy files of one shape and pixel size.
class Reel {
public:
    /// @throws SetupError
    Reel(ImageInput input, const PlayCut& cut);

    /// Another .npy file as further frames. @return false: it is a series of its own
    bool append(const ImageInput& input);

    const StartMessage& start() const noexcept { return start_; }
    std::string end_reason() const;
    bool is_recording() const noexcept { return parts_[0].input.recorded() != nullptr; }
    std::size_t frames() const noexcept { return begins_.size(); }

    std::int64_t begin_ns(std::size_t frame) const {
        return begins_[frame];
    }  ///< since the reel began
    std::int64_t length_ns() const noexcept { return length_ns_; }

    /// From the end of the series recorded before it to its own begin, as it was; 0 where nobody knows.
    std::int64_t pause_before_ns() const;

    /// Not from two threads at once. What is wrong with a frame is in `damage`.
    PlayFrame read(std::size_t frame);

private:
    struct Part {
        ImageInput input;
        std::size_t first;  ///< frame of the reel
    };

    bool has_times() const;
    void set_times();
    std::vector<PlayBlock> recorded_blocks(std::size_t frame) const;
    std::vector<PlayBlock> cut_blocks(std::size_t frame, const RecordedImage& image) const;

    PlayCut cut_;
    std::vector<Part> parts_;
    StartMessage start_;
    bool as_recorded_ = false;
    double line_ns_ = 0;
    std::int64_t first_ns_ = 0;         // recorder's clock, first block
    std::vector<std::int64_t> begins_;  // [frames]
    std::int64_t length_ns_ = 0;
    std::optional<ImageReader> reader_;  // of parts_[open_]
    std::size_t open_ = 0;
};

}  // namespace dwellmap
