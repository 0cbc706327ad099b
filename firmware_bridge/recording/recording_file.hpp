// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hdf5.h>

#include <string>

namespace dwellmap {

struct RecordingFile {
    hid_t id;     ///< of HDF5
    bool closed;  ///< by its writer, and not cut
};

/// Opens a recording to read it, in whatever state it was left: of a file that was cut, a copy, filled up with zeros.
/// @throws std::runtime_error if it is not there, no HDF5 or no recording that we know
RecordingFile open_recording(const std::string& path);

}  // namespace dwellmap
