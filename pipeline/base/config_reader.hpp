// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace dwellmap {

/// Reads settings from a TOML file and `key=value` overrides, and collects everything that is wrong:
/// syntax, unknown keys, wrong types, values out of range. finish() throws the whole list at once.
///
///     ConfigReader in(file, overrides);
///     in.key("refine.passes", c.refine.passes, [](int v) { return v >= 1 && v <= 20; }, "must be in 1..20");
///     in.finish();
class ConfigReader {
public:
    /// @param file       path of a TOML file; empty: none
    /// @param overrides  "table.key=value", value in TOML syntax (a bare word is taken as a string)
    ConfigReader(const std::string& file, const std::vector<std::string>& overrides);
    ~ConfigReader();

    /// Absent keys keep `value`. `valid` says what is right, so that NaN fails too.
    void key(const char* name, double& value, const std::function<bool(double)>& valid,
             const char* rule);
    void key(const char* name, int& value, const std::function<bool(int)>& valid, const char* rule);
    void key(const char* name, bool& value);
    void key(const char* name, std::string& value,
             const std::function<bool(const std::string&)>& valid = {}, const char* rule = "");
    void key(const char* name, std::vector<std::string>& value,
             const std::function<bool(const std::vector<std::string>&)>& valid = {},
             const char* rule = "");

    /// A problem found by the caller, for instance between two keys.
    void require(bool right, const std::string& problem);

    /// @throws SetupError listing every problem, unknown keys included
    void finish();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace dwellmap
