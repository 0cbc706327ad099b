// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>

#include <cstdint>
#include <vector>

namespace dwellmap {

/// Mean over all vectors of (b − a) / max(a, b): a is the mean distance to the others of the same class, b to those of the
/// nearest other class; 0 for the only one of its class, and if there are no two classes. [Rousseeuw 1987]
/// Its maximum over k is a choice of k. Cost O(n² dim): 16 ms for 2000 vectors of 12.
/// @param x       [dim × n]
/// @param labels  [n] 0…KMeans::kMaxClasses − 1
/// [Rousseeuw 1987] J. Comput. Appl. Math. 20, 53.
double mean_silhouette(const Eigen::MatrixXd& x, const std::vector<std::int8_t>& labels);

}  // namespace dwellmap
