// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/types.hpp"

#include <cstddef>
#include <vector>

namespace dwellmap {

/// Room for `most` elements, of which the first quarter, as many as a usual image needs, is written to once: otherwise the
/// first frame would wait for the system to find the memory.
template <class T>
void make_room(std::vector<T>& v, std::size_t most) {
    v.reserve(most);
    v.resize(most / 4);
    v.clear();
}

/// An image that is in memory: of one that is only zeroed the system would have to find it when the first frame comes.
inline Image make_image(Eigen::Index rows, Eigen::Index cols) {
    return Image::Constant(rows, cols, 1.0F);
}

}  // namespace dwellmap
