// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include <cmath>

namespace dwellmap {

/// null: not known
inline nlohmann::json number(double v) {
    return std::isfinite(v) ? nlohmann::json(v) : nlohmann::json(nullptr);
}

template <class Values>
nlohmann::json numbers(const Values& values) {
    nlohmann::json out = nlohmann::json::array();
    for (const double v : values) {
        out.push_back(number(v));
    }
    return out;
}

}  // namespace dwellmap
