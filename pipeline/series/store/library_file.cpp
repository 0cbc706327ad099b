// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/library_file.hpp"

#include "dwellmap/error.hpp"
#include "store/library_hdf5.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

namespace dwellmap {
namespace {

[[noreturn]] void fail(const std::string& path, const std::string& what, int error,
                       const std::string& what_to_do) {
    throw SetupError(path + ": " + what + " (" + std::generic_category().message(error) +
                     "): " + what_to_do);
}

constexpr const char* kCheckFolder = "is its folder there and writable, and the disk not full?";

/// An open file or folder.
class Descriptor {
public:
    Descriptor(const std::string& path, int flags)
        : id_(::open(path.c_str(), flags | O_CLOEXEC, 0666)) {}
    ~Descriptor() {
        if (id_ >= 0) {
            ::close(id_);
        }
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int id() const noexcept { return id_; }
    int release() noexcept { return std::exchange(id_, -1); }

private:
    int id_;
};

bool write_all(int descriptor, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t n = ::write(descriptor, bytes.data(), bytes.size());
        if (n < 0 && errno != EINTR) {
            return false;
        }
        bytes = bytes.subspan(n < 0 ? 0 : static_cast<std::size_t>(n));
    }
    return true;
}

bool write_to_disk(const std::string& path, std::span<const std::byte> bytes) {
    const Descriptor file(path, O_WRONLY | O_CREAT | O_TRUNC);
    return file.id() >= 0 && write_all(file.id(), bytes) && ::fsync(file.id()) == 0;
}

}  // namespace

Library read_library(const std::string& path) {
    std::error_code error;
    const auto size = std::filesystem::file_size(path, error);
    std::vector<std::byte> bytes(error ? 0 : size);
    std::ifstream file(path, std::ios::binary);
    if (error || !file.read(reinterpret_cast<char*>(bytes.data()),
                            static_cast<std::streamsize>(bytes.size()))) {
        fail(path, "the library can't be read", error ? error.value() : errno,
             "is it there, a file and readable?");
    }
    return from_hdf5(bytes, path);
}

void write_library(const std::string& path, const Library& library) {
    const std::string part = path + ".part";
    if (!write_to_disk(part, to_hdf5(library)) || ::rename(part.c_str(), path.c_str()) != 0) {
        const int error = errno;
        ::unlink(part.c_str());
        fail(path, "the library can't be written", error, kCheckFolder);
    }
    const auto folder = std::filesystem::absolute(path).parent_path();
    ::fsync(Descriptor(folder, O_RDONLY | O_DIRECTORY).id());  // the new name; not all disks can
}

LibraryLock::LibraryLock(const std::string& path) : descriptor_(-1) {
    Descriptor file(path + ".lock", O_RDWR | O_CREAT);
    if (file.id() < 0) {
        fail(path, "the library can't be written", errno, kCheckFolder);
    }
    if (::flock(file.id(), LOCK_EX | LOCK_NB) != 0) {
        fail(path, "the library is in use", errno,
             "stop the other program that adds to it, or name another file");
    }
    descriptor_ = file.release();
}

LibraryLock::~LibraryLock() { ::close(descriptor_); }

}  // namespace dwellmap
