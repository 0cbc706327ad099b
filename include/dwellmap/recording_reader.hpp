// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/frame_message.hpp"
#include "dwellmap/recorded_entries.hpp"
#include "dwellmap/types.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace dwellmap {

/// All of a series but its pixels.
struct RecordedSeries {
    std::string group;   ///< "0000", ...
    StartMessage start;  ///< as its sender said
    std::string end_reason;
    std::uint64_t frames_sent = 0, frames_dropped = 0;  ///< the sender's; 0: not known
    std::vector<RecordedFrame> index;
    std::vector<RecordedBlock> blocks;
    std::vector<RecordedResult> results;
    std::string parameters, software;  ///< of the analysis, with results
};

/// The pixels of a frame, bit for bit as they were received.
struct RecordedImage {
    std::uint64_t number = 0;
    PixelType type = PixelType::f32;
    std::vector<std::byte> pixels;        ///< [rows × cols] of `type`, little-endian
    std::vector<std::uint8_t> row_valid;  ///< [rows] 1: received
};

/// @return whether this is an HDF5 file that says it is a recording of a version that we know; false if it cannot be read
bool is_recording(const std::string& path);

/// Reads a recording (firmware_bridge/recording/RECORDING.md), also while it is written, and after a crash.
/// May be used by several threads if HDF5 was built for that.
class RecordingReader {
public:
    /// Reads everything but the pixels. @throws SetupError naming the file, the field and what is wrong with it
    explicit RecordingReader(const std::string& path);
    ~RecordingReader();

    const std::string& path() const noexcept;
    const std::vector<RecordedSeries>& series() const noexcept;

    /// False: it is being written, its writer was killed, or it was cut. The frames that `index` has are whole all the same.
    bool closed() const noexcept;

    /// @param series 0…series().size() − 1; frame 0…index.size() − 1
    /// @throws SetupError naming the frame if it cannot be read or its checksum differs; other frames are not affected
    void read(std::size_t series, std::size_t frame, RecordedImage& into) const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// As the live stream gives it once the frame is closed: counts as float, rows that never came 0, `complete`.
/// @param into  its series is left as it is
void to_frame(const RecordedImage& image, Frame& into);

}  // namespace dwellmap
