// SPDX-License-Identifier: Apache-2.0
#include "commands/sidecar.hpp"

#include "dwellmap/error.hpp"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <limits>

namespace dwellmap {

double sidecar_pixel_size_nm(const std::string& image) {
    const auto path = std::filesystem::path(image).replace_extension(".json");
    std::ifstream file(path);
    if (!file) {
        return std::numeric_limits<double>::quiet_NaN();
    }
    const auto json = nlohmann::json::parse(file, nullptr, false);
    if (json.is_discarded() || !json.is_object()) {
        throw SetupError(
            path.string() +
            " is not a JSON object: mend or remove it, or give the pixel size yourself");
    }
    const auto size = json.value("pixel_size_nm", nlohmann::json());
    if (size.is_null()) {
        return std::numeric_limits<double>::quiet_NaN();
    }
    if (!size.is_number() || !(size.get<double>() >= 1e-4 && size.get<double>() <= 1)) {
        throw SetupError(path.string() +
                         ": pixel_size_nm must be a number in [0.0001, 1], or null");
    }
    return size.get<double>();
}

}  // namespace dwellmap
