// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/envelope.hpp"

#include <cstddef>
#include <vector>

namespace dwellmap {

/// What HDF5's filters shuffle and deflate make of a chunk, made here so that HDF5's lock is not held meanwhile.
/// @param into  out; keeps its memory
void shuffle_deflate(Bytes pixels, std::size_t item_bytes, std::vector<std::byte>& into);

inline constexpr unsigned kDeflateLevel =
    1;  ///< higher ones gain a few per cent, for several times the time

}  // namespace dwellmap
