// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/config.hpp"
#include "dwellmap/library.hpp"
#include "dwellmap/pipeline.hpp"

#include <nlohmann/json.hpp>

#include <memory>
#include <string>
#include <vector>

namespace dwellmap {

/// What one image (or stack) of a series leaves behind.
struct SeriesImage {  // NOLINT(bugprone-exception-escape): moving a json can only fail by assertion
    std::string file;
    nlohmann::json frames;    ///< an object a frame
    nlohmann::json summary;   ///< of the last frame: species, picture, reciprocal space
    nlohmann::json pca;       ///< of this image, an object a species
    Library::FieldPtr field;  ///< its cations

    /// One frame after the other.
    void add(const FrameResult& result);

    /// @param frame the last one that gave a result, `last`
    void summarise(const Frame& frame, const FrameResult& last, const Pipeline& pipeline);
};

/// The fields of all images and of the library they join.
struct SeriesFields {
    Library library;
    std::vector<std::string> left_out;  ///< why an image is not part of the series' statistics
};
SeriesFields collect_fields(const Library& known, const std::vector<SeriesImage>& images);

/// The whole JSON of `dwellmap-analyze --results`, as text: frames, series, pca (each image and joint), population, mixtures,
/// kmeans, regression, counters, parameters, replay.
/// @param replay an object an image that is of a live run
std::string series_results(const Config& config, const std::vector<SeriesImage>& images,
                           const SeriesFields& fields, int failed, const nlohmann::json& replay);

}  // namespace dwellmap
