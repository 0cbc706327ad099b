// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/simulated_output.hpp"

#include "dwellmap/error.hpp"

#include <array>
#include <bit>
#include <cstdio>
#include <stdexcept>

namespace dwellmap {
namespace {

static_assert(std::endian::native == std::endian::little, "the .npy header says little-endian");

std::ofstream open_for_writing(const std::string& path) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    if (!file) {
        throw SetupError(path + ": can't be written; check that its folder exists and is writable");
    }
    return file;
}

void require_written(const std::ofstream& file, const std::string& path) {
    if (!file) {
        throw std::runtime_error(path + ": writing failed; is the disk full?");
    }
}

}  // namespace

NpyStackWriter::NpyStackWriter(const std::string& path, int rows_px, int cols_px)
    : path_(path), file_(open_for_writing(path)), rows_px_(rows_px), cols_px_(cols_px) {
    write_header();
}

NpyStackWriter::~NpyStackWriter() {
    file_.seekp(0);
    write_header();
}

/// Version 1.0: magic, length of the text, the text padded with spaces to a fixed length and a line end.
void NpyStackWriter::write_header() {
    constexpr std::size_t kText = 118;
    std::string text = "{'descr': '<f4', 'fortran_order': False, 'shape': (" +
                       std::to_string(frames_) + ", " + std::to_string(rows_px_) + ", " +
                       std::to_string(cols_px_) + "), }";
    text.resize(kText - 1, ' ');
    file_ << "\x93NUMPY" << '\x01' << '\0' << static_cast<char>(kText) << '\0' << text << '\n';
}

void NpyStackWriter::add(const Image& counts) {
    const auto bytes = static_cast<std::streamsize>(sizeof(float)) * counts.size();
    file_.write(reinterpret_cast<const char*>(counts.data()), bytes);
    require_written(file_, path_);
    ++frames_;
}

TruthWriter::TruthWriter(const std::string& path) : path_(path), file_(open_for_writing(path)) {
    file_ << "frame,id,site,species,n,x_px,y_px,x_nm,y_nm,isotropic_nm,zigzag0_nm,zigzag1_nm,"
             "zigzag2_nm,amplitude\n";
}

void TruthWriter::add(std::uint64_t frame, const std::vector<TrueColumn>& truth) {
    std::array<char, 256> line{};
    for (const auto& c : truth) {
        std::snprintf(line.data(), line.size(),
                      "%llu,%lld,%s,%s,%d,%.5f,%.5f,%.7f,%.7f,%.7f,%.7f,%.7f,%.7f,%.4f\n",
                      static_cast<unsigned long long>(frame), static_cast<long long>(c.id),
                      c.site == Site::cation ? "cation" : "anion", species_name(c), c.n, c.x_px,
                      c.y_px, c.x_nm, c.y_nm, c.isotropic_nm, c.zigzag_nm[0], c.zigzag_nm[1],
                      c.zigzag_nm[2], c.amplitude);
        file_ << line.data();
    }
    file_.flush();
    require_written(file_, path_);
}

const char* species_name(const TrueColumn& column) noexcept {
    if (column.site == Site::cation) {
        return column.species == species_second ? "Re" : "Mo";
    }
    return column.atoms == 2 ? "S2" : column.atoms == 1 ? "S" : "vacancy";
}

void write_events(const std::string& path, const std::vector<ChangeEvent>& events) {
    auto file = open_for_writing(path);
    file << "frame,kind,id,x_nm,y_nm,value\n";
    for (const auto& e : events) {
        file << e.frame << ',' << e.kind << ',' << e.id << ',' << e.x_nm << ',' << e.y_nm << ','
             << e.value << '\n';
    }
    file.flush();
    require_written(file, path);
}

}  // namespace dwellmap
