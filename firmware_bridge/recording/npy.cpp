// SPDX-License-Identifier: Apache-2.0
#include "recording/npy.hpp"

#include "dwellmap/error.hpp"
#include "dwellmap/frame_message.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace dwellmap {
namespace {

constexpr std::size_t kMaxHeader = 65536;
constexpr char kMagic[] = "\x93NUMPY";

/// What follows `'key':` in the header, a Python dictionary; empty if the key is not there.
std::string value_of(const std::string& header, const std::string& key) {
    auto at = header.find("'" + key + "'");
    if (at == std::string::npos) {
        return {};
    }
    at = header.find_first_not_of(" :", at + key.size() + 2);
    return at == std::string::npos ? std::string{} : header.substr(at);
}

const char* refused(char type) {
    switch (type) {
        case 'c': return "complex numbers: save the magnitude or one part";
        case 'O': return "Python objects: save numbers";
        case 'S':
        case 'U':
        case 'a': return "text: save numbers";
        case 'V': return "records: save one field";
        case 'M':
        case 'm': return "times: save numbers";
        case 'f': return "floats of this size: convert to float32";
        default: return "of an unknown type: convert to float32";
    }
}

template <class T>
float load_as(const std::byte* from, bool big_endian) noexcept {
    std::array<std::byte, sizeof(T)> bytes;
    std::memcpy(bytes.data(), from, sizeof(T));
    if (big_endian) {
        std::reverse(bytes.begin(), bytes.end());
    }
    T value;
    std::memcpy(&value, bytes.data(), sizeof(T));
    return static_cast<float>(value);
}

using Load = float (*)(const std::byte*, bool) noexcept;

Load loader(char type, std::size_t size) {
    switch (type) {
        case 'b':
        case 'u':
            return size == 1   ? load_as<std::uint8_t>
                   : size == 2 ? load_as<std::uint16_t>
                   : size == 4 ? load_as<std::uint32_t>
                   : size == 8 ? load_as<std::uint64_t>
                               : nullptr;
        case 'i':
            return size == 1   ? load_as<std::int8_t>
                   : size == 2 ? load_as<std::int16_t>
                   : size == 4 ? load_as<std::int32_t>
                   : size == 8 ? load_as<std::int64_t>
                               : nullptr;
        case 'f': return size == 4 ? load_as<float> : size == 8 ? load_as<double> : nullptr;
        default: return nullptr;
    }
}

}  // namespace

NpyFile::NpyFile(const std::string& path) : path_(path), file_(path, std::ios::binary) {
    if (!file_ || file_.peek() == std::char_traits<char>::eof()) {
        fail("cannot be read, or is empty");
    }
    read_header();
}

void NpyFile::fail(const std::string& what) const { throw SetupError(path_ + ": " + what); }

void NpyFile::read_header() {
    std::array<std::uint8_t, 12> head{};
    file_.read(reinterpret_cast<char*>(head.data()), 8);
    if (!file_ || std::memcmp(head.data(), kMagic, 6) != 0) {
        fail("is not a .npy file (it does not begin with \\x93NUMPY)");
    }
    const int version = head[6];
    if (version < 1 || version > 3) {
        fail(".npy version " + std::to_string(version) + " is not known; versions 1 to 3 are");
    }
    const std::size_t length_bytes = version == 1 ? 2 : 4;
    file_.read(reinterpret_cast<char*>(head.data()) + 8,
               static_cast<std::streamsize>(length_bytes));
    std::size_t length = 0;
    for (std::size_t i = length_bytes; i-- > 0;) {
        length = length << 8U | head[8 + i];
    }
    if (!file_ || length > kMaxHeader) {
        fail("header: cut off, or longer than 64 KiB");
    }
    std::string header(length, '\0');
    file_.read(header.data(), static_cast<std::streamsize>(length));
    if (!file_) {
        fail("header: the file ends in it");
    }
    data_offset_ = 8 + length_bytes + length;
    const auto order = value_of(header, "fortran_order");
    fortran_order_ = order.starts_with("True");
    if (!fortran_order_ && !order.starts_with("False")) {
        fail("header: fortran_order is missing");
    }
    read_dtype(header);
    read_shape(header);
    check_size();
}

