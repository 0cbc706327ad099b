// SPDX-License-Identifier: Apache-2.0
#include "recording/recording_layout.hpp"

#include "recording/growing_dataset.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <string>

namespace dwellmap {
namespace {

using hdf5::Handle;

static_assert(std::endian::native == std::endian::little, "recordings are little-endian");

constexpr std::array<const char*, 7> kPixelTypes{"u8", "u16", "u32", "i16", "i32", "f32", "f64"};

void write_known(hid_t at, const char* name, const std::string& text) {
    if (!text.empty()) {
        hdf5::write_text(at, name, text);
    }
}

void write_known(hid_t at, const char* name, double value) {
    if (std::isfinite(value)) {
        hdf5::write_number(at, name, value);
    }
}

}  // namespace

Handle index_type() {
    using T = RecordedFrame;
    return hdf5::compound(sizeof(T),
                          {{"number", offsetof(T, number), H5T_NATIVE_UINT64},
                           {"complete", offsetof(T, complete), H5T_NATIVE_UINT8},
                           {"rows_valid", offsetof(T, rows_valid), H5T_NATIVE_UINT32},
                           {"crc32", offsetof(T, crc32), H5T_NATIVE_UINT32},
                           {"first_block", offsetof(T, first_block), H5T_NATIVE_UINT64},
                           {"block_count", offsetof(T, block_count), H5T_NATIVE_UINT32},
                           {"blocks_lost", offsetof(T, blocks_lost), H5T_NATIVE_UINT32}});
}

Handle block_type() {
    using T = RecordedBlock;
    return hdf5::compound(sizeof(T), {{"frame", offsetof(T, frame), H5T_NATIVE_UINT64},
                                      {"first_row", offsetof(T, first_row), H5T_NATIVE_UINT32},
                                      {"row_count", offsetof(T, row_count), H5T_NATIVE_UINT32},
                                      {"complete", offsetof(T, complete), H5T_NATIVE_UINT8},
                                      {"acquired_ns", offsetof(T, acquired_ns), H5T_NATIVE_INT64},
                                      {"sent_wall_ns", offsetof(T, sent_wall_ns), H5T_NATIVE_INT64},
                                      {"received_ns", offsetof(T, received_ns), H5T_NATIVE_INT64}});
}

Handle result_type() {
    using T = RecordedResult;
    return hdf5::compound(sizeof(T), {{"number", offsetof(T, number), H5T_NATIVE_UINT64},
                                      {"position", offsetof(T, position), H5T_NATIVE_UINT64},
                                      {"hash", offsetof(T, hash), H5T_NATIVE_UINT64}});
}

Handle counters_type() {
    using T = CountersEntry;
    const auto u64 = H5T_NATIVE_UINT64;
    return hdf5::compound(sizeof(T), {{"time_ns", offsetof(T, time_ns), H5T_NATIVE_INT64},
                                      {"received", offsetof(T, c.received), u64},
                                      {"blocks", offsetof(T, c.blocks), u64},
                                      {"merged", offsetof(T, c.merged), u64},
                                      {"duplicate", offsetof(T, c.duplicate), u64},
                                      {"orphan", offsetof(T, c.orphan), u64},
                                      {"rejected", offsetof(T, c.rejected), u64},
                                      {"reordered", offsetof(T, c.reordered), u64},
                                      {"lost", offsetof(T, c.lost), u64},
                                      {"lost_rows", offsetof(T, c.lost_rows), u64},
                                      {"frames", offsetof(T, c.frames), u64},
                                      {"dropped", offsetof(T, dropped), u64}});
}

hid_t type_of_pixels(PixelType type) noexcept {
    switch (type) {
        case PixelType::u8: return H5T_NATIVE_UINT8;
        case PixelType::u16: return H5T_NATIVE_UINT16;
        case PixelType::u32: return H5T_NATIVE_UINT32;
        case PixelType::i16: return H5T_NATIVE_INT16;
        case PixelType::i32: return H5T_NATIVE_INT32;
        case PixelType::f32: return H5T_NATIVE_FLOAT;
        case PixelType::f64: return H5T_NATIVE_DOUBLE;
    }
    return -1;
}

std::optional<PixelType> pixel_type_named(const std::string& name) noexcept {
    const auto* const found = std::find(kPixelTypes.begin(), kPixelTypes.end(), name);
    if (found == kPixelTypes.end()) {
        return std::nullopt;
    }
    return static_cast<PixelType>(found - kPixelTypes.begin() + 1);
}

void write_start(hid_t at, const StartMessage& start) {
    const Series& s = start.series;
    hdf5::write_text(at, "uuid", s.uuid);
    write_known(at, "name", s.name);
    write_known(at, "specimen", s.specimen);
    write_known(at, "channel", s.channel);
    hdf5::write_text(at, "pixel_type",
                     kPixelTypes.at(static_cast<std::size_t>(start.pixel_type) - 1));
    hdf5::write_number<std::int32_t>(at, "rows_px", s.rows_px);
    hdf5::write_number<std::int32_t>(at, "cols_px", s.cols_px);
    hdf5::write_number(at, "expected_frames", s.expected_frames);
    write_known(at, "pixel_size_nm", s.pixel_size_nm);
    write_known(at, "rotation_rad", s.rotation_rad);
    write_known(at, "dwell_us", s.dwell_us);
    write_known(at, "line_us", s.line_us);
    write_known(at, "flyback_us", s.flyback_us);
    write_known(at, "high_tension_v", s.high_tension_v);
    write_known(at, "composition", s.composition);
    write_known(at, "offset_x_nm", start.offset_x_nm);
    write_known(at, "offset_y_nm", start.offset_y_nm);
    if (start.wall_time_ns != 0) {
        hdf5::write_number(at, "wall_time_ns", start.wall_time_ns);
    }
    write_known(at, "provenance", start.provenance);
}

}  // namespace dwellmap
