// SPDX-License-Identifier: Apache-2.0
#include "wire/command_message.hpp"

#include "base/text.hpp"
#include "command_generated.h"
#include "dwellmap/reject.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

namespace dwellmap {
namespace {

using Builder = flatbuffers::FlatBufferBuilder;

constexpr flatbuffers::uoffset_t kMaxDepth = 4, kMaxTables = 4;
constexpr std::size_t kMaxReplyText = 8192;  // bytes; a path may have 4096

std::vector<std::byte> finish(Builder& b, Kind kind, const Stamp& stamp) {
    return seal_message(kind, stamp, std::as_bytes(std::span(b.GetBufferPointer(), b.GetSize())));
}

/// Texts of a reply may come from the operating system: names of files, reasons of failures.
std::string plain(std::string text) {
    text.resize(std::min(text.size(), kMaxReplyText));
    if (!is_plain_text(text, kMaxReplyText)) {
        std::replace_if(
            text.begin(), text.end(), [](char c) { return c < 0x20 || c > 0x7E; }, '?');
    }
    return text;
}

std::string string_of(const flatbuffers::String* s) { return s == nullptr ? "" : s->str(); }

/// The table of a message, in an aligned copy of it.
template <class Table>
struct Opened {
    std::vector<std::byte> flatbuffer;
    const Table* table = nullptr;

    [[nodiscard]] RejectReason open(Bytes message, Kind kind) {
        Sections sections;
        if (message.size() > kMaxControlBytes) {
            return RejectReason::too_large;
        }
        if (const auto reason = open_message(message, sections); reason != RejectReason::none) {
            return reason;
        }
        if (!sections.payload.empty()) {
            return RejectReason::bad_payload_size;
        }
        flatbuffer.assign(sections.flatbuffer.begin(), sections.flatbuffer.end());
        const auto* bytes = reinterpret_cast<const std::uint8_t*>(flatbuffer.data());
        if (sections.envelope.kind != kind || flatbuffer.size() < 8 ||
            !flatbuffers::BufferHasIdentifier(bytes, identifier(kind))) {
            return RejectReason::wrong_identifier;
        }
        flatbuffers::Verifier verifier(bytes, flatbuffer.size(), kMaxDepth, kMaxTables);
        if (!verifier.VerifyBuffer<Table>(identifier(kind))) {
            return RejectReason::bad_flatbuffer;
        }
        const auto* t = flatbuffers::GetRoot<Table>(bytes);
        const Stamp& stamp = sections.envelope.stamp;
        if (t->session().value_or(stamp.session) != stamp.session ||
            t->seq().value_or(stamp.seq) != stamp.seq) {
            return RejectReason::stamp_differs;
        }
        table = t;
        return RejectReason::none;
    }
};

std::string sentence(RejectReason reason) {
    return "the message was refused: " + std::string(to_string(reason));
}

bool is_right(const wire::Recording& t) {
    return t.state() <= wire::RecordingState::failed && std::isfinite(t.seconds()) &&
           is_plain_text(string_of(t.file()), kMaxReplyText) &&
           is_plain_text(string_of(t.error()), kMaxReplyText);
}

RecordingStatus unpack(const wire::Recording& t) {
    RecordingStatus s;
    s.state = static_cast<RecordingStatus::State>(t.state());
    s.file = string_of(t.file());
    s.error = string_of(t.error());
    s.frames = t.frames();
    s.blocks_dropped = t.blocks_dropped();
    s.bytes = t.bytes();
    s.seconds = t.seconds();
    return s;
}

}  // namespace

std::vector<std::byte> encode_command(const Command& command, const Stamp& stamp) {
    Builder b;
    const auto file = b.CreateString(command.file);
    b.Finish(wire::CreateCommand(b, stamp.session, stamp.seq,
                                 static_cast<wire::CommandKind>(command.kind), file),
             identifier(Kind::command));
    return finish(b, Kind::command, stamp);
}

std::vector<std::byte> encode_reply(const CommandReply& reply, const Stamp& stamp) {
    Builder b;
    const auto& r = reply.recording;
    const auto text = b.CreateString(plain(reply.text));
    const auto file = b.CreateString(plain(r.file));
    const auto error = b.CreateString(plain(r.error));
    const auto recording =
        wire::CreateRecording(b, static_cast<wire::RecordingState>(r.state), file, error, r.frames,
                              r.blocks_dropped, r.bytes, r.seconds);
    b.Finish(wire::CreateReply(b, stamp.session, stamp.seq, reply.ok, text, recording),
             identifier(Kind::reply));
    return finish(b, Kind::reply, stamp);
}

std::string decode_command(Bytes message, Command& into) {
    Opened<wire::Command> opened;
    if (const auto reason = opened.open(message, Kind::command); reason != RejectReason::none) {
        return sentence(reason);
    }
    const auto& t = *opened.table;
    if (t.kind() > wire::CommandKind::reset) {
        return "the command is not known: it is of a newer version than this analyzer";
    }
    Command command{static_cast<Command::Kind>(t.kind()), string_of(t.file())};
    auto problem = problem_of(command);
    if (problem.empty()) {
        into = std::move(command);
    }
    return problem;
}

std::string decode_reply(Bytes message, CommandReply& into) {
    Opened<wire::Reply> opened;
    if (const auto reason = opened.open(message, Kind::reply); reason != RejectReason::none) {
        return sentence(reason);
    }
    const auto& t = *opened.table;
    if (!is_plain_text(string_of(t.text()), kMaxReplyText) || !is_right(*t.recording())) {
        return sentence(RejectReason::bad_text);
    }
    into = {t.ok(), t.text()->str(), unpack(*t.recording())};
    return {};
}

}  // namespace dwellmap
