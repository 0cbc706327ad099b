// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/types.hpp"

#include <nlohmann/json.hpp>

#include <string>

namespace dwellmap {

// Results as JSON, for the page and for `dwellmap-analyze --results`. Atoms are columns (one array per field),
// numbers are rounded well below their errors, and what is not known (NaN) is null.

/// A frame: counts, lattice, drift, species, time of each stage, and
///   "atoms":  { count, id[], x_px[], y_px[], se_x_px[], ... }          every column found
///   "scores": { atom[], isotropic[], zigzag[3][], pca[kModes][], ... } only where the neighbourhood is complete;
///             `atom` is the index in the columns above, lengths in `unit`
nlohmann::json frame_json(const FrameResult& result);

/// One set of principal components: mean offsets, modes (loadings [2N], variance, explained fraction, name,
/// overlap with the ideal pattern, gap_sigma: distance to the nearest variance it could mix with, in sampling errors,
/// below 4 they may mix), and the indices of the isotropic and the symmetry-breaking mode (null: neither).
/// @param species "Mo", "Re", ..., "joint"
nlohmann::json mode_set_json(const std::string& species, const ModeSet& modes);

/// Both species' sets, as an array.
nlohmann::json pca_json(const FrameResult& result);

/// The raster maps: name, rows, cols, step_px, unit, value[] and sigma[] in row order.
nlohmann::json maps_json(const FrameResult& result);

nlohmann::json series_json(const Series& series);
nlohmann::json counters_json(const Counters& counters);

/// What each bit of "flags" means: {"1": "...", "2": ...}.
nlohmann::json flag_texts_json();

/// As text on one line; bytes that are not UTF-8 (names come from outside) are replaced.
std::string to_text(const nlohmann::json& json);

}  // namespace dwellmap
