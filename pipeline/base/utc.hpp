// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace dwellmap {

/// The time now, UTC. @param format as strftime has it
std::string utc_now(const char* format = "%Y-%m-%dT%H:%M:%SZ");

}  // namespace dwellmap
