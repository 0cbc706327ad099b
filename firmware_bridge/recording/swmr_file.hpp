// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "recording/hdf5_io.hpp"

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace dwellmap::hdf5 {

/// Found before HDF5 was asked to write: the file is as it was, and can be closed.
struct NoRoom : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Of this thread, from now on: errors are thrown and not printed.
void quiet();

/// A group whose links and attributes, 40 bytes each or so, stay in one block of the file: that is replaced as a whole, while
/// with several ones a crash could come between them. It is in no other group until it is linked.
/// @param entries  links and attributes that there is room for; more are possible
Handle new_group(hid_t file, unsigned entries);

/// A new file that is readable while it is written (single writer, multiple readers) and after a crash: objects are made in
/// none and linked when they are whole and in the file, so that a reader finds all of them or nothing.
///
/// All functions but bytes() throw std::runtime_error with what HDF5 says.
class SwmrFile {
public:
    explicit SwmrFile(std::string path);  ///< where nothing must be yet

    void let_readers_in() const;  ///< once what they look for first is there

    hid_t id() const noexcept { return file_; }
    std::uint64_t bytes() const noexcept;  ///< on the disk; 0: not known

    void flush() const;
    void link(hid_t object, const std::string& name) const;

    /// Texts are kept apart from the group that names them, and come into the file later: the name is right when both are there.
    void write_text(hid_t group, const char* name, const std::string& text) const;

    bool has(const std::string& name) const;
    Handle open_group(const std::string& name) const;

    /// @throws NoRoom if the disk hasn't got room for so many bytes, and some more to close the file with
    void require_room(std::size_t bytes) const;

private:
    std::string path_;
    Handle file_;
};

}  // namespace dwellmap::hdf5
