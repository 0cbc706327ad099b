// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/ranks.hpp"

#include <cstdlib>

namespace dwellmap {

Ranks::Ranks() = default;
Ranks::~Ranks() {}

Library Ranks::gather(const Library& mine) const { return mine; }
double Ranks::broadcast(double value) const { return value; }
void Ranks::stop(int exit_code) const { std::exit(exit_code); }

}  // namespace dwellmap
