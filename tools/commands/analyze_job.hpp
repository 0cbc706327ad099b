// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "commands/image_input.hpp"
#include "commands/replay.hpp"
#include "dwellmap/config.hpp"

#include <limits>
#include <string>
#include <vector>

namespace dwellmap {

/// What dwellmap-analyze was asked for.
struct AnalyzeOptions {
    std::vector<std::string> images;
    std::string config_file, atoms, results, export_to, maps, library_out;
    std::vector<std::string> libraries;
    std::vector<std::string> overrides, species;
    std::vector<double> compositions;
    double pixel_nm = std::numeric_limits<double>::quiet_NaN();
    int threads = 1;
};

/// One image, or stack of images, of the series, and how it is analysed.
struct AnalyzeJob {
    ImageInput input;
    Config config;
    double composition = std::numeric_limits<double>::quiet_NaN();  ///< over the file's
    Replay replay;      ///< of the live run, if there was one
    std::string error;  ///< why there is nothing to analyse
};

/// The settings that the options give. @throws SetupError listing what is wrong with them
Config configure(const AnalyzeOptions& options);

/// A job for each series in each file. A recording of a live run is analysed with that run's settings, if no option says otherwise.
/// @throws SetupError if there are not as many compositions as series; what is wrong with a file is its job's error
std::vector<AnalyzeJob> find_jobs(const AnalyzeOptions& options, const Config& config);

}  // namespace dwellmap
