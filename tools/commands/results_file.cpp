// SPDX-License-Identifier: Apache-2.0
#include "commands/results_file.hpp"

#include "base/utc.hpp"
#include "commands/atoms_csv.hpp"
#include "dwellmap/error.hpp"
#include "recording/hdf5_io.hpp"

#include <array>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <vector>

namespace dwellmap {
namespace {

using hdf5::checked;
using hdf5::Handle;

constexpr std::size_t kSiteBytes = 8, kSpeciesBytes = 32;

/// A row of the table of atoms; lengths in nm are NaN without a scale.
struct Row {
    std::uint64_t frame;
    std::int64_t id;
    float x_px, y_px;
    double x_nm, y_nm, se_x_nm, se_y_nm;
    float amplitude, background;
    double width_nm;
    std::array<char, kSiteBytes> site;
    std::array<char, kSpeciesBytes> species;
    std::int8_t n;
    std::uint8_t complete;
    std::uint16_t flags;
    Scores scores;
    float p_second, se_amplitude, chi2, se_x_px, se_y_px;
};

template <std::size_t N>
void put(const std::string& text, std::array<char, N>& into) {
    std::strncpy(into.data(), text.c_str(), N - 1);
}

Row row_of(const FrameResult& r, std::size_t k) {
    const Atom& a = r.atoms[k];
    const double nm = r.pixel_size_nm;
    Row row{};
    row.frame = r.frame_number;
    row.id = a.id;
    row.x_px = a.x_px;
    row.y_px = a.y_px;
    row.x_nm = a.x_px * nm;
    row.y_nm = a.y_px * nm;
    row.se_x_nm = a.se_x_px * nm;
    row.se_y_nm = a.se_y_px * nm;
    row.amplitude = a.amplitude;
    row.background = a.background;
    row.width_nm = r.sigma_px * nm;
    put(to_string(a.site), row.site);
    if (a.species >= 0) {
        put(r.species_names[static_cast<std::size_t>(a.species)], row.species);
    }
    row.n = a.n;
    row.complete = a.complete;
    row.flags = a.flags;
    row.scores = r.scores[k];
    row.p_second = a.p_second;
    row.se_amplitude = a.se_amplitude;
    row.chi2 = a.chi2;
    row.se_x_px = a.se_x_px;
    row.se_y_px = a.se_y_px;
    return row;
}

hid_t new_text_type(std::size_t bytes) {
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, bytes);
    H5Tset_strpad(type, H5T_STR_NULLPAD);
    H5Tset_cset(type, H5T_CSET_UTF8);
    return type;
}

void add_score_columns(std::vector<hdf5::Member>& columns) {
    const auto add = [&](const std::string& name, std::size_t offset) {
        columns.push_back({name, offsetof(Row, scores) + offset, H5T_NATIVE_FLOAT});
    };
    for (std::size_t k = 0; k < kModes; ++k) {
        add("score_" + std::to_string(k + 1), offsetof(Scores, pca) + k * sizeof(float));
    }
    add("isotropic", offsetof(Scores, isotropic));
    for (std::size_t k = 0; k < 3; ++k) {
        add("zigzag_" + std::to_string(k), offsetof(Scores, zigzag) + k * sizeof(float));
    }
    add("order_parameter", offsetof(Scores, order_parameter));
    add("se_isotropic", offsetof(Scores, se_isotropic));
    add("se_order_parameter", offsetof(Scores, se_order_parameter));
}

/// In memory; in the file H5Tpack takes the gaps out.
Handle new_row_type() {
    const Handle site(new_text_type(kSiteBytes), "site");
    const Handle species(new_text_type(kSpeciesBytes), "species");
    std::vector<hdf5::Member> columns{
        {"frame", offsetof(Row, frame), H5T_NATIVE_UINT64},
        {"id", offsetof(Row, id), H5T_NATIVE_INT64},
        {"x_px", offsetof(Row, x_px), H5T_NATIVE_FLOAT},
        {"y_px", offsetof(Row, y_px), H5T_NATIVE_FLOAT},
        {"x_nm", offsetof(Row, x_nm), H5T_NATIVE_DOUBLE},
        {"y_nm", offsetof(Row, y_nm), H5T_NATIVE_DOUBLE},
        {"se_x_nm", offsetof(Row, se_x_nm), H5T_NATIVE_DOUBLE},
        {"se_y_nm", offsetof(Row, se_y_nm), H5T_NATIVE_DOUBLE},
        {"amplitude", offsetof(Row, amplitude), H5T_NATIVE_FLOAT},
        {"background", offsetof(Row, background), H5T_NATIVE_FLOAT},
        {"width_nm", offsetof(Row, width_nm), H5T_NATIVE_DOUBLE},
        {"site", offsetof(Row, site), site},
        {"species", offsetof(Row, species), species},
        {"n", offsetof(Row, n), H5T_NATIVE_INT8},
        {"complete", offsetof(Row, complete), H5T_NATIVE_UINT8},
        {"flags", offsetof(Row, flags), H5T_NATIVE_UINT16},
    };
    add_score_columns(columns);
    const std::vector<hdf5::Member> rest{
        {"p_second", offsetof(Row, p_second), H5T_NATIVE_FLOAT},
        {"se_amplitude", offsetof(Row, se_amplitude), H5T_NATIVE_FLOAT},
        {"chi2", offsetof(Row, chi2), H5T_NATIVE_FLOAT},
        {"se_x_px", offsetof(Row, se_x_px), H5T_NATIVE_FLOAT},
        {"se_y_px", offsetof(Row, se_y_px), H5T_NATIVE_FLOAT},
    };
    columns.insert(columns.end(), rest.begin(), rest.end());
    return hdf5::compound(sizeof(Row), columns);
}

void write_atoms(hid_t group, const FrameResult& r) {
    std::vector<Row> rows;
    rows.reserve(r.atoms.size());
    for (std::size_t k = 0; k < r.atoms.size(); ++k) {
        rows.push_back(row_of(r, k));
    }
    const Handle type = new_row_type(), packed(H5Tcopy(type), "atoms");
    checked(H5Tpack(packed), "atoms");
    const hsize_t count = rows.size();
    const Handle space(H5Screate_simple(1, &count, nullptr), "atoms");
    const Handle data(
        H5Dcreate2(group, "atoms", packed, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), "atoms");
    checked(H5Dwrite(data, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, rows.data()), "atoms");
}

Handle new_group(hid_t at, const std::string& name) {
    return {H5Gcreate2(at, name.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), name};
}

Handle write_values(hid_t group, const char* name, hid_t type, const void* values,
                    const hdf5::Extent& extent) {
    const Handle space(H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr),
                       name);
    Handle data(H5Dcreate2(group, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), name);
    checked(H5Dwrite(data, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), name);
    return data;
}

