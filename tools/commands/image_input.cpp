// SPDX-License-Identifier: Apache-2.0
#include "commands/image_input.hpp"

#include "commands/import_file.hpp"
#include "commands/sidecar.hpp"
#include "dwellmap/error.hpp"

#include <array>
#include <filesystem>
#include <fstream>

namespace dwellmap {
namespace {

namespace fs = std::filesystem;

std::vector<ImageInput> series_of(const std::string& file,
                                  const std::shared_ptr<const RecordingReader>& recording,
                                  bool imported) {
    const auto& all = recording->series();
    if (all.empty()) {
        throw SetupError(file + ": has no series");
    }
    const auto stem = fs::path(file).stem().string();
    std::vector<ImageInput> out;
    for (std::size_t k = 0; k < all.size(); ++k) {
        const bool several = all.size() > 1;
        out.push_back({file, several ? file + "#" + all[k].group : file,
                       several ? stem + "_" + all[k].group : stem, recording, k, imported});
    }
    return out;
}

/// HDF5 by its name, but not by its first bytes: what is wrong is for the recording's reader to say.
bool is_damaged_hdf5(const fs::path& file) {
    const auto ending = file.extension();
    std::array<char, 8> begin{};
    std::ifstream(file, std::ios::binary).read(begin.data(), begin.size());
    return (ending == ".h5" || ending == ".hdf5") &&
           std::string_view(begin.data(), begin.size()) != "\x89HDF\r\n\x1a\n";
}

}  // namespace

std::vector<ImageInput> find_images(const std::string& file) {
    std::error_code error;
    if (!fs::exists(file, error)) {
        throw SetupError(file + ": there is no such file");
    }
    if (fs::path(file).extension() == ".npy") {
        return {{file, file, fs::path(file).stem().string(), nullptr, 0, false}};
    }
    if (is_recording(file) || is_damaged_hdf5(file)) {
        return series_of(file, std::make_shared<const RecordingReader>(file), false);
    }
    return series_of(file, import_file(file), true);
}

ImageReader::ImageReader(const ImageInput& input) : input_(input) {
    if (const auto* recorded = input.recorded()) {
        start_ = recorded->start;
        return;
    }
    npy_.emplace(input.file);
    start_.series.name = input.name;
    start_.series.rows_px = npy_->rows();
    start_.series.cols_px = npy_->cols();
    start_.series.pixel_size_nm = sidecar_pixel_size_nm(input.file);
}

std::size_t ImageReader::frames() const noexcept {
    return npy_ ? static_cast<std::size_t>(npy_->frames()) : input_.recorded()->index.size();
}

void ImageReader::read(std::size_t frame, RecordedImage& into) {
    if (!npy_) {
        input_.recording->read(input_.series, frame, into);
        return;
    }
    npy_->read(static_cast<int>(frame), counts_);
    const auto bytes =
        std::as_bytes(std::span(counts_.data(), static_cast<std::size_t>(counts_.size())));
    into.number = frame;
    into.type = PixelType::f32;
    into.pixels.assign(bytes.begin(), bytes.end());
    into.row_valid.assign(static_cast<std::size_t>(counts_.rows()), 1);
}

}  // namespace dwellmap
