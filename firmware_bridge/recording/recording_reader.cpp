// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/recording_reader.hpp"

#include "dwellmap/error.hpp"
#include "recording/hdf5_io.hpp"
#include "recording/recorded_series.hpp"
#include "recording/recording_file.hpp"
#include "recording/recording_layout.hpp"

#include <zlib.h>

#include <algorithm>
#include <stdexcept>

namespace dwellmap {
namespace {

using hdf5::checked;
using hdf5::Handle;

void require(bool right, const std::string& what) {
    if (!right) {
        throw std::runtime_error(what);
    }
}

/// The part of a dataset that belongs to one frame, as it is or as bytes.
void read_part(hid_t group, const char* name, hid_t type, const hdf5::Extent& first,
               const hdf5::Extent& extent, void* into) {
    const Handle data(H5Dopen2(group, name, H5P_DEFAULT), name), space(H5Dget_space(data), name);
    checked(
        H5Sselect_hyperslab(space, H5S_SELECT_SET, first.data(), nullptr, extent.data(), nullptr),
        name);
    const Handle memory(H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr),
                        name);
    checked(H5Dread(data, type, memory, space, H5P_DEFAULT, into), name);
}

}  // namespace

struct RecordingReader::Impl {
    std::string path;
    Handle file;
    bool closed;
    std::vector<RecordedSeries> series;

    Impl(const std::string& name, const RecordingFile& open)
        : path(name),
          file(open.id, "open"),
          closed(open.closed),
          series(read_recorded_series(file)) {}
};

RecordingReader::RecordingReader(const std::string& path) {
    try {
        impl_ = std::make_unique<Impl>(path, open_recording(path));
    } catch (const std::runtime_error& e) {
        throw SetupError(path + ": " + e.what());
    }
}

RecordingReader::~RecordingReader() = default;

const std::string& RecordingReader::path() const noexcept { return impl_->path; }
const std::vector<RecordedSeries>& RecordingReader::series() const noexcept {
    return impl_->series;
}
bool RecordingReader::closed() const noexcept { return impl_->closed; }

void RecordingReader::read(std::size_t series, std::size_t frame, RecordedImage& into) const {
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);  // of this thread: errors are thrown, not printed
    const auto& s = impl_->series[series];
    const auto& entry = s.index[frame];
    const auto rows = static_cast<std::size_t>(s.start.series.rows_px);
    const auto cols = static_cast<std::size_t>(s.start.series.cols_px);
    into.number = entry.number;
    into.type = s.start.pixel_type;
    into.pixels.resize(rows * cols * size_of(into.type));
    into.row_valid.resize(rows);
    try {
        const Handle group(H5Gopen2(impl_->file, ("series/" + s.group).c_str(), H5P_DEFAULT),
                           "group");
        read_part(group, "frames", type_of_pixels(into.type), {frame, 0, 0}, {1, rows, cols},
                  into.pixels.data());
        read_part(group, "row_valid", H5T_NATIVE_UINT8, {frame, 0}, {1, rows},
                  into.row_valid.data());
        const auto crc =
            crc32_z(0, reinterpret_cast<const Bytef*>(into.pixels.data()), into.pixels.size());
        require(crc == entry.crc32, "its checksum differs: the file was damaged");
        const auto valid = std::count(into.row_valid.begin(), into.row_valid.end(), 1);
        require(valid == entry.rows_valid, "row_valid is damaged");
    } catch (const std::runtime_error& e) {
        throw SetupError(impl_->path + ": series/" + s.group + "/frames[" + std::to_string(frame) +
                         "] (frame " + std::to_string(entry.number) + "): " + e.what());
    }
}

void to_frame(const RecordedImage& image, Frame& into) {
    const auto rows = image.row_valid.size();
    const auto pixels = image.pixels.size() / size_of(image.type);
    into.counts.resize(static_cast<Eigen::Index>(rows), static_cast<Eigen::Index>(pixels / rows));
    to_float(image.type, image.pixels, {into.counts.data(), pixels});
    into.row_valid = image.row_valid;
    into.rows_valid = static_cast<int>(std::count(into.row_valid.begin(), into.row_valid.end(), 1));
    into.number = image.number;
    into.complete = true;
}

}  // namespace dwellmap
