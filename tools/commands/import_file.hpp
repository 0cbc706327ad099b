// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/recording_reader.hpp"

#include <memory>
#include <string>

namespace dwellmap {

/// Reads a file of another program by way of dwellmap-import, the one beside this program or else the one in PATH.
/// The recording it makes meanwhile is gone from the disk when this returns.
/// @throws SetupError with the importer's words
std::shared_ptr<const RecordingReader> import_file(const std::string& path);

}  // namespace dwellmap
