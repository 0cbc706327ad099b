// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/setting_rule.hpp"

#include <memory>
#include <string>
#include <vector>

namespace dwellmap {

/// Reads settings from TOML and `key=value` overrides, and collects everything that is wrong:
/// syntax, unknown keys, wrong types, values out of range. finish() throws the whole list at once.
///
///     ConfigReader in(ConfigReader::From::file, file, overrides);
///     in.key("refine.passes", c.refine.passes, whole(1, 20));
///     in.finish();
class ConfigReader {
public:
    enum class From { file, text };

    /// @param source     path of a TOML file, or its text; empty: none
    /// @param overrides  "table.key=value", value in TOML syntax (a bare word is taken as a string)
    ConfigReader(From from, const std::string& source, const std::vector<std::string>& overrides);
    ~ConfigReader();

    /// An absent key keeps `value`. T: double, int, bool, std::string or a vector of those strings.
    template <class T>
    void key(const char* name, T& value, const SettingRule<T>& rule = {});

    /// A problem found by the caller, for instance between two keys.
    void require(bool right, const std::string& problem);

    /// @throws SetupError listing every problem, unknown keys included
    void finish();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace dwellmap
