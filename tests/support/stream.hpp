// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/frame_message.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace dwellmap::testing {

inline const std::string kUuid = "01234567-89ab-cdef-0123-456789abcdef";
inline const std::string kOtherUuid = "fedcba98-7654-3210-fedc-ba9876543210";

inline StartMessage start_message(int rows, int cols, PixelType type = PixelType::f32,
                                  const std::string& uuid = kUuid) {
    StartMessage m;
    m.series.uuid = uuid;
    m.series.name = "MoS2";
    m.series.rows_px = rows;
    m.series.cols_px = cols;
    m.series.pixel_size_nm = 0.0125;
    m.pixel_type = type;
    return m;
}

/// What pixel (x, y) of a frame is, so that a pixel from elsewhere shows.
inline float pixel(std::uint64_t frame, int y, int x) {
    return static_cast<float>(static_cast<int>(frame) * 10000 + y * 100 + x + 1);
}

inline std::vector<float> pixels(std::uint64_t frame, int first_row, int row_count, int cols) {
    std::vector<float> values;
    for (int y = first_row; y < first_row + row_count; ++y) {
        for (int x = 0; x < cols; ++x) {
            values.push_back(pixel(frame, y, x));
        }
    }
    return values;
}

/// @param values lives as long as the message is used
inline RowsMessage rows_message(std::uint64_t frame, int rows, int cols, int first_row,
                                int row_count, const std::vector<float>& values) {
    RowsMessage m;
    m.uuid = kUuid;
    m.frame = frame;
    m.rows_px = rows;
    m.cols_px = cols;
    m.first_row = first_row;
    m.row_count = row_count;
    m.complete = first_row + row_count == rows;
    m.pixels = std::as_bytes(std::span(values));
    return m;
}

}  // namespace dwellmap::testing
