// SPDX-License-Identifier: Apache-2.0
#include "recording/swmr_file.hpp"

#include <filesystem>
#include <system_error>
#include <utility>

namespace dwellmap::hdf5 {
namespace {

constexpr unsigned kNeverDense = 65535;
constexpr std::uintmax_t kReserve = std::uintmax_t{16} << 20;  // bytes, to close the file with

hid_t new_file(const std::string& path) {
    const Handle access(H5Pcreate(H5P_FILE_ACCESS), "file");
    checked(H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_V110), "file");
    checked(H5Pset_file_locking(access, false, true), "file");  // or readers would be locked out
    return checked(H5Fcreate(path.c_str(), H5F_ACC_EXCL, H5P_DEFAULT, access), "file");
}

}  // namespace

void quiet() { H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr); }

Handle new_group(hid_t file, unsigned entries) {
    const Handle plan(H5Pcreate(H5P_GROUP_CREATE), "group");
    checked(H5Pset_link_phase_change(plan, kNeverDense, 0), "group");
    checked(H5Pset_attr_phase_change(plan, kNeverDense, 0), "group");
    checked(H5Pset_est_link_info(plan, entries, 24), "group");
    return {H5Gcreate_anon(file, plan, H5P_DEFAULT), "group"};
}

SwmrFile::SwmrFile(std::string path) : path_(std::move(path)), file_(new_file(path_), "file") {}

void SwmrFile::let_readers_in() const { checked(H5Fstart_swmr_write(file_), "start"); }

std::uint64_t SwmrFile::bytes() const noexcept {
    hsize_t size = 0;
    return H5Fget_filesize(file_, &size) >= 0 ? size : 0;
}

void SwmrFile::flush() const { checked(H5Fflush(file_, H5F_SCOPE_LOCAL), "flush"); }

void SwmrFile::link(hid_t object, const std::string& name) const {
    flush();
    checked(H5Olink(object, file_, name.c_str(), H5P_DEFAULT, H5P_DEFAULT), "link");
    flush();
}

void SwmrFile::write_text(hid_t group, const char* name, const std::string& text) const {
    const std::string provisional = std::string(name) + ".part";
    hdf5::write_text(group, provisional.c_str(), text);
    flush();
    checked(H5Arename(group, provisional.c_str(), name), name);
    flush();
}

bool SwmrFile::has(const std::string& name) const {
    return checked(H5Lexists(file_, name.c_str(), H5P_DEFAULT), "link") > 0;
}

Handle SwmrFile::open_group(const std::string& name) const {
    return {H5Gopen2(file_, name.c_str(), H5P_DEFAULT), name};
}

void SwmrFile::require_room(std::size_t bytes) const {
    std::error_code error;
    const auto room = std::filesystem::space(path_, error).available;
    if (!error && room < bytes + kReserve) {
        throw NoRoom("the disk is full, " + std::to_string(room >> 20) +
                     " MiB are left: make room, or record to another disk");
    }
}

}  // namespace dwellmap::hdf5
