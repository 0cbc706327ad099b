// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/library.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace dwellmap {

/// A library as the bytes of an HDF5 file: the file's format, and that of messages between processes.
///
///   512 bytes     text, with a checksum of all the rest: HDF5 calls it a user block
///   /             attributes format = "dwellmap library", version = 1, unit, neighbours
///   /fields/0000  one group a field, in the library's order; what is of the field as a whole are attributes: key, name,
///                 species_names, composition, fraction_second, a, rotation_rad, frames
///     id x y ...  one dataset a column [atoms], with attributes unit and description
///     offsets     [atoms × neighbours × 2]
///
/// Numbers come back bit for bit, NaN too; the same fields are the same bytes. Not compressed: the last digits of positions
/// are noise, and deflate takes 0.7 s to save 18 %.
/// Cost: 1e5 atoms of 24 neighbours are 42 MB, 0.1 s to write and 0.1 s to read.
/// @throws SetupError if the fields do not fit together
std::vector<std::byte> to_hdf5(const Library& library);

/// @param origin what the bytes are, for messages: a file
/// @throws SetupError naming origin, what is wrong with it and what to do
Library from_hdf5(std::span<const std::byte> bytes, const std::string& origin);

}  // namespace dwellmap
