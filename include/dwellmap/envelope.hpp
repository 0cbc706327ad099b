// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/reject.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace dwellmap {

using Bytes = std::span<const std::byte>;

enum class Kind : std::uint8_t {
    start = 1,
    rows,
    end,
    heartbeat,
    map,
    atoms,
    statistics,
    event,
    command,
    reply,
    series
};
inline constexpr std::size_t kKindCount = 12;  ///< values of Kind, and the 0 that is none

inline constexpr std::size_t kEnvelopeBytes = 32;
inline constexpr std::size_t kPayloadAlignment = 64;         ///< from the start of the message
inline constexpr std::size_t kMaxMessageBytes = 256U << 20;  ///< larger frames go as row blocks
inline constexpr std::uint8_t kMajor = 1;
inline constexpr std::uint8_t kMinor = 0;

/// Which publisher's which message: the session is drawn when a publisher starts, the sequence
/// number counts per kind.
struct Stamp {
    std::uint64_t session = 0;
    std::uint64_t seq = 0;
    bool operator==(const Stamp&) const = default;
};

/// The first 32 bytes of every message, little-endian in this order after the magic "DWLM".
struct Envelope {
    Kind kind{};  ///< may be a value we do not know: a newer sender's
    std::uint8_t major = kMajor;
    std::uint8_t minor = kMinor;
    std::uint8_t flags = 0;
    std::uint32_t flatbuffer_size = 0;
    std::uint32_t crc32 = 0;  ///< zlib's, over everything after the envelope
    Stamp stamp;
};

/// A message taken apart; the spans look into it.
struct Sections {
    Envelope envelope;
    Bytes flatbuffer, payload;
};

/// The FlatBuffers file identifier of a kind, "ss00" ...; nullptr for a kind that we do not know.
const char* identifier(Kind kind) noexcept;

/// Checks magic, version, flags, sizes and checksum. Neither reads beyond `message` nor allocates.
[[nodiscard]] RejectReason open_message(Bytes message, Sections& into) noexcept;

/// Envelope, FlatBuffer and, on the next multiple of 64 bytes, the payload if there is one.
std::vector<std::byte> seal_message(Kind kind, const Stamp& stamp, Bytes flatbuffer,
                                    Bytes payload = {});

}  // namespace dwellmap
