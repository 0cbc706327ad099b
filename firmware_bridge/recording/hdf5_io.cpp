// SPDX-License-Identifier: Apache-2.0
#include "recording/hdf5_io.hpp"

namespace dwellmap::hdf5 {
namespace {

/// At exit HDF5 would close what is open still, and crashes where a full disk does not let it. All that we open is closed by us.
[[maybe_unused]] const herr_t no_cleanup_at_exit = H5dont_atexit();

hid_t new_text_type() {
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    return type;
}

void write_attribute(hid_t at, const char* name, hid_t type, hid_t space, const void* value) {
    const Handle attribute(H5Acreate2(at, name, type, space, H5P_DEFAULT, H5P_DEFAULT), name);
    checked(H5Awrite(attribute, type, value), name);
}

hssize_t count_of(hid_t attribute, const char* name) {
    return H5Sget_simple_extent_npoints(Handle(H5Aget_space(attribute), name));
}

}  // namespace

std::string reason() {
    std::string text;
    const auto keep = [](unsigned, const H5E_error2_t* error, void* into) -> herr_t {
        *static_cast<std::string*>(into) = error->desc;
        return 1;  // enough
    };
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep, &text);
    return text;
}

Handle compound(std::size_t size, const std::vector<Member>& members) {
    Handle type(H5Tcreate(H5T_COMPOUND, size), "type");
    for (const auto& m : members) {
        checked(H5Tinsert(type, m.name.c_str(), m.offset, m.type), m.name);
    }
    return type;
}

void write_texts(hid_t at, const char* name, std::span<const std::string> texts) {
    std::vector<const char*> begins;
    for (const auto& text : texts) {
        begins.push_back(text.c_str());
    }
    const hsize_t count = texts.size();
    const Handle space(count == 1 ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &count, nullptr),
                       name);
    write_attribute(at, name, Handle(new_text_type(), name), space, begins.data());
}

void read_texts(hid_t at, const char* name, std::span<std::string> texts) {
    const Handle attribute(H5Aopen(at, name, H5P_DEFAULT), name), type(new_text_type(), name);
    if (count_of(attribute, name) != static_cast<hssize_t>(texts.size())) {
        throw std::runtime_error(std::string(name) + ": not " + std::to_string(texts.size()) +
                                 " text(s)");
    }
    std::vector<char*> begins(texts.size(), nullptr);
    checked(H5Aread(attribute, type, begins.data()), name);
    for (std::size_t k = 0; k < texts.size(); ++k) {
        texts[k] = begins[k] == nullptr ? "" : begins[k];
        H5free_memory(begins[k]);
    }
}

void write_number(hid_t at, const char* name, hid_t type, const void* value) {
    write_attribute(at, name, type, Handle(H5Screate(H5S_SCALAR), name), value);
}

void read_number(hid_t at, const char* name, hid_t type, void* value) {
    const Handle attribute(H5Aopen(at, name, H5P_DEFAULT), name);
    if (count_of(attribute, name) != 1) {
        throw std::runtime_error(std::string(name) + ": not one number");
    }
    checked(H5Aread(attribute, type, value), name);
}

void write_block(hid_t group, const char* name, hid_t type, const void* values,
                 const Extent& extent, const std::string& unit, const std::string& description) {
    const Handle space(H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr),
                       name);
    const Handle timeless(H5Pcreate(H5P_DATASET_CREATE), name);
    H5Pset_obj_track_times(timeless, false);
    const Handle data(H5Dcreate2(group, name, type, space, H5P_DEFAULT, timeless, H5P_DEFAULT),
                      name);
    checked(H5Dwrite(data, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), name);
    write_text(data, "unit", unit);
    write_text(data, "description", description);
}

Extent extent_of(hid_t group, const char* name) {
    const Handle data(H5Dopen2(group, name, H5P_DEFAULT), name);
    const Handle space(H5Dget_space(data), name);
    Extent extent(static_cast<std::size_t>(checked(H5Sget_simple_extent_ndims(space), name)));
    checked(H5Sget_simple_extent_dims(space, extent.data(), nullptr), name);
    return extent;
}

void read_block(hid_t group, const char* name, hid_t type, void* into) {
    const Handle data(H5Dopen2(group, name, H5P_DEFAULT), name);
    checked(H5Dread(data, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, into), name);
}

}  // namespace dwellmap::hdf5
