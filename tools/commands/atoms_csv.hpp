// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/types.hpp"

#include <ostream>

namespace dwellmap {

const char* to_string(Site site);  ///< "cation", "anion", "other"

/// The header of the table of columns, one row a column and frame; units are in the names.
void write_atoms_header(std::ostream& out);

/// Unknown values and, without a pixel size, the columns in nm are empty.
/// @param frame number to write: an image of a series keeps counting
void write_atoms(std::ostream& out, const FrameResult& result, std::uint64_t frame);

}  // namespace dwellmap
