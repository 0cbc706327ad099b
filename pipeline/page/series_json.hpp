// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "image/fourier.hpp"
#include "series/series_statistics.hpp"
#include "views/field_views.hpp"

#include <nlohmann/json.hpp>

#include <vector>

namespace dwellmap {

// The statistics of a series as JSON, for files, messages and the page. Lengths are in the unit of the fields; null: not known.

/// {"fields", "pca", "mixtures", "kmeans", "regression"}. "age": of how many updates of its species ago a number is, 0 where it is of
/// the present atoms; "errors_age" and "silhouettes_age" the same for the oldest of them.
nlohmann::json series_statistics_json(const SeriesStatistics& statistics);

/// One object a species and descriptor: principal components of other descriptions of the neighbourhoods.
nlohmann::json descriptors_json(const Library& library);

/// One object a species: the published analysis, choice by choice, and the components of each image alone.
/// @param image  [fields] what "image" says of each
nlohmann::json paper_json(const Library& library, const std::vector<int>& image);

/// One object a species: joint densities of the first three scores, over four standard deviations each way.
nlohmann::json densities_json(const SeriesStatistics& statistics);

/// One object a species: every atom with its place, n, class and scores.
/// @param image  [fields] what "image" says of the atoms of each
nlohmann::json population_json(const SeriesStatistics& statistics, const std::vector<int>& image);

/// {"size", "step_per_px", "grey", "low", "high", "a_px", "anisotropy", "peaks", "second_order", "half_order"}: the picture is log10 of the power,
/// 0 its median, 255 its highest spot; as far out as the second-order peaks.
nlohmann::json fourier_json(const FourierResult& fourier);

/// {"neighbour_histogram", "order", "cluster_...", "warren_cowley", "ordering_energy"} of one field of view
nlohmann::json field_views_json(const FieldViews& views, int neighbours);

}  // namespace dwellmap
