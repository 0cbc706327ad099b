// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "regression/gaussian_process.hpp"
#include "regression/regression.hpp"
#include "regression/response_cell.hpp"

#include <Eigen/Core>

#include <functional>
#include <span>
#include <vector>

namespace dwellmap {

/// Least squares of y = a n + b x + d from cells, exactly as from their atoms: (a, b, d) = T ȳ, a linear map of the cells' means.
/// With y = |score| all of these are biased where the wells overlap (see FoldedRegression); they are the paper's own.
struct LinearFit {
    RegressionEstimate estimate;
    Eigen::Matrix3Xd map;  ///< T [3 × cells], zero for cells that don't count
};

/// Every atom counts the same; errors from the scatter about the plane.
LinearFit regress_atoms(std::span<const ResponseCell> cells);

/// Cells of at least ten atoms, weighted by count / variance in the cell.
LinearFit regress_cells(std::span<const ResponseCell> cells);

/// The paper's: the predictions for all n = 0…6 and all x of the cells, every one the same, also where there are no atoms.
/// @param process fitted to these cells, mean unknown
LinearFit regress_predictions(std::span<const ResponseCell> cells, const GaussianProcess& process);

/// A separation D of two symmetric wells that was found for one (n, x).
struct Separation {
    double n, x, separation, se;  ///< nm
};

/// Weighted by 1/se²; the errors are widened by the scatter about the plane where that is larger than se says.
RegressionEstimate regress_separations(std::span<const Separation> separations);

}  // namespace dwellmap
