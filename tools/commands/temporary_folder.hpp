// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/error.hpp"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace dwellmap {

/// Of our own, gone afterwards.
class TemporaryFolder {
public:
    /// @throws SetupError if there is no room for it
    TemporaryFolder() {
        std::string name = std::filesystem::temp_directory_path() / "dwellmap-XXXXXX";
        if (::mkdtemp(name.data()) == nullptr) {
            throw SetupError(name + ": " + std::generic_category().message(errno) +
                             ": is there room for temporary files (TMPDIR)?");
        }
        path_ = name;
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    std::string operator/(const char* name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

}  // namespace dwellmap
