// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/types.hpp"

#include <ostream>
#include <string>

namespace dwellmap {

/// The image with its columns, and each map with its error: folder/NAME_WHAT.png.
/// @throws std::runtime_error if a picture can't be written
void draw_pictures(const std::string& folder, const std::string& name, const Frame& frame,
                   const FrameResult& result);

/// What was found in a frame, in a line; and a line for each note.
void print_summary(std::ostream& out, const std::string& image, const FrameResult& result);

}  // namespace dwellmap
