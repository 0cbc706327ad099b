// SPDX-License-Identifier: Apache-2.0
#include "base/config_reader.hpp"

#include "dwellmap/error.hpp"

#include <toml++/toml.h>

#include <set>

namespace dwellmap {

struct ConfigReader::Impl {
    std::string where;
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

    toml::node* find(const char* name) {
        known.insert(name);
        return table.at_path(name).node();
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

    template <class T, class Valid>
    void take(const char* name, T& value, const Valid& valid, const char* rule, const char* type) {
        auto* node = find(name);
        if (node != nullptr) {
            const auto v = node->value<T>();
            if (!v || (std::is_same_v<T, std::string> && !node->is_string())) {
                problem(std::string(name) + " must be " + type);
                return;
            }
            value = *v;
        }
        if (valid && !valid(value)) {
            problem(std::string(name) + " " + rule);
        }
    }
};

ConfigReader::ConfigReader(const std::string& file, const std::vector<std::string>& overrides)
    : impl_(std::make_unique<Impl>()) {
    impl_->where = file;
    if (!file.empty()) {
        try {
            impl_->table = toml::parse_file(file);
        } catch (const toml::parse_error& e) {
            impl_->problem(std::string(e.description()) + " at line " +
                           std::to_string(e.source().begin.line));
        }
    }
    for (const auto& o : overrides) {
        impl_->merge(o);
    }
}

ConfigReader::~ConfigReader() = default;

void ConfigReader::key(const char* name, double& value, const std::function<bool(double)>& valid,
                       const char* rule) {
    impl_->take(name, value, valid, rule, "a number");
}

void ConfigReader::key(const char* name, int& value, const std::function<bool(int)>& valid,
                       const char* rule) {
    impl_->take(name, value, valid, rule, "a whole number");
}

void ConfigReader::key(const char* name, bool& value) {
    impl_->take(name, value, std::function<bool(bool)>{}, "", "true or false");
}

void ConfigReader::key(const char* name, std::string& value,
                       const std::function<bool(const std::string&)>& valid, const char* rule) {
    impl_->take(name, value, valid, rule, "a string");
}

void ConfigReader::key(const char* name, std::vector<std::string>& value,
                       const std::function<bool(const std::vector<std::string>&)>& valid,
                       const char* rule) {
    if (auto* node = impl_->find(name)) {
        const auto* list = node->as_array();
        if (list == nullptr || !list->is_homogeneous<std::string>()) {
            impl_->problem(std::string(name) + " must be a list of strings");
            return;
        }
        value.clear();
        for (const auto& v : *list) {
            value.push_back(*v.value<std::string>());
        }
    }
    if (valid && !valid(value)) {
        impl_->problem(std::string(name) + " " + rule);
    }
}

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
    std::string text = "wrong configuration";
    if (!impl_->where.empty()) {
        text += " in " + impl_->where;
    }
    for (const auto& p : impl_->problems) {
        text += "\n  " + p;
    }
    throw SetupError(text);
}

}  // namespace dwellmap
