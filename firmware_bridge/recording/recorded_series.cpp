// SPDX-License-Identifier: Apache-2.0
#include "recording/recorded_series.hpp"

#include "base/text.hpp"
#include "recording/hdf5_io.hpp"
#include "recording/recording_layout.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>

namespace dwellmap {
namespace {

using hdf5::checked;
using hdf5::Handle;

constexpr hsize_t kMaxEntries = 100'000'000;
constexpr std::size_t kMaxParameters = std::size_t{1} << 20;  // bytes

void require(bool right, const std::string& what) {
    if (!right) {
        throw std::runtime_error(what);
    }
}

bool has_attribute(hid_t at, const char* name) { return H5Aexists(at, name) > 0; }
bool has_link(hid_t at, const char* name) { return H5Lexists(at, name, H5P_DEFAULT) > 0; }

std::string text(hid_t at, const char* name) {
    return has_attribute(at, name) ? hdf5::read_text(at, name) : std::string{};
}

template <class T>
T number(hid_t at, const char* name, hid_t type, T value) {
    if (has_attribute(at, name)) {
        hdf5::read_number(at, name, type, &value);
    }
    return value;
}

std::uint64_t count(hid_t at, const char* name) {
    return number<std::uint64_t>(at, name, H5T_NATIVE_UINT64, 0);
}

/// The members that the file's table has to have, too.
void require_members(hid_t data, hid_t wanted) {
    const Handle type(H5Dget_type(data), "type");
    require(H5Tget_class(type) == H5T_COMPOUND, "is not a table");
    for (int k = 0; k < H5Tget_nmembers(wanted); ++k) {
        char* name = H5Tget_member_name(wanted, static_cast<unsigned>(k));
        const std::string member = name;
        H5free_memory(name);
        const int at = H5Tget_member_index(type, member.c_str());
        require(at >= 0 && H5Tget_member_class(type, static_cast<unsigned>(at)) == H5T_INTEGER,
                "has no whole number \"" + member + "\"");
    }
}

/// All entries of a table [entries].
template <class Entry>
std::vector<Entry> read_table(hid_t group, const char* name, const Handle& type) {
    try {
        require(has_link(group, name), "is missing");
        const Handle data(H5Dopen2(group, name, H5P_DEFAULT), "is damaged");
        require_members(data, type);
        const auto extent = hdf5::extent_of(group, name);
        require(extent.size() == 1 && extent[0] <= kMaxEntries, "has no believable length");
        std::vector<Entry> entries(extent[0]);
        if (!entries.empty()) {
            checked(H5Dread(data, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, entries.data()),
                    "cannot be read");
        }
        return entries;
    } catch (const std::runtime_error& e) {
        throw std::runtime_error(std::string(name) + " " + e.what());
    }
}

PixelType pixel_type_of(const std::string& name) {
    const auto type = pixel_type_named(name);
    require(type.has_value(), "pixel_type \"" + name + "\" is not known");
    return *type;
}

int side(hid_t group, const char* name) {
    const auto n = number<std::int64_t>(group, name, H5T_NATIVE_INT64, 0);
    require(n >= kMinSide && n <= kMaxSide, std::string(name) + " must be in 8..16384");
    return static_cast<int>(n);
}

/// @return NaN where the attribute is absent
double measure(hid_t group, const char* name, bool (*right)(double), const char* rule) {
    const auto nan = std::numeric_limits<double>::quiet_NaN();
    const double value = number<double>(group, name, H5T_NATIVE_DOUBLE, nan);
    require(!has_attribute(group, name) || (std::isfinite(value) && right(value)),
            std::string(name) + " must be " + rule);
    return value;
}

double positive(hid_t group, const char* name) {
    return measure(
        group, name, [](double v) { return v > 0; }, "a number above 0");
}

double finite(hid_t group, const char* name) {
    return measure(
        group, name, [](double) { return true; }, "a finite number");
}

std::string plain_text(hid_t group, const char* name, std::size_t limit = kMaxText) {
    auto value = text(group, name);
    require(is_plain_text(value, limit), std::string(name) + " must be text of at most " +
                                             std::to_string(limit) +
                                             " bytes without control characters");
    return value;
}

/// The same rules as for a start message: it can be sent again.
StartMessage read_start(hid_t group) {
    StartMessage m;
    Series& s = m.series;
    s.uuid = text(group, "uuid");
    require(is_uuid(s.uuid), "uuid must be 8-4-4-4-12 hexadecimal digits");
    s.name = plain_text(group, "name");
    s.specimen = plain_text(group, "specimen");
    s.channel = plain_text(group, "channel");
    m.provenance = plain_text(group, "provenance", kMaxProvenance);
    m.pixel_type = pixel_type_of(text(group, "pixel_type"));
    s.rows_px = side(group, "rows_px");
    s.cols_px = side(group, "cols_px");
    require(std::int64_t{s.rows_px} * s.cols_px <= kMaxPixels, "rows_px x cols_px is above 2^26");
    s.expected_frames = count(group, "expected_frames");
    s.pixel_size_nm = positive(group, "pixel_size_nm");
    const double rotation_rad = finite(group, "rotation_rad");
    s.rotation_rad = std::isnan(rotation_rad) ? 0 : rotation_rad;
    s.dwell_us = positive(group, "dwell_us");
    s.line_us = positive(group, "line_us");
    s.flyback_us = measure(
        group, "flyback_us", [](double v) { return v >= 0; }, "at least 0");
    s.high_tension_v = positive(group, "high_tension_v");
    s.composition = measure(
        group, "composition", [](double v) { return v >= 0 && v <= 1; }, "in 0..1");
    m.offset_x_nm = finite(group, "offset_x_nm");
    m.offset_y_nm = finite(group, "offset_y_nm");
    m.wall_time_ns = number<std::int64_t>(group, "wall_time_ns", H5T_NATIVE_INT64, 0);
    return m;
}

void require_frames(hid_t group, const RecordedSeries& s) {
    const auto rows = static_cast<hsize_t>(s.start.series.rows_px);
    const auto cols = static_cast<hsize_t>(s.start.series.cols_px);
    const auto shape_of = [&](const char* name) {
        require(has_link(group, name), std::string(name) + " is missing");
        return hdf5::extent_of(group, name);
    };
    const auto frames = shape_of("frames");
    require(
        frames.size() == 3 && frames[0] >= s.index.size() && frames[1] == rows && frames[2] == cols,
        "frames has not the shape that index, rows_px and cols_px say");
    const Handle data(H5Dopen2(group, "frames", H5P_DEFAULT), "frames");
    const Handle type(H5Dget_type(data), "frames");
    require(H5Tequal(type, type_of_pixels(s.start.pixel_type)) > 0,
            "frames is not of the type that pixel_type says, little-endian");
    const auto row_valid = shape_of("row_valid");
    require(row_valid.size() == 2 && row_valid[0] >= s.index.size() && row_valid[1] == rows,
            "row_valid has not the shape that index and rows_px say");
}

void require_blocks(const RecordedSeries& s) {
    const auto rows = static_cast<std::uint32_t>(s.start.series.rows_px);
    for (std::size_t k = 0; k < s.index.size(); ++k) {
        const auto& f = s.index[k];
        const auto where = "index[" + std::to_string(k) + "]";
        require(f.rows_valid <= rows, where + ": rows_valid is above rows_px");
        require(
            f.first_block <= s.blocks.size() && f.block_count <= s.blocks.size() - f.first_block,
            where + ": its blocks are not there");
        for (const auto& b : std::span(s.blocks).subspan(f.first_block, f.block_count)) {
            require(b.row_count >= 1 && b.first_row < rows && b.row_count <= rows - b.first_row,
                    where + ": a block's rows are outside the frame");
        }
    }
}

RecordedSeries read_series(hid_t group, const std::string& name) {
    RecordedSeries s;
    s.group = name;
    s.start = read_start(group);
    s.end_reason = plain_text(group, "end_reason");
    s.frames_sent = count(group, "frames_sent");
    s.frames_dropped = count(group, "frames_dropped");
    s.index =
        read_table<RecordedFrame>(group, "index", index_type());  // first: what it counts, is there
    s.blocks = read_table<RecordedBlock>(group, "blocks", block_type());
    if (has_link(group, "results")) {
        s.results = read_table<RecordedResult>(group, "results", result_type());
    }
    s.parameters = text(group, "parameters");
    require(s.parameters.size() <= kMaxParameters, "parameters is longer than 1 MiB");
    s.software = plain_text(group, "software");
    require_frames(group, s);
    require_blocks(s);
    return s;
}

}  // namespace

std::vector<RecordedSeries> read_recorded_series(hid_t file) {
    require(has_link(file, "series"), "the group series is missing");
    const Handle all(H5Gopen2(file, "series", H5P_DEFAULT), "series");
    H5G_info_t info{};
    checked(H5Gget_info(all, &info), "series");
    std::vector<RecordedSeries> out;
    for (hsize_t k = 0; k < info.nlinks; ++k) {
        std::array<char, 64> name{};
        checked(H5Lget_name_by_idx(all, ".", H5_INDEX_NAME, H5_ITER_INC, k, name.data(),
                                   name.size(), H5P_DEFAULT),
                "series");
        try {
            const Handle group(H5Gopen2(all, name.data(), H5P_DEFAULT), "group");
            out.push_back(read_series(group, name.data()));
        } catch (const std::runtime_error& e) {
            throw std::runtime_error("series/" + std::string(name.data()) + ": " + e.what());
        }
    }
    return out;
}

}  // namespace dwellmap
