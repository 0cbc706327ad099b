// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace dwellmap {

/// Atomic number of an element symbol ("Re"), of the first element in a column's name ("S2", "Se2"); 0: not one.
int atomic_number(const std::string& name) noexcept;

}  // namespace dwellmap
