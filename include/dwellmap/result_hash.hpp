// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/types.hpp"

#include <cstdint>

namespace dwellmap {

/// 64 bits that differ if anything differs that came out of a frame: columns, scores, lattice, drift, species, modes, maps, notes;
/// not the times, and not what is known of the series. Never 0, which a recording has for a frame that was given up.
///
/// Numbers count by their bits, so that −0 is not 0; every NaN is the same NaN. Not cryptographic.
/// Allocates nothing; 0.3 to 0.5 ms of 2,500 columns and five maps of 256 × 256.
std::uint64_t result_hash(const FrameResult& result) noexcept;

}  // namespace dwellmap
