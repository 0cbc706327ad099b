// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/types.hpp"

#include <string>

namespace dwellmap {

/// The image with its columns drawn on it: colour and shape by species, flagged ones crossed; legend, scale bar, title.
/// @throws std::runtime_error if the PNG can't be written
void draw_atoms(const std::string& path, const std::string& title, const Frame& frame,
                const FrameResult& result);

enum class ColourScale { diverging, sequential };  ///< around 0 | from 0 upwards

/// One image of values with scale bar, colour bar, unit and title; NaN is grey. The range is the 99th percentile of |value|.
/// @throws std::runtime_error if the PNG can't be written
void draw_map(const std::string& path, const std::string& title, const Image& values,
              ColourScale scale, const FrameResult& result);

}  // namespace dwellmap
