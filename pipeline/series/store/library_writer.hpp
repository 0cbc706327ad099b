// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/library.hpp"
#include "dwellmap/library_file.hpp"

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>

namespace dwellmap {

/// Keeps a library's file up to date, in a thread of its own: whoever stores a state never waits for the disk.
///
/// Of a field only the newest state is kept for writing, older ones are superseded. What could not be written is tried again
/// with the next state, and at the end. The file is replaced as a whole (write_library()).
/// Every state is counted once it is decided: stored = written + superseded + refused, when nothing is waiting.
class LibraryWriter {
public:
    struct Counters {
        std::uint64_t written = 0;     ///< states that came into the file
        std::uint64_t superseded = 0;  ///< states pushed out by a newer one of their field
        std::uint64_t refused = 0;     ///< states that do not fit the fields in the file
        std::uint64_t failed = 0;      ///< attempts to write the file
    };

    /// Locks the library and reads it, if there is one.
    /// @throws SetupError if another process writes it, or it can't be read: it is never overwritten then
    explicit LibraryWriter(const std::string& path);

    /// Writes what is waiting.
    ~LibraryWriter();
    LibraryWriter(const LibraryWriter&) = delete;
    LibraryWriter& operator=(const LibraryWriter&) = delete;

    /// What was in the file at the start.
    const Library& initial() const noexcept { return initial_; }

    /// Hands over the newest state of a field; from any thread.
    void store(Library::FieldPtr field);

    Counters counters() const;
    std::string last_error() const;  ///< for the operator; empty: the file is as it should be

private:
    using States = std::map<std::string, Library::FieldPtr>;

    struct Attempt {
        std::uint64_t refused = 0;
        bool failed = false;
        std::string error;
    };

    void run();
    Attempt write(States& states);

    const std::string path_;  ///< a link is followed, or it would be replaced
    const LibraryLock lock_;
    Library initial_;
    Library library_;  // the thread's alone: what is in the file

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    States waiting_;  // guarded by mutex_, as all below, but the thread
    bool has_news_ = false, stopping_ = false;
    Counters counters_;
    std::string last_error_;

    std::thread thread_;
};

}  // namespace dwellmap
