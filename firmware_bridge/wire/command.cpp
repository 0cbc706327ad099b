// SPDX-License-Identifier: Apache-2.0
#include "wire/command.hpp"

#include "base/text.hpp"
#include "dwellmap/frame_message.hpp"

#include <algorithm>
#include <array>

namespace dwellmap {
namespace {

constexpr std::array<std::string_view, 4> kNames{"status", "record_start", "record_stop", "reset"};

}  // namespace

std::optional<Command::Kind> command_named(std::string_view name) noexcept {
    const auto* found = std::find(kNames.begin(), kNames.end(), name);
    if (found == kNames.end()) {
        return std::nullopt;
    }
    return static_cast<Command::Kind>(found - kNames.begin());
}

std::string_view to_string(RecordingStatus::State state) noexcept {
    switch (state) {
        case RecordingStatus::State::off: return "off";
        case RecordingStatus::State::recording: return "recording";
        case RecordingStatus::State::failed: return "failed";
    }
    return "unknown";
}

std::string problem_of(const Command& command) {
    const auto& file = command.file;
    if (!is_plain_text(file, kMaxText - 1)) {  // file systems have names of up to 255 bytes
        return "the name of the file must be UTF-8 without control characters, at most 255 bytes";
    }
    if (file.find_first_of("/\\") != std::string::npos || file == "." || file == "..") {
        return "the file must be a name without folders: it is put into recording.folder";
    }
    if (!file.empty() && command.kind != Command::Kind::record_start) {
        return "only record_start takes a file";
    }
    return {};
}

}  // namespace dwellmap
