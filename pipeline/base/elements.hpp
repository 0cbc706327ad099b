// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace dwellmap {

/// Atomic number of an element by its symbol ("Re"), or of the first one in a column's name
/// ("S2", "Se2"); 0: the name begins with none.
int atomic_number(const std::string& name) noexcept;

}  // namespace dwellmap
