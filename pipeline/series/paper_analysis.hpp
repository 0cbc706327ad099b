// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/library.hpp"
#include "regression/linear_regression.hpp"
#include "series/score_cells.hpp"

#include <Eigen/Core>

#include <cstdint>
#include <vector>

namespace dwellmap {

/// X = U S Vᵀ of the distances, not centred.
///
/// Of the components, the one is the response whose distances change most like in the symmetry breaking: two shorter, two longer.
struct PaperComponents {
    std::int64_t count = 0;           ///< atoms; 0: fewer than 30, nothing else is known
    Eigen::VectorXd singular_values;  ///< [6] length
    Eigen::MatrixXd components;       ///< [6 × 6] columns of V
    int response = -1;                ///< which of them
};

/// The published analysis, choice by choice, so that figures can be laid side by side [Vasudevan 2020, its code].
///
///   X [atoms × 6]  distances to the six nearest cations of any species, by angle from −π to π; atoms nearer to the edge of the image than 3 %
///                  of its side are left out
///   X = U S Vᵀ     not centred; scores are columns of U: no unit, and smaller the more atoms there are
///   n              neighbours of the OTHER species than the centre's
///   mixture        two components, always
///   response       Gaussian process of |score| over (n, x), predicted for each cell; plane through the predictions
///
/// Cost O(atoms). Allocates.
struct PaperAnalysis : PaperComponents {
    std::vector<ScoreCell> cells;     ///< by x, then n
    std::vector<double> predictions;  ///< [cells] of the process; NaN: none
    RegressionEstimate estimate;      ///< of its plane
};

/// @param species of the centres: species_first or species_second
PaperAnalysis analyse_as_published(const Library& library, std::int8_t species);

/// Of one image alone.
PaperComponents decompose_as_published(const FieldOfView& field, std::int8_t species);

}  // namespace dwellmap
