// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/frame_message.hpp"
#include "dwellmap/recorded_entries.hpp"
#include "dwellmap/types.hpp"
#include "recording/hdf5_io.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace dwellmap {

/// An entry of /counters.
struct CountersEntry {
    std::int64_t time_ns;
    Counters c;
    std::uint64_t dropped;
};

/// @name The entries of a recording's tables, as they are in memory
/// @{
hdf5::Handle index_type();     ///< RecordedFrame
hdf5::Handle block_type();     ///< RecordedBlock
hdf5::Handle result_type();    ///< RecordedResult
hdf5::Handle counters_type();  ///< CountersEntry
/// @}

hid_t type_of_pixels(PixelType type) noexcept;

/// The attribute pixel_type: "u8", ..., "f64".
std::optional<PixelType> pixel_type_named(const std::string& name) noexcept;

/// What the sender said of a series, as attributes of its group; what is not known is left out.
void write_start(hid_t group, const StartMessage& start);

}  // namespace dwellmap
