// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/types.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace dwellmap {

/// Atoms and maps of frames in one HDF5 file, laid out as tools/commands/RESULTS_FILE.md says. Written under another name and
/// moved into place by commit(): nothing half-written is left behind. add() may be called by several threads.
class ResultsFile {
public:
    /// @throws SetupError if it can't be written
    explicit ResultsFile(const std::string& path);
    ~ResultsFile();
    ResultsFile(const ResultsFile&) = delete;
    ResultsFile& operator=(const ResultsFile&) = delete;

    /// @param index      place of the frame in the file
    /// @param parameters of the analysis, TOML
    /// @throws std::runtime_error if the disk is full
    void add(std::uint64_t index, const FrameResult& result, const std::string& parameters);

    /// @throws SetupError
    void commit();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace dwellmap
