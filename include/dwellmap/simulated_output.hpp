// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/simulated_changes.hpp"
#include "dwellmap/simulated_scan.hpp"
#include "dwellmap/types.hpp"

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

namespace dwellmap {

/// Writes frames as one NumPy array [frames × rows × cols] of little-endian float32, as they come.
class NpyStackWriter {
public:
    /// @throws SetupError if the file can't be written
    NpyStackWriter(const std::string& path, int rows_px, int cols_px);
    ~NpyStackWriter();  ///< writes the number of frames into the header
    NpyStackWriter(const NpyStackWriter&) = delete;
    NpyStackWriter& operator=(const NpyStackWriter&) = delete;

    /// @param counts [rows × cols]
    /// @throws std::runtime_error if the disk is full
    void add(const Image& counts);

private:
    void write_header();

    std::string path_;
    std::ofstream file_;
    int rows_px_, cols_px_;
    std::uint64_t frames_ = 0;
};

/// Writes the true columns of each frame as CSV, with a header line.
class TruthWriter {
public:
    /// @throws SetupError if the file can't be written
    explicit TruthWriter(const std::string& path);

    /// @throws std::runtime_error if the disk is full
    void add(std::uint64_t frame, const std::vector<TrueColumn>& truth);

private:
    std::string path_;
    std::ofstream file_;
};

/// Mo, Re, S2, S, vacancy.
const char* species_name(const TrueColumn& column) noexcept;

/// All changes as CSV, with a header line. @throws SetupError if the file can't be written
void write_events(const std::string& path, const std::vector<ChangeEvent>& events);

}  // namespace dwellmap
