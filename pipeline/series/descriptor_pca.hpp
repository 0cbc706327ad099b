// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/library.hpp"
#include "views/descriptors.hpp"

#include <Eigen/Core>

#include <string>
#include <vector>

namespace dwellmap {

/// Principal components of another description of the neighbourhoods, over a whole library.
struct DescriptorPca {
    Descriptor descriptor = Descriptor::offsets;
    std::vector<std::string> names;  ///< [dim] of the descriptor's components
    std::int64_t count = 0;          ///< atoms; below 30 nothing else is known
    Eigen::VectorXd mean;            ///< [dim] unit of the descriptor
    Eigen::VectorXd variance;        ///< [6 or fewer] descending
    Eigen::VectorXd explained;       ///< fraction of the total variance
    Eigen::MatrixXd loadings;  ///< [dim × 6 or fewer] unit columns, the largest loading positive
};

/// Cost O(atoms (2N)²).
/// @param species of the centres: species_first or species_second
DescriptorPca descriptor_pca(const Library& library, std::int8_t species, Descriptor descriptor);

/// "offsets", "distances", "angles", "rotation_invariant", "symmetry"
const char* to_string(Descriptor descriptor) noexcept;

}  // namespace dwellmap
