// SPDX-License-Identifier: Apache-2.0
#include "store/library_writer.hpp"

#include "dwellmap/error.hpp"

#include <exception>
#include <filesystem>
#include <system_error>
#include <utility>

namespace dwellmap {
namespace {

std::string without_links(const std::string& path) {
    std::error_code error;
    const auto target = std::filesystem::weakly_canonical(path, error);
    return error ? path : target.string();
}

}  // namespace

LibraryWriter::LibraryWriter(const std::string& path) : path_(without_links(path)), lock_(path_) {
    std::error_code ignored;
    std::filesystem::remove(path_ + ".part", ignored);  // of a process that was killed
    if (std::filesystem::exists(path_, ignored)) {
        initial_ = library_ = read_library(path_);
    }
    thread_ = std::thread([this] { run(); });
}

LibraryWriter::~LibraryWriter() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

void LibraryWriter::store(Library::FieldPtr field) {
    {
        const std::lock_guard lock(mutex_);
        auto& newest = waiting_[field->key];
        counters_.superseded += newest ? 1 : 0;
        newest.swap(field);
        has_news_ = true;
    }
    changed_.notify_one();
}

LibraryWriter::Counters LibraryWriter::counters() const {
    const std::lock_guard lock(mutex_);
    return counters_;
}

std::string LibraryWriter::last_error() const {
    const std::lock_guard lock(mutex_);
    return last_error_;
}

void LibraryWriter::run() {
    std::unique_lock lock(mutex_);
    for (bool last = false; !last;) {
        changed_.wait(lock, [this] { return has_news_ || stopping_; });
        last = stopping_;
        has_news_ = false;
        States states = std::exchange(waiting_, {});

        lock.unlock();
        const Attempt attempt = write(states);
        lock.lock();

        last_error_ = attempt.error;
        counters_.refused += attempt.refused;
        if (attempt.failed) {
            ++counters_.failed;
            waiting_.merge(states);  // leaves those that there are newer ones of
            counters_.superseded += states.size();
        } else {
            counters_.written += states.size();
        }
    }
}

/// @param states out: without those refused
LibraryWriter::Attempt LibraryWriter::write(States& states) {
    Attempt attempt;
    Library next = library_;
    std::erase_if(states, [&](const auto& state) {
        try {
            next.check_fits(*state.second, path_);
            next.put(state.second);
            return false;
        } catch (const SetupError& e) {
            ++attempt.refused;
            attempt.error = e.what();
            return true;
        }
    });
    if (states.empty()) {
        return attempt;
    }
    try {
        write_library(path_, next);
        library_ = std::move(next);
    } catch (const std::exception& e) {
        attempt.failed = true;
        attempt.error = e.what();
    }
    return attempt;
}

}  // namespace dwellmap
