// SPDX-License-Identifier: Apache-2.0
#include "store/ranks.hpp"

#include <cstdlib>

namespace dwellmap {

Ranks::Ranks() = default;
Ranks::~Ranks() {}

void Ranks::gather(std::vector<Library::FieldPtr>& /*fields*/) const {}
double Ranks::broadcast(double value) const { return value; }
int Ranks::largest(int value) const { return value; }
void Ranks::stop(int exit_code) const { std::exit(exit_code); }

}  // namespace dwellmap
