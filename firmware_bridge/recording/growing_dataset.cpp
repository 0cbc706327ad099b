// SPDX-License-Identifier: Apache-2.0
#include "recording/growing_dataset.hpp"

namespace dwellmap::hdf5 {
namespace {

Extent extent_of(hid_t data) {
    const Handle space(H5Dget_space(data), "extent");
    Extent extent(static_cast<std::size_t>(checked(H5Sget_simple_extent_ndims(space), "extent")));
    checked(H5Sget_simple_extent_dims(space, extent.data(), nullptr), "extent");
    return extent;
}

/// @return where the new entries begin
Extent grow(hid_t data, hsize_t count) {
    Extent extent = extent_of(data);
    Extent begin(extent.size(), 0);
    begin[0] = extent[0];
    extent[0] += count;
    checked(H5Dset_extent(data, extent.data()), "grow");
    return begin;
}

Handle packed(hid_t type) {
    Handle copy(H5Tcopy(type), "type");
    if (H5Tget_class(type) == H5T_COMPOUND) {
        checked(H5Tpack(copy), "type");
    }
    return copy;
}

}  // namespace

Handle new_growing(hid_t parent, const char* name, hid_t type, const Extent& entry,
                   hsize_t chunk_entries, const Filter& filter) {
    Extent extent{0}, most{H5S_UNLIMITED}, chunk{chunk_entries};
    for (auto* e : {&extent, &most, &chunk}) {
        e->insert(e->end(), entry.begin(), entry.end());
    }
    const char* what = name == nullptr ? "dataset" : name;
    const Handle space(
        H5Screate_simple(static_cast<int>(extent.size()), extent.data(), most.data()), what);
    const Handle layout(H5Pcreate(H5P_DATASET_CREATE), what);
    checked(H5Pset_chunk(layout, static_cast<int>(chunk.size()), chunk.data()), what);
    checked(H5Pset_obj_track_times(layout, false), what);
    if (filter.deflate_level > 0) {
        checked(H5Pset_shuffle(layout), what);
        checked(H5Pset_deflate(layout, filter.deflate_level), what);
    }
    const Handle in_file = packed(type);
    const hid_t id = name == nullptr ? H5Dcreate_anon(parent, in_file, space, layout, H5P_DEFAULT)
                                     : H5Dcreate2(parent, name, in_file, space, H5P_DEFAULT, layout,
                                                  H5P_DEFAULT);
    return {id, what};
}

hsize_t entries_of(hid_t data) { return extent_of(data)[0]; }

void append(hid_t data, hid_t type, const void* values, hsize_t count) {
    if (count == 0) {
        return;
    }
    const Extent begin = grow(data, count);
    Extent added = extent_of(data);
    added[0] = count;
    const Handle in_file(H5Dget_space(data), "extent");
    checked(
        H5Sselect_hyperslab(in_file, H5S_SELECT_SET, begin.data(), nullptr, added.data(), nullptr),
        "extent");
    const Handle in_memory(H5Screate_simple(static_cast<int>(added.size()), added.data(), nullptr),
                           "extent");
    checked(H5Dwrite(data, type, in_memory, in_file, H5P_DEFAULT, values), "write");
}

void append_chunk(hid_t data, const void* chunk, std::size_t size) {
    const Extent begin = grow(data, 1);
    checked(H5Dwrite_chunk(data, H5P_DEFAULT, 0, begin.data(), size, chunk), "write");
}

}  // namespace dwellmap::hdf5
