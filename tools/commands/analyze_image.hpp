// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "commands/analyze_job.hpp"
#include "commands/results_file.hpp"
#include "commands/series_results.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace dwellmap {

/// What one image leaves behind, in the order of the images whatever the threads did.
struct ImageOutput {  // NOLINT(bugprone-exception-escape): as SeriesImage
    std::optional<SeriesImage> image;
    double direction_rad = std::numeric_limits<double>::quiet_NaN();  ///< first of the lattice
    std::string table, summary;
    std::vector<std::string> errors;
    Replay replay;
};

/// All frames of one image or stack through the pipeline; of a recording with results those that the live run saw. A frame
/// that can't be read or analysed is an error of the output, the others are analysed all the same.
/// @param direction_rad first lattice direction of the series, NaN: this image chooses it
/// @param frame_offset  frames of the images before it
/// @param export_to     takes atoms and maps; may be null
ImageOutput analyse_image(const AnalyzeOptions& options, const AnalyzeJob& job,
                          double direction_rad, std::uint64_t frame_offset, ResultsFile* export_to);

}  // namespace dwellmap
