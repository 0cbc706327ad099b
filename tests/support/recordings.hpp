// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "recording/recording_writer.hpp"
#include "support/stream.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace dwellmap::testing {

inline constexpr std::int64_t kBegin_ns = 5'000'000'000;  // of the recorder's clock

/// A whole frame of a series, in blocks of `rows_per_block` that came `interval_ns` apart; the first of frame k at k · frame_ns.
inline MergedFrame recorded_frame(std::uint64_t number, const Image& counts, int rows_per_block,
                                  std::int64_t first_ns, std::int64_t interval_ns) {
    MergedFrame f;
    const auto rows = static_cast<int>(counts.rows());
    f.entry.number = number;
    f.entry.complete = 1;
    f.entry.rows_valid = static_cast<std::uint32_t>(rows);
    const auto bytes =
        std::as_bytes(std::span(counts.data(), static_cast<std::size_t>(counts.size())));
    f.pixels.assign(bytes.begin(), bytes.end());
    f.row_valid.assign(static_cast<std::size_t>(rows), 1);
    for (int row = 0; row < rows; row += rows_per_block) {
        RecordedBlock b;
        b.first_row = static_cast<std::uint32_t>(row);
        b.row_count = static_cast<std::uint32_t>(std::min(rows_per_block, rows - row));
        b.complete = row + rows_per_block >= rows ? 1 : 0;
        b.received_ns = first_ns + interval_ns * static_cast<std::int64_t>(f.blocks.size());
        f.blocks.push_back(b);
    }
    return f;
}

/// Rows that never came: 0, and in no block.
inline void lose_rows(MergedFrame& f, std::uint32_t first, std::uint32_t count) {
    const auto row_bytes = f.pixels.size() / f.row_valid.size();
    std::fill_n(f.row_valid.begin() + first, count, std::uint8_t{0});
    std::fill_n(f.pixels.begin() + static_cast<std::ptrdiff_t>(first * row_bytes),
                count * row_bytes, std::byte{0});
    std::erase_if(f.blocks, [&](const RecordedBlock& b) {
        return b.first_row >= first && b.first_row < first + count;
    });
    f.entry.complete = 0;
    f.entry.rows_valid -= count;
}

/// A small frame in which every pixel is its own.
inline Image picture(std::uint64_t number, int rows, int cols) {
    Image image(rows, cols);
    for (int y = 0; y < rows; ++y) {
        for (int x = 0; x < cols; ++x) {
            image(y, x) = pixel(number, y, x);
        }
    }
    return image;
}

/// A recording of one series of small frames 0…frames − 1.
inline void write_recording(const std::string& path, const StartMessage& start, int frames,
                            int rows_per_block = 4, std::int64_t interval_ns = 1'000'000) {
    RecordingWriter writer(path, "test", false);
    writer.begin_series(start);
    const auto& s = start.series;
    const auto frame_ns = interval_ns * ((s.rows_px + rows_per_block - 1) / rows_per_block);
    for (int k = 0; k < frames; ++k) {
        const auto number = static_cast<std::uint64_t>(k);
        writer.add_frame(recorded_frame(number, picture(number, s.rows_px, s.cols_px),
                                        rows_per_block, kBegin_ns + frame_ns * k, interval_ns));
    }
    EndMessage end;
    end.reason = "done";
    end.frames_sent = static_cast<std::uint64_t>(frames);
    writer.end_series(end);
    writer.close();
}

/// Another first byte in the file for this frame, which is in it uncompressed.
inline void damage(const std::string& path, const Image& frame) {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    const std::string all(std::istreambuf_iterator<char>(file), {});
    const auto bytes =
        std::as_bytes(std::span(frame.data(), static_cast<std::size_t>(frame.size())));
    const auto at = all.find({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    if (at == std::string::npos) {
        throw std::logic_error(path + " does not hold the frame to be damaged");
    }
    file.seekp(static_cast<std::streamoff>(at));
    file.put('!').flush();
}

}  // namespace dwellmap::testing
