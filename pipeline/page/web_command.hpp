// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "page/web_request.hpp"
#include "wire/command.hpp"

#include <optional>

namespace dwellmap {

struct WebHub;

constexpr std::string_view command_target = "/command";

/// @return why a request to /command is refused; nothing: `into` is to be carried out
std::optional<WebResponse> read_command(const WebRequest& request, const WebHub& hub,
                                        Command& into);

/// {"ok": ..., "text": ..., "recording": {...}}; 200 also where the command failed.
WebResponse reply_response(const CommandReply& reply);

}  // namespace dwellmap