/// As EMD has it. @param values [rows × cols]
void write_layer(hid_t maps, const std::string& name, const Image& values, const FrameResult& r) {
    const Handle layer = new_group(maps, name);
    hdf5::write_number<std::uint32_t>(layer, "emd_group_type", 1);
    const std::array<Eigen::Index, 2> sides{values.rows(), values.cols()};
    const Handle data =
        write_values(layer, "data", H5T_NATIVE_FLOAT, values.data(),
                     {static_cast<hsize_t>(sides[0]), static_cast<hsize_t>(sides[1])});
    hdf5::write_text(data, "units", r.length_unit());
    for (std::size_t axis = 0; axis < 2; ++axis) {
        std::vector<double> places(static_cast<std::size_t>(sides[axis]));
        for (std::size_t k = 0; k < places.size(); ++k) {
            places[k] = ((static_cast<double>(k) + 0.5) * r.map_step_px - 0.5) * r.length_per_px();
        }
        const Handle dim = write_values(layer, axis == 0 ? "dim0" : "dim1", H5T_NATIVE_DOUBLE,
                                        places.data(), {places.size()});
        hdf5::write_text(dim, "name", axis == 0 ? "y" : "x");
        hdf5::write_text(dim, "units", r.length_unit());
    }
}

}  // namespace

struct ResultsFile::Impl {
    std::string path, part;
    std::mutex mutex;
    hid_t file = -1;

    explicit Impl(const std::string& to) : path(to), part(to + ".part") {
        H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
        file = H5Fcreate(part.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
        if (file < 0) {
            throw SetupError("cannot write " + path + ": is its folder there and writable?");
        }
        hdf5::write_text(file, "format", "dwellmap results");
        hdf5::write_number<std::uint32_t>(file, "format_version", 1);
        hdf5::write_text(file, "writer", "dwellmap-analyze " DWELLMAP_VERSION);
        hdf5::write_text(file, "created", utc_now());
        hdf5::write_number<std::uint32_t>(file, "version_major", 0);  // of EMD
        hdf5::write_number<std::uint32_t>(file, "version_minor", 2);
        new_group(file, "frames");
    }

    ~Impl() {
        if (file >= 0) {
            H5Fclose(file);
        }
        std::error_code ignored;
        std::filesystem::remove(part, ignored);
    }
};

ResultsFile::ResultsFile(const std::string& path) : impl_(std::make_unique<Impl>(path)) {}
ResultsFile::~ResultsFile() = default;

void ResultsFile::add(std::uint64_t index, const FrameResult& r, const std::string& parameters) {
    std::array<char, 32> name{};
    std::snprintf(name.data(), name.size(), "frames/%04llu",
                  static_cast<unsigned long long>(index));
    const std::lock_guard lock(impl_->mutex);
    const Handle frame = new_group(impl_->file, name.data());
    hdf5::write_text(frame, "uuid", r.series->uuid);
    hdf5::write_text(frame, "name", r.series->name);
    hdf5::write_number<std::uint64_t>(frame, "frame", r.frame_number);
    hdf5::write_text(frame, "unit", r.length_unit());
    if (r.has_scale()) {
        hdf5::write_number(frame, "pixel_size_nm", r.pixel_size_nm);
    }
    hdf5::write_number<std::uint32_t>(frame, "step_px", static_cast<std::uint32_t>(r.map_step_px));
    hdf5::write_text(frame, "version", DWELLMAP_VERSION);
    hdf5::write_text(frame, "parameters", parameters);
    write_atoms(frame, r);
    const Handle maps = new_group(frame, "maps");
    for (const auto& layer : r.maps) {
        write_layer(maps, layer.name, layer.value, r);
        write_layer(maps, std::string("se_") + layer.name, layer.sigma, r);
    }
}

void ResultsFile::commit() {
    const bool whole = H5Fclose(impl_->file) >= 0;
    impl_->file = -1;
    if (!whole) {
        throw SetupError("cannot write " + impl_->path + ": is the disk full?");
    }
    std::filesystem::rename(impl_->part, impl_->path);
}

}  // namespace dwellmap
