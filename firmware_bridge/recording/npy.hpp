// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/types.hpp"

#include <array>
#include <cstddef>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

namespace dwellmap {

/// An image [rows × cols] or a stack of them [frames × rows × cols] in NumPy's .npy format: versions
/// 1 to 3, C or Fortran order, either byte order, bool, integers of 8 to 64 bits, floats of 32 and 64.
/// Frames are read one by one, a stack in Fortran order as a whole.
class NpyFile {
public:
    /// Reads the header. @throws SetupError naming the file and what is wrong with it
    explicit NpyFile(const std::string& path);

    int frames() const noexcept { return frames_; }
    int rows() const noexcept { return rows_; }
    int cols() const noexcept { return cols_; }

    /// @param frame 0…frames() - 1
    /// @param into  [rows × cols]; NaN and infinity are kept. @throws SetupError if it cannot be read
    void read(int frame, Image& into);

private:
    [[noreturn]] void fail(const std::string& what) const;
    void read_header();
    void read_dtype(const std::string& header);
    void read_shape(const std::string& header);
    void check_size();
    void read_bytes(std::size_t offset, std::size_t size);

    std::string path_;
    std::ifstream file_;
    std::size_t data_offset_ = 0;
    char type_ = 'f';  // as in NumPy: b, i, u, f
    std::size_t item_size_ = 4;
    bool big_endian_ = false, fortran_order_ = false;
    int frames_ = 1, rows_ = 0, cols_ = 0;
    std::vector<std::byte> bytes_;  // of one frame, or of the whole stack if it is in Fortran order
};

/// The first NaN or infinity as (x, y), row by row.
std::optional<std::array<int, 2>> find_not_finite(const Image& image) noexcept;

}  // namespace dwellmap
