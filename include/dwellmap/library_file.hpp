// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/library.hpp"

#include <string>

namespace dwellmap {

/// @throws SetupError naming the file, what is wrong with it and what to do; the file is not touched
Library read_library(const std::string& path);

/// Replaces the file as a whole, or not at all: PATH.part is written, brought to the disk and renamed, so that whoever reads
/// `path`, also after a crash, finds the old or the new library. Cost: to_hdf5() and the disk.
/// @throws SetupError naming the file and why it can't be written; `path` is as before
void write_library(const std::string& path, const Library& library);

/// The right to write a library, of one process at a time: an advisory lock on PATH.lock, which ends with the process,
/// however that ends. The file of the lock stays.
class LibraryLock {
public:
    /// @throws SetupError if another one has it, or the folder can't be written
    explicit LibraryLock(const std::string& path);
    ~LibraryLock();
    LibraryLock(const LibraryLock&) = delete;
    LibraryLock& operator=(const LibraryLock&) = delete;

private:
    int descriptor_;
};

}  // namespace dwellmap
