// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/config.hpp"
#include "dwellmap/pipeline.hpp"

#include <nlohmann/json.hpp>

#include <memory>
#include <string>
#include <vector>

namespace dwellmap {

/// One image (or stack) of a series after its analysis.
struct SeriesImage {
    std::string file;
    std::shared_ptr<const Series> series;
    std::unique_ptr<Pipeline> pipeline;
    nlohmann::json frames;  ///< an object a frame
    nlohmann::json last;    ///< species and composition of the last frame

    void add(const FrameResult& result);
};

/// The whole JSON of `dwellmap-analyze --results`, as text: frames, series, pca (each image and joint), counters, parameters.
std::string series_results(const Config& config, const std::vector<SeriesImage>& images,
                           int failed);

}  // namespace dwellmap
