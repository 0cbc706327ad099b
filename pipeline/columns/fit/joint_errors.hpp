// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/cells.hpp"
#include "dwellmap/types.hpp"
#include "fit/refine.hpp"

#include <vector>

namespace dwellmap {

/// Raises the standard errors of the columns [first, last) by what their neighbours of the other sublattices, 0.58 a away and free
/// to move themselves, take of their information:
///
///   F_kk → F_kk − Σ_j F_kj F_jj⁻¹ F_jk
///
/// F_kj in closed form: E_k E_j is a Gaussian half-way between the two, where the variance is taken as constant.
/// Without it a standard error is right for a column alone: some 10 % too small for the faint columns between bright ones.
void add_neighbour_errors(const Cells& cells, const FrameFit& fit, std::size_t first,
                          std::size_t last, std::vector<Atom>& atoms) noexcept;

}  // namespace dwellmap
