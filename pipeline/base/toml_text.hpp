// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

namespace dwellmap {

/// Settings as TOML, a line and a comment each. Numbers are the shortest that give the same bits
/// when they are read again.
class TomlText {
public:
    /// @param name   "table.key"; the settings of a table follow each other
    /// @param value  a NaN is absent: its line is a comment
    template <class Value>
    void key(const std::string& name, const Value& value, const char* meaning) {
        const auto dot = name.find('.');
        if (name.substr(0, dot) != table_) {
            table_ = name.substr(0, dot);
            text_ += (text_.empty() ? "[" : "\n[") + table_ + "]\n";
        }
        const std::string text = written(value);
        std::string line = (text.empty() ? "# " : "") + name.substr(dot + 1) + " =" +
                           (text.empty() ? "" : " " + text);
        line.resize(std::max(line.size() + 1, kColumn), ' ');
        text_ += line + "# " + meaning + "\n";
    }
    const std::string& text() const { return text_; }

private:
    static constexpr std::size_t kColumn = 36;  // of the comments

    static std::string written(bool v) { return v ? "true" : "false"; }
    static std::string written(int v) { return std::to_string(v); }
    static std::string written(double v) {
        if (std::isnan(v)) {
            return "";
        }
        std::array<char, 32> digits{};
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), v).ptr;
        const std::string text(digits.data(), end);
        // "1e-04" and "1e+20" are floats in TOML as they are
        return text.find_first_of(".en") == std::string::npos ? text + ".0" : text;
    }
    static std::string written(const std::string& v) {
        std::string text = "\"";
        for (const char c : v) {
            if ((c >= 0 && c < 0x20) || c == 0x7f) {
                std::array<char, 8> code{};
                std::snprintf(code.data(), code.size(), "\\u%04x", static_cast<unsigned>(c));
                text += code.data();
            } else {
                text += c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
            }
        }
        return text + "\"";
    }
    static std::string written(const std::vector<std::string>& list) {
        std::string text = "[";
        for (const auto& v : list) {
            text += (text.size() > 1 ? ", " : "") + written(v);
        }
        return text + "]";
    }

    std::string text_, table_;
};

}  // namespace dwellmap
