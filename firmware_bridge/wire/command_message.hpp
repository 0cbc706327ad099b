// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/envelope.hpp"
#include "wire/command.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace dwellmap {

inline constexpr std::size_t kMaxControlBytes = 65536;  ///< of a command or reply

std::vector<std::byte> encode_command(const Command& command, const Stamp& stamp);

/// Bytes that a text may not have (PROTOCOL.md) are replaced by "?", too long ones cut.
std::vector<std::byte> encode_reply(const CommandReply& reply, const Stamp& stamp);

/// Every check of PROTOCOL.md, and that the command is known and sensible.
/// @return why it is refused, in a sentence, and `into` is as it was; empty: accepted
[[nodiscard]] std::string decode_command(Bytes message, Command& into);
[[nodiscard]] std::string decode_reply(Bytes message, CommandReply& into);

}  // namespace dwellmap
