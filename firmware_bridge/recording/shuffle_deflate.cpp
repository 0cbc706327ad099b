// SPDX-License-Identifier: Apache-2.0
#include "recording/shuffle_deflate.hpp"

#include <zlib.h>

#include <stdexcept>

namespace dwellmap {

void shuffle_deflate(Bytes pixels, std::size_t item_bytes, std::vector<std::byte>& into) {
    const std::size_t items = pixels.size() / item_bytes;
    std::vector<std::byte> shuffled(pixels.size());  // all first bytes, all second bytes, ...
    for (std::size_t k = 0; k < items; ++k) {
        for (std::size_t b = 0; b < item_bytes; ++b) {
            shuffled[b * items + k] = pixels[k * item_bytes + b];
        }
    }
    uLongf size = compressBound(shuffled.size());
    into.resize(size);
    const int status =
        compress2(reinterpret_cast<Bytef*>(into.data()), &size,
                  reinterpret_cast<const Bytef*>(shuffled.data()), shuffled.size(), kDeflateLevel);
    if (status != Z_OK) {
        throw std::runtime_error("zlib can't compress a frame, error " + std::to_string(status));
    }
    into.resize(size);
}

}  // namespace dwellmap
