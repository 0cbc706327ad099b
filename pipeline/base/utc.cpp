// SPDX-License-Identifier: Apache-2.0
#include "base/utc.hpp"

#include <array>
#include <ctime>

namespace dwellmap {

std::string utc_now(const char* format) {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::array<char, 64> text{};
    return {text.data(), std::strftime(text.data(), text.size(), format, &parts)};
}

}  // namespace dwellmap
