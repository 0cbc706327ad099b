// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/error.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

namespace dwellmap {

/// Written under another name and moved into place by commit(): nothing half-written is left behind.
class OutputFile {
public:
    /// @throws SetupError if it can't be written
    explicit OutputFile(const std::string& path) : path_(path), part_(path + ".part"), out_(part_) {
        if (!out_) {
            throw SetupError("cannot write " + path + ": is its folder there and writable?");
        }
    }
    ~OutputFile() {
        out_.close();
        std::error_code ignored;
        std::filesystem::remove(part_, ignored);
    }
    OutputFile(const OutputFile&) = delete;
    OutputFile& operator=(const OutputFile&) = delete;

    std::ostream& stream() { return out_; }

    /// @throws SetupError if the disk is full
    void commit() {
        out_.close();
        if (!out_) {
            throw SetupError("cannot write " + path_ + ": is the disk full?");
        }
        std::filesystem::rename(part_, path_);
    }

private:
    std::string path_, part_;
    std::ofstream out_;
};

}  // namespace dwellmap
