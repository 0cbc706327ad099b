// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "recording/hdf5_io.hpp"

#include <cstddef>
#include <initializer_list>

namespace dwellmap::hdf5 {

/// How a growing dataset is compressed.
struct Filter {
    unsigned deflate_level = 0;  ///< 0: not at all. Else shuffled before
};

/// A dataset of no entries yet that grows along its first extent, in `parent`, or with a null name in none until it is linked.
/// In the file a compound has no gaps.
/// @param entry  extent of an entry: {} for numbers and structs
/// @param chunk_entries  read and written at once
Handle new_growing(hid_t parent, const char* name, hid_t type, const Extent& entry,
                   hsize_t chunk_entries, const Filter& filter = {});

hsize_t entries_of(hid_t data);

/// @param values  `count` entries of the memory type `type`
void append(hid_t data, hid_t type, const void* values, hsize_t count);

/// One chunk of one entry, already as its filters leave it: nothing is copied.
void append_chunk(hid_t data, const void* chunk, std::size_t size);

}  // namespace dwellmap::hdf5
