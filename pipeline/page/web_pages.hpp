// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace dwellmap {

/// A file of pipeline/page/web/, embedded at build time by embed_web.cmake.
struct WebPage {
    std::string_view path;  ///< "/view.js"; "/" is index.html
    std::string_view type;
    std::string_view body;
};

/// Null: no such file. There is nothing but this table, so no path can leave it.
const WebPage* find_page(std::string_view path) noexcept;

}  // namespace dwellmap
