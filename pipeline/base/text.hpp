// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

namespace dwellmap {

/// At most `limit` bytes of valid UTF-8 without control characters: safe in a log, a table, a page.
bool is_plain_text(std::string_view text, std::size_t limit) noexcept;

/// 8-4-4-4-12 hexadecimal digits.
bool is_uuid(std::string_view text) noexcept;

}  // namespace dwellmap
