// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/recording_reader.hpp"
#include "recording/npy.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dwellmap {

/// Where the images of one series are: in a .npy file, or in one series of a recording.
struct ImageInput {
    std::string file;  ///< as given
    std::string
        label;  ///< for people: `file`, and which of its series where it has several: "session.h5#0001"
    std::string
        name;  ///< the file's without folder and ending; where it has several series: "session_0001"
    std::shared_ptr<const RecordingReader> recording;  ///< none: .npy
    std::size_t series = 0;                            ///< of the recording
    bool imported = false;  ///< the recording is made of `file`, its uuid is drawn each time

    /// Null if it is no recording.
    const RecordedSeries* recorded() const {
        return recording ? &recording->series()[series] : nullptr;
    }
};

/// The series in a file: .npy, recording, or whatever dwellmap-import reads. A .npy file is not opened yet.
/// @throws SetupError naming the file and what is wrong with it
std::vector<ImageInput> find_images(const std::string& file);

/// Reads the images of one series.
class ImageReader {
public:
    /// @throws SetupError if it is a .npy file that can't be read
    explicit ImageReader(const ImageInput& input);

    /// Of a .npy file: shape, name and the pixel size of the .json beside it; no uuid.
    const StartMessage& start() const noexcept { return start_; }
    std::size_t frames() const noexcept;

    /// @throws SetupError naming the frame if it can't be read or is damaged; others are not affected
    void read(std::size_t frame, RecordedImage& into);

private:
    const ImageInput& input_;
    std::optional<NpyFile> npy_;
    StartMessage start_;
    Image counts_;
};

}  // namespace dwellmap
