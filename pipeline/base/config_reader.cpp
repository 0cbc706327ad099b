// SPDX-License-Identifier: Apache-2.0
#include "base/config_reader.hpp"

#include "dwellmap/error.hpp"

#include <toml++/toml.h>

#include <optional>
#include <set>
#include <type_traits>

namespace dwellmap {
namespace {

using Strings = std::vector<std::string>;

const char* type_name(double) { return "a number"; }
const char* type_name(int) { return "a whole number"; }
const char* type_name(bool) { return "true or false"; }
const char* type_name(const std::string&) { return "a string"; }
const char* type_name(const Strings&) { return "a list of strings"; }

/// @return nothing where the type is wrong
template <class T>
std::optional<T> read_value(const toml::node& node) {
    if (std::is_same_v<T, std::string> && !node.is_string()) {
        return {};  // a date
    }
    return node.value<T>();
}

template <>
std::optional<Strings> read_value(const toml::node& node) {
    const auto* list = node.as_array();
    if (list == nullptr || !list->is_homogeneous<std::string>()) {
        return {};
    }
    Strings values;
    for (const auto& v : *list) {
        values.push_back(*v.value<std::string>());
    }
    return values;
}

}  // namespace

struct ConfigReader::Impl {
    std::string where;  // of the problems: " in FILE"
    toml::table table;
    std::set<std::string> known;
    std::vector<std::string> problems;

    void problem(const std::string& text) { problems.push_back(text); }

    void merge(const std::string& assignment) {
        const auto equals = assignment.find('=');
        if (equals == std::string::npos || equals == 0) {
            problem("--set " + assignment + ": expected key=value");
            return;
        }
        const auto name = assignment.substr(0, equals);
        const auto value = assignment.substr(equals + 1);
        const auto parsed = parse_value(value);
        toml::table* at = &table;
        std::size_t begin = 0;
        for (auto dot = name.find('.'); dot != std::string::npos; dot = name.find('.', begin)) {
            const auto part = name.substr(begin, dot - begin);
            auto [node, inserted] = at->insert(part, toml::table{});
            at = node->second.as_table();
            if (at == nullptr) {
                problem("--set " + assignment + ": " + name.substr(0, dot) + " is not a table");
                return;
            }
            begin = dot + 1;
        }
        const auto* node = parsed.get("v");
        node->visit([&](const auto& v) { at->insert_or_assign(name.substr(begin), v); });
    }

    static toml::table parse_value(const std::string& value) {
        try {
            return toml::parse("v = " + value);
        } catch (const toml::parse_error&) {  // a bare word
            toml::table t;
            t.insert("v", value);
            return t;
        }
    }

    void unknown_keys(const toml::table& t, const std::string& prefix) {
        for (const auto& [key, node] : t) {
            const auto name = prefix + std::string(key.str());
            if (const auto* sub = node.as_table()) {
                unknown_keys(*sub, name + ".");
            } else if (!known.contains(name)) {
                problem(name + " is not a setting (see --help)");
            }
        }
    }
};

ConfigReader::ConfigReader(From from, const std::string& source,
                           const std::vector<std::string>& overrides)
    : impl_(std::make_unique<Impl>()) {
    const bool is_file = from == From::file && !source.empty();
    impl_->where = is_file ? " in " + source : "";
    try {
        impl_->table = is_file ? toml::parse_file(source) : toml::parse(source);
    } catch (const toml::parse_error& e) {
        impl_->problem(std::string(e.description()) + " at line " +
                       std::to_string(e.source().begin.line));
    }
    for (const auto& o : overrides) {
        impl_->merge(o);
    }
}

ConfigReader::~ConfigReader() = default;

template <class T>
void ConfigReader::key(const char* name, T& value, const SettingRule<T>& rule) {
    impl_->known.insert(name);
    if (const auto* node = impl_->table.at_path(name).node()) {
        auto read = read_value<T>(*node);
        if (!read) {
            impl_->problem(std::string(name) + " must be " + type_name(value));
            return;
        }
        value = *std::move(read);
    }
    if (rule.valid && !rule.valid(value)) {
        impl_->problem(std::string(name) + " " + rule.text);
    }
}

template void ConfigReader::key(const char*, double&, const SettingRule<double>&);
template void ConfigReader::key(const char*, int&, const SettingRule<int>&);
template void ConfigReader::key(const char*, bool&, const SettingRule<bool>&);
template void ConfigReader::key(const char*, std::string&, const SettingRule<std::string>&);
template void ConfigReader::key(const char*, Strings&, const SettingRule<Strings>&);

void ConfigReader::require(bool right, const std::string& problem) {
    if (!right) {
        impl_->problem(problem);
    }
}

void ConfigReader::finish() {
    impl_->unknown_keys(impl_->table, "");
    if (impl_->problems.empty()) {
        return;
    }
    std::string text = "wrong configuration" + impl_->where;
    for (const auto& p : impl_->problems) {
        text += "\n  " + p;
    }
    throw SetupError(text);
}

}  // namespace dwellmap
