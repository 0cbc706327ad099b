// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/recording_reader.hpp"

#include <hdf5.h>

#include <vector>

namespace dwellmap {

/// All series of a recording but their pixels, checked: they can be sent again, and what `index` counts is inside the datasets.
/// @throws std::runtime_error naming the field and what is wrong with it
std::vector<RecordedSeries> read_recorded_series(hid_t file);

}  // namespace dwellmap
