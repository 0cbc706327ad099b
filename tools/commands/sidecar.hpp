// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace dwellmap {

/// pixel_size_nm of the NAME.json beside NAME.npy; NaN where there is no such file or it says null.
/// @throws SetupError if the file is no JSON or the size is not a number in [0.0001, 1]
double sidecar_pixel_size_nm(const std::string& image);

}  // namespace dwellmap
