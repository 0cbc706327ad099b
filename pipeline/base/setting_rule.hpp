// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace dwellmap {

/// Which values a setting may have, and the same in words, to follow its name in an error.
template <class T>
struct SettingRule {
    std::function<bool(const T&)> valid;  ///< true where right, so that NaN fails; empty: all are
    std::string text;                     ///< "must be in [0, 1]"
};

/// @param after  ends the text: the unit, or what it means
inline SettingRule<double> between(double low, double high, const std::string& after = "") {
    std::ostringstream text;
    text << "must be in [" << low << ", " << high << "]" << after;
    return {[=](double v) { return v >= low && v <= high; }, text.str()};
}

inline SettingRule<double> above(double low, double high, const std::string& after = "") {
    std::ostringstream text;
    text << "must be in (" << low << ", " << high << "]" << after;
    return {[=](double v) { return v > low && v <= high; }, text.str()};
}

/// Whole numbers.
inline SettingRule<int> whole(int low, int high, const std::string& after = "") {
    return {[=](int v) { return v >= low && v <= high; },
            "must be in " + std::to_string(low) + ".." + std::to_string(high) + after};
}

/// NaN stands for a setting that is absent.
inline SettingRule<double> or_absent(SettingRule<double> rule) {
    return {[valid = std::move(rule.valid)](double v) { return std::isnan(v) || valid(v); },
            std::move(rule.text)};
}

inline SettingRule<std::string> not_empty(const std::string& text) {
    return {[](const std::string& v) { return !v.empty(); }, text};
}

template <class T>
SettingRule<T> one_of(const std::vector<T>& values) {
    const char* quote = std::is_same_v<T, std::string> ? "\"" : "";
    std::ostringstream text;
    for (std::size_t k = 0; k < values.size(); ++k) {
        const char* before = k == 0 ? "must be " : k + 1 < values.size() ? ", " : " or ";
        text << before << quote << values[k] << quote;
    }
    return {[values](const T& v) { return std::count(values.begin(), values.end(), v) > 0; },
            text.str()};
}

}  // namespace dwellmap
