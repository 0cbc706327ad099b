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

/// Settings as TOML, a line and a comment each. Numbers are the shortest that give the same bits when they are read again.
class TomlText {
public:
    void table(const char* name) {
        text_ += (text_.empty() ? "[" : "\n[") + std::string(name) + "]\n";
    }
    template <class Value>
    void key(const char* name, const Value& value, const char* meaning) {
        line(std::string(name) + " = " + written(value), meaning);
    }
    /// Commented out where it is absent.
    void optional(const char* name, double value, const char* meaning) {
        std::isnan(value) ? line(std::string("# ") + name + " =", meaning)
                          : key(name, value, meaning);
    }
    const std::string& text() const { return text_; }

private:
    static constexpr std::size_t kColumn = 36;  // of the comments

    void line(std::string text, const char* meaning) {
        text.resize(std::max(text.size() + 1, kColumn), ' ');
        text_ += text + "# " + meaning + "\n";
    }
    static std::string written(bool v) { return v ? "true" : "false"; }
    static std::string written(int v) { return std::to_string(v); }
    static std::string written(double v) {
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

    std::string text_;
};

}  // namespace dwellmap
