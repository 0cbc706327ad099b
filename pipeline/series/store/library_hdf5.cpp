// SPDX-License-Identifier: Apache-2.0
#include "store/library_hdf5.hpp"

#include "dwellmap/error.hpp"
#include "recording/hdf5_io.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string_view>

namespace dwellmap {
namespace {

using hdf5::Extent;
using hdf5::Handle;

constexpr const char* kFormat = "dwellmap library";
constexpr std::int32_t kVersion = 1;
constexpr std::size_t kHeadSize = 512;  // where HDF5 looks for its beginning next

/// The one list of what a field has for every atom: visit(values, name, unit, description).
template <class Field, class Visit>
void for_each_column(Field& f, const std::string& length, const Visit& visit) {
    visit(f.id, "id", "1", "of the atom's track");
    visit(f.x, "x", length, "in the first frame of the series, to the right");
    visit(f.y, "y", length, "in the first frame of the series, downwards");
    visit(f.i, "i", "1", "unit cell in the last frame's lattice, along a1");
    visit(f.j, "j", "1", "unit cell in the last frame's lattice, along a2");
    visit(f.species, "species", "1", "index into species_names");
    visit(f.n, "n", "1", "second-species cations among the 6 nearest");
    visit(f.n_outer, "n_outer", "1",
          "second-species cations in the second and third shell; -1: not all are known");
    visit(f.seen, "seen", "1", "frames behind the mean offsets");
    visit(f.se_score, "se_score", length, "standard error of a unit pattern's score");
}

Extent extent_of_offsets(const FieldOfView& f, hsize_t atoms) {
    return {atoms, static_cast<hsize_t>(f.neighbours), 2};
}

void write_field(hid_t fields, const std::string& number, const FieldOfView& f) {
    const Handle group(H5Gcreate2(fields, number.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
                       number);
    hdf5::write_text(group, "key", f.key);
    hdf5::write_text(group, "name", f.name);
    hdf5::write_texts(group, "species_names", f.species_names);
    hdf5::write_number(group, "composition", f.composition);
    hdf5::write_number(group, "fraction_second", f.fraction_second);
    hdf5::write_number(group, "width", f.width);
    hdf5::write_number(group, "height", f.height);
    hdf5::write_number(group, "a", f.a);
    hdf5::write_number(group, "rotation_rad", f.rotation_rad);
    hdf5::write_number(group, "frames", f.frames);
    for_each_column(f, f.unit,
                    [&]<class T>(const std::vector<T>& values, const char* name,
                                 const std::string& unit, const std::string& description) {
                        hdf5::write_block(group, name, hdf5::type_of<T>(), values.data(),
                                          {values.size()}, unit, description);
                    });
    hdf5::write_block(group, "offsets", hdf5::type_of<double>(), f.offsets.data(),
                      extent_of_offsets(f, f.size()), f.unit,
                      "mean offsets of the neighbours, (u, v) in the lattice frame, u along a1");
}

void require_extent(hid_t group, const char* name, const Extent& expected) {
    if (hdf5::extent_of(group, name) != expected) {
        throw std::runtime_error(std::string(name) + ": not one entry an atom");
    }
}

Library::FieldPtr read_field(hid_t group, const std::string& unit, int neighbours) {
    auto f = std::make_shared<FieldOfView>();
    f->unit = unit;
    f->neighbours = neighbours;
    f->key = hdf5::read_text(group, "key");
    f->name = hdf5::read_text(group, "name");
    hdf5::read_texts(group, "species_names", f->species_names);
    f->composition = hdf5::read_number<double>(group, "composition");
    f->fraction_second = hdf5::read_number<double>(group, "fraction_second");
    f->width = hdf5::read_number<double>(group, "width");
    f->height = hdf5::read_number<double>(group, "height");
    f->a = hdf5::read_number<double>(group, "a");
    f->rotation_rad = hdf5::read_number<double>(group, "rotation_rad");
    f->frames = hdf5::read_number<std::int64_t>(group, "frames");

    const Extent offsets = hdf5::extent_of(group, "offsets");
    const hsize_t atoms = offsets.empty() ? 0 : offsets[0];
    require_extent(group, "offsets", extent_of_offsets(*f, atoms));
    for_each_column(*f, unit, [&]<class T>(std::vector<T>& values, const char* name, auto&&...) {
        require_extent(group, name, {atoms});
        values.resize(atoms);
        hdf5::read_block(group, name, hdf5::type_of<T>(), values.data());
    });
    f->offsets.resize(2 * neighbours, static_cast<Eigen::Index>(atoms));
    hdf5::read_block(group, "offsets", hdf5::type_of<double>(), f->offsets.data());
    return f;
}

/// The first 512 bytes: text for people, and a checksum so that HDF5 never sees damaged bytes.
std::string head_of(std::span<const std::byte> body) {
    const auto crc = crc32_z(0, reinterpret_cast<const Bytef*>(body.data()), body.size());
    std::ostringstream head;
    head << kFormat << ": HDF5 from byte 512 on, as h5py and h5dump read it\ncrc32 " << std::hex
         << crc << '\n';
    std::string text = head.str();
    text.resize(kHeadSize);
    return text;
}

std::span<const std::byte> checked_body(std::span<const std::byte> bytes) {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (!text.starts_with(kFormat)) {
        throw std::runtime_error("it is something else");
    }
    const auto body = bytes.subspan(std::min(kHeadSize, bytes.size()));
    if (!text.starts_with(head_of(body))) {
        throw std::runtime_error("it was cut, damaged or changed since dwellmap wrote it");
    }
    return body;
}

std::string number_of(std::size_t index) {
    const std::string digits = std::to_string(index);
    return std::string(digits.size() < 4 ? 4 - digits.size() : 0, '0') + digits;
}

/// HDF5 takes two files of one name for the same one, also in memory.
std::string new_name() {
    static std::atomic<unsigned> count{0};
    return "library " + std::to_string(++count);
}

/// Calls f(name, access) with the property list of a file in memory.
template <class F>
auto in_memory(const F& f) {
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);  // errors are thrown, not printed
    const Handle access(H5Pcreate(H5P_FILE_ACCESS), "memory");
    H5Pset_fapl_core(access, std::size_t{4} << 20, false);
    return f(new_name(), access);
}

void require_our_version(hid_t file) {
    const auto version = hdf5::read_number<std::int32_t>(file, "version");
    if (version != kVersion) {
        throw std::runtime_error("its format is version " + std::to_string(version) +
                                 ", this dwellmap knows " + std::to_string(kVersion));
    }
}

Library read_fields(hid_t file) {
    const auto unit = hdf5::read_text(file, "unit");
    const int neighbours = hdf5::read_number<std::int32_t>(file, "neighbours");
    const Handle fields(H5Gopen2(file, "fields", H5P_DEFAULT), "fields");
    H5G_info_t info{};
    hdf5::checked(H5Gget_info(fields, &info), "fields");
    Library library;
    for (hsize_t k = 0; k < info.nlinks; ++k) {
        std::array<char, 64> name{};
        H5Lget_name_by_idx(fields, ".", H5_INDEX_NAME, H5_ITER_INC, k, name.data(), name.size(),
                           H5P_DEFAULT);
        try {
            const Handle group(H5Gopen2(fields, name.data(), H5P_DEFAULT), "group");
            library.put(read_field(group, unit, neighbours));
        } catch (const std::runtime_error& e) {
            throw std::runtime_error("field " + std::string(name.data()) + ", " + e.what());
        }
    }
    return library;
}

void write_fields(hid_t file, const std::vector<Library::FieldPtr>& fields) {
    hdf5::write_text(file, "format", kFormat);
    hdf5::write_number(file, "version", kVersion);
    hdf5::write_text(file, "unit", fields.empty() ? "" : fields.front()->unit);
    hdf5::write_number<std::int32_t>(file, "neighbours",
                                     fields.empty() ? 0 : fields.front()->neighbours);
    const Handle group(H5Gcreate2(file, "fields", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), "fields");
    for (std::size_t k = 0; k < fields.size(); ++k) {
        write_field(group, number_of(k), *fields[k]);
    }
}

}  // namespace

std::vector<std::byte> to_hdf5(const Library& library) {
    for (const auto& field : library.fields()) {
        library.check_fits(*field, "library");
    }
    return in_memory([&](const std::string& name, hid_t access) {
        const Handle file(H5Fcreate(name.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access), "create");
        write_fields(file, library.fields());
        hdf5::checked(H5Fflush(file, H5F_SCOPE_LOCAL), "flush");
        const ssize_t size = hdf5::checked(H5Fget_file_image(file, nullptr, 0), "size");
        std::vector<std::byte> bytes(kHeadSize + static_cast<std::size_t>(size));
        const auto body = std::span(bytes).subspan(kHeadSize);
        hdf5::checked(H5Fget_file_image(file, body.data(), body.size()), "copy");
        std::memcpy(bytes.data(), head_of(body).data(), kHeadSize);
        return bytes;
    });
}

Library from_hdf5(std::span<const std::byte> bytes, const std::string& origin) {
    try {
        const auto body = checked_body(bytes);
        return in_memory([&](const std::string& name, hid_t access) {
            // not const for HDF5, which nevertheless only copies it
            H5Pset_file_image(access, const_cast<std::byte*>(body.data()), body.size());
            const Handle file(H5Fopen(name.c_str(), H5F_ACC_RDONLY, access), "open");
            require_our_version(file);
            return read_fields(file);
        });
    } catch (const std::runtime_error& e) {
        throw SetupError(origin + " can't be read as a library: " + e.what() +
                         ". Name another file, restore a copy, or move it away for a new one");
    }
}

}  // namespace dwellmap
