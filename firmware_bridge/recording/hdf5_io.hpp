// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hdf5.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace dwellmap::hdf5 {

/// What HDF5 says about the call that failed last: its innermost message.
std::string reason();

/// @throws std::runtime_error `what` and the reason, if a call did not succeed
template <class Result>
Result checked(Result result, std::string_view what) {
    if (result < 0) {
        throw std::runtime_error(std::string(what) + ": " + reason());
    }
    return result;
}

/// Anything of HDF5 that is to be closed.
class Handle {
public:
    Handle(hid_t id, std::string_view what) : id_(checked(id, what)) {}
    ~Handle() {
        if (id_ >= 0) {
            H5Idec_ref(id_);
        }
    }
    Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, H5I_INVALID_HID)) {}
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    operator hid_t() const noexcept { return id_; }

private:
    hid_t id_;
};

using Extent = std::vector<hsize_t>;

/// One member of a struct that is written as an HDF5 compound.
struct Member {
    std::string name;
    std::size_t offset;
    hid_t type;
};

/// The struct as it is in memory.
Handle compound(std::size_t size, const std::vector<Member>& members);

template <class T>
hid_t type_of() {
    if constexpr (std::is_same_v<T, double>) {
        return H5T_NATIVE_DOUBLE;
    } else if constexpr (std::is_same_v<T, float>) {
        return H5T_NATIVE_FLOAT;
    } else if constexpr (std::is_same_v<T, std::int64_t>) {
        return H5T_NATIVE_INT64;
    } else if constexpr (std::is_same_v<T, std::int32_t>) {
        return H5T_NATIVE_INT32;
    } else if constexpr (std::is_same_v<T, std::int16_t>) {
        return H5T_NATIVE_INT16;
    } else if constexpr (std::is_same_v<T, std::uint64_t>) {
        return H5T_NATIVE_UINT64;
    } else if constexpr (std::is_same_v<T, std::uint32_t>) {
        return H5T_NATIVE_UINT32;
    } else if constexpr (std::is_same_v<T, std::uint16_t>) {
        return H5T_NATIVE_UINT16;
    } else if constexpr (std::is_same_v<T, std::uint8_t>) {
        return H5T_NATIVE_UINT8;
    } else {
        static_assert(std::is_same_v<T, std::int8_t>);
        return H5T_NATIVE_INT8;
    }
}

/// One text, or an array of texts.
void write_texts(hid_t at, const char* name, std::span<const std::string> texts);
void read_texts(hid_t at, const char* name, std::span<std::string> texts);

inline void write_text(hid_t at, const char* name, const std::string& text) {
    write_texts(at, name, {&text, 1});
}

inline std::string read_text(hid_t at, const char* name) {
    std::string text;
    read_texts(at, name, {&text, 1});
    return text;
}

void write_number(hid_t at, const char* name, hid_t type, const void* value);
void read_number(hid_t at, const char* name, hid_t type, void* value);

template <class T>
void write_number(hid_t at, const char* name, T value) {
    write_number(at, name, type_of<T>(), &value);
}

template <class T>
T read_number(hid_t at, const char* name) {
    T value{};
    read_number(at, name, type_of<T>(), &value);
    return value;
}

/// A dataset with attributes that say what it is.
void write_block(hid_t group, const char* name, hid_t type, const void* values,
                 const Extent& extent, const std::string& unit, const std::string& description);

Extent extent_of(hid_t group, const char* name);

/// @param into has room for extent_of() values
void read_block(hid_t group, const char* name, hid_t type, void* into);

}  // namespace dwellmap::hdf5