/// A dtype as '<f4': byte order, type, bytes.
void NpyFile::read_dtype(const std::string& header) {
    const auto value = value_of(header, "descr");
    if (value.starts_with('[')) {
        fail(std::string("dtype: holds ") + refused('V'));
    }
    const auto quote = value.find('\'', 1);
    if (!value.starts_with('\'') || quote == std::string::npos || quote < 3) {
        fail("header: descr is missing");
    }
    const auto dtype = value.substr(1, quote - 1);
    big_endian_ = dtype[0] == '>';
    const bool has_order = dtype.find_first_of("<>|=") == 0;
    type_ = dtype[has_order ? 1 : 0];
    item_size_ = 0;
    std::from_chars(dtype.data() + (has_order ? 2 : 1), dtype.data() + dtype.size(), item_size_);
    if (loader(type_, item_size_) == nullptr) {
        fail("dtype " + dtype + ": holds " + refused(type_));
    }
}

void NpyFile::read_shape(const std::string& header) {
    const auto value = value_of(header, "shape");
    const auto close = value.find(')');
    if (!value.starts_with('(') || close == std::string::npos) {
        fail("header: shape is missing");
    }
    const auto text = value.substr(0, close + 1);
    std::vector<std::uint64_t> shape;
    for (auto at = text.find_first_of("0123456789"); at != std::string::npos;
         at = text.find_first_of("0123456789", at)) {
        std::uint64_t n = 0;
        const auto* end = text.data() + text.size();
        const auto parsed = std::from_chars(text.data() + at, end, n);
        shape.push_back(parsed.ec == std::errc{} ? n : UINT64_MAX);
        at = static_cast<std::size_t>(parsed.ptr - text.data());
    }
    if (shape.size() != 2 && shape.size() != 3) {
        fail("shape " + text + ": expected an image (rows, cols) or a stack (frames, rows, cols)");
    }
    const auto bounded = [&](std::uint64_t n, std::uint64_t low, std::uint64_t high) {
        if (n < low || n > high) {
            fail("shape " + text + ": expected 1 to 1000000 frames of 8 to 16384 rows and columns");
        }
        return static_cast<int>(n);
    };
    frames_ = shape.size() == 3 ? bounded(shape[0], 1, 1'000'000) : 1;
    rows_ = bounded(shape[shape.size() - 2], kMinSide, kMaxSide);
    cols_ = bounded(shape[shape.size() - 1], kMinSide, kMaxSide);
}

void NpyFile::check_size() {
    file_.seekg(0, std::ios::end);
    const auto have = static_cast<std::uint64_t>(file_.tellg()) - data_offset_;
    const auto pixels = static_cast<std::uint64_t>(rows_) * static_cast<std::uint64_t>(cols_);
    const auto want = pixels * static_cast<std::uint64_t>(frames_) * item_size_;  // bounded above
    if (have < want) {
        fail("data: cut off, has " + std::to_string(have) + " of " + std::to_string(want) +
             " bytes");
    }
}

void NpyFile::read_bytes(std::size_t offset, std::size_t size) {
    bytes_.resize(size);
    file_.clear();
    file_.seekg(static_cast<std::streamoff>(data_offset_ + offset));
    file_.read(reinterpret_cast<char*>(bytes_.data()), static_cast<std::streamsize>(size));
    if (!file_) {
        fail("data: cannot be read");
    }
}

void NpyFile::read(int frame, Image& into) {
    const auto k = static_cast<std::size_t>(frame), frames = static_cast<std::size_t>(frames_);
    const auto rows = static_cast<std::size_t>(rows_), cols = static_cast<std::size_t>(cols_);
    // Element (k, y, x) is at ((k · rows) + y) · cols + x in C order, k + frames · (y + rows · x) in Fortran's.
    std::size_t first = 0, per_row = cols, per_col = 1;
    if (fortran_order_) {
        if (bytes_.empty()) {
            read_bytes(0, frames * rows * cols * item_size_);
        }
        first = k;
        per_row = frames;
        per_col = frames * rows;
    } else {
        read_bytes(k * rows * cols * item_size_, rows * cols * item_size_);
    }
    into.resize(rows_, cols_);
    const Load load = loader(type_, item_size_);
    for (std::size_t y = 0; y < rows; ++y) {
        for (std::size_t x = 0; x < cols; ++x) {
            const auto* from = bytes_.data() + (first + y * per_row + x * per_col) * item_size_;
            into.data()[y * cols + x] = load(from, big_endian_);
        }
    }
}

std::optional<std::array<int, 2>> find_not_finite(const Image& image) noexcept {
    for (Eigen::Index y = 0; y < image.rows(); ++y) {
        for (Eigen::Index x = 0; x < image.cols(); ++x) {
            if (!std::isfinite(image(y, x))) {
                return {{static_cast<int>(x), static_cast<int>(y)}};
            }
        }
    }
    return std::nullopt;
}

}  // namespace dwellmap
