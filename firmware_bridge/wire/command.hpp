// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/recording_status.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace dwellmap {

/// What an operator or a program may tell the analyzer, from the page (POST /command) or over ZeroMQ (ControlServer).
struct Command {
    enum class Kind : std::uint8_t { status, record_start, record_stop, reset };
    Kind kind = Kind::status;
    std::string file;  ///< of record_start: a name without folders; empty: a new name is made up
};

struct CommandReply {
    bool ok = false;
    std::string text;  ///< one sentence for the operator
    RecordingStatus recording;
};

/// Carries a command out. May take seconds, and throw: what() is then the reply's text. Called by each server in a thread
/// of its own, one command at a time.
using CommandHandler = std::function<CommandReply(const Command&)>;

/// "status", "record_start", "record_stop", "reset"; empty: none of these.
std::optional<Command::Kind> command_named(std::string_view name) noexcept;

/// What is wrong with a command, in a sentence; empty: nothing.
std::string problem_of(const Command& command);

}  // namespace dwellmap
