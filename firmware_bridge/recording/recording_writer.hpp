// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/frame_message.hpp"
#include "dwellmap/recorded_entries.hpp"
#include "dwellmap/types.hpp"
#include "recording/merged_frame.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace dwellmap {

/// Writes a recording (firmware_bridge/recording/RECORDING.md): one HDF5 file that is readable while it is written, and up to the last
/// whole frame however the writer ends.
///
/// Every function but bytes() throws std::runtime_error, one sentence with the file and what to do, when the disk does not
/// take it; what was added before stays readable. Not thread-safe. A frame costs what its bytes take to write, and
/// 0.1 ms; nothing waits for the disk's own caches (a power cut can cost what the system has not yet written).
class RecordingWriter {
public:
    /// @param writer    program and version, for the file
    /// @param compress  shuffle and deflate: 50 to 100 MB/s in the caller's thread
    /// @throws SetupError if the path exists, is a link, or can't be created; nothing is left behind then
    RecordingWriter(const std::string& path, const std::string& writer, bool compress);
    ~RecordingWriter();  ///< close() as far as it can be done

    /// All frames to come are of this series.
    void begin_series(const StartMessage& start);

    /// @param frame  of the series' shape and pixel type; crc32, first_block and block_count are set here
    void add_frame(const MergedFrame& frame);

    /// The analyzer's settings for a series of this file; of one that it has not, or has settings of, nothing is written.
    void begin_analysis(const std::string& uuid, const std::string& parameters,
                        const std::string& software);

    /// What came out of a frame; nothing is written for a series without begin_analysis().
    void add_result(const std::string& uuid, const RecordedResult& result);

    /// @param time_ns  steady clock
    /// @param dropped  blocks that were left out because the disk was too slow
    void add_counters(std::int64_t time_ns, const Counters& counters, std::uint64_t dropped);

    /// Without effect if none is open. @param end  frames_sent 0: not known
    void end_series(const EndMessage& end);

    void close();

    std::uint64_t bytes() const noexcept;  ///< size of the file

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace dwellmap
