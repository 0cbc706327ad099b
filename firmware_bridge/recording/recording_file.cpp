// SPDX-License-Identifier: Apache-2.0
#include "recording/recording_file.hpp"

#include "dwellmap/recording_reader.hpp"
#include "recording/hdf5_io.hpp"

#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string_view>

namespace dwellmap {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFormat = "dwellmap recording";
constexpr std::int32_t kVersion = 1;
constexpr std::uint64_t kMaxSize = std::uint64_t{1} << 44;  // bytes

void require(bool right, const std::string& what) {
    if (!right) {
        throw std::runtime_error(what);
    }
}

/// How long the file should be, by its own first bytes (HDF5's superblock, version 2 or 3); 0: it does not say.
std::uint64_t size_by_superblock(const std::string& path) {
    std::array<char, 36> head{};
    std::ifstream(path, std::ios::binary).read(head.data(), head.size());
    std::uint64_t size = 0;
    std::memcpy(&size, head.data() + 28, sizeof size);
    const bool known = std::string_view(head.data(), 8) == "\x89HDF\r\n\x1a\n" &&
                       (head[8] == 2 || head[8] == 3) && head[9] == 8;
    return known && size <= kMaxSize ? size : 0;
}

/// HDF5 opens no file that is shorter than it should be.
hid_t open_filled_up(const std::string& path, std::uint64_t size) {
    std::string copy = fs::temp_directory_path() / "dwellmap-cut-XXXXXX";
    const int descriptor = ::mkstemp(copy.data());
    require(descriptor >= 0, "was cut off, and there is no room for a copy (TMPDIR)");
    ::close(descriptor);
    std::error_code error;
    fs::copy_file(path, copy, fs::copy_options::overwrite_existing, error);
    if (!error) {
        fs::resize_file(copy, size, error);
    }
    const hid_t id = error ? H5I_INVALID_HID : H5Fopen(copy.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
    const auto why = error ? error.message() : hdf5::reason();
    std::error_code ignored;
    fs::remove(copy, ignored);  // it is open
    require(id >= 0, "was cut off, and the rest cannot be read: " + why);
    return id;
}

RecordingFile open_any(const std::string& path) {
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);  // errors are thrown, not printed
    std::error_code error;
    const auto size = fs::file_size(path, error);
    require(!error, "cannot be read: " + error.message());
    require(size > 0, "is empty");
    if (const hid_t id = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT); id >= 0) {
        return {id, true};
    }
    const auto why = hdf5::reason();
    const hid_t growing = H5Fopen(path.c_str(), H5F_ACC_RDONLY | H5F_ACC_SWMR_READ, H5P_DEFAULT);
    if (growing >= 0) {
        return {growing, false};
    }
    const auto whole = size_by_superblock(path);
    require(whole > size, "cannot be read as HDF5: " + why);
    return {open_filled_up(path, whole), false};
}

void require_format(hid_t file) {
    const bool says = H5Aexists(file, "format") > 0;
    require(
        says && hdf5::read_text(file, "format") == kFormat,
        std::string("is HDF5, but no recording (its attribute format is not \"") + kFormat + "\")");
    const auto version = hdf5::read_number<std::int32_t>(file, "format_version");
    require(version == kVersion, "format_version is " + std::to_string(version) +
                                     ", this dwellmap knows " + std::to_string(kVersion));
}

}  // namespace

RecordingFile open_recording(const std::string& path) {
    const auto file = open_any(path);
    try {
        require_format(file.id);
    } catch (const std::runtime_error&) {
        H5Fclose(file.id);
        throw;
    }
    return file;
}

bool is_recording(const std::string& path) {
    try {
        H5Fclose(open_recording(path).id);
        return true;
    } catch (const std::runtime_error&) {
        return false;
    }
}

}  // namespace dwellmap
