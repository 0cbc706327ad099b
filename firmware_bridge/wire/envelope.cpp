// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/envelope.hpp"

#include <zlib.h>

#include <bit>
#include <cstring>

namespace dwellmap {
namespace {

static_assert(std::endian::native == std::endian::little,
              "the wire is little-endian, and so are we");

constexpr char kMagic[] = {'D', 'W', 'L', 'M'};
constexpr std::size_t kKindAt = 4, kMajorAt = 5, kMinorAt = 6, kFlagsAt = 7, kFlatbufferSizeAt = 8,
                      kCrcAt = 12, kSessionAt = 16, kSeqAt = 24;

template <class T>
T load(Bytes from, std::size_t at) noexcept {
    T value;
    std::memcpy(&value, from.data() + at, sizeof value);  // a message may lie anywhere
    return value;
}

template <class T>
void store(std::vector<std::byte>& into, std::size_t at, T value) {
    std::memcpy(into.data() + at, &value, sizeof value);
}

std::uint32_t crc32_of(Bytes bytes) noexcept {
    const auto* begin = reinterpret_cast<const Bytef*>(bytes.data());
    return static_cast<std::uint32_t>(crc32_z(0, begin, bytes.size()));
}

std::size_t payload_offset(std::size_t flatbuffer_size) noexcept {
    const std::size_t end = kEnvelopeBytes + flatbuffer_size;
    return (end + kPayloadAlignment - 1) / kPayloadAlignment * kPayloadAlignment;
}

}  // namespace

const char* identifier(Kind kind) noexcept {
    switch (kind) {
        case Kind::start: return "ss00";
        case Kind::rows: return "sf00";
        case Kind::end: return "sx00";
        case Kind::heartbeat: return "hb00";
        case Kind::map: return "rm00";
        case Kind::atoms: return "rt00";
        case Kind::statistics: return "rs00";
        case Kind::event: return "re00";
        case Kind::command: return "cm00";
        case Kind::reply: return "cr00";
        case Kind::series: return "rl00";
    }
    return nullptr;
}

RejectReason open_message(Bytes message, Sections& into) noexcept {
    if (message.size() > kMaxMessageBytes) {
        return RejectReason::too_large;
    }
    if (message.size() < kEnvelopeBytes) {
        return RejectReason::too_short;
    }
    if (std::memcmp(message.data(), kMagic, sizeof kMagic) != 0) {
        return RejectReason::bad_magic;
    }
    auto& e = into.envelope;
    e.kind = static_cast<Kind>(load<std::uint8_t>(message, kKindAt));
    e.major = load<std::uint8_t>(message, kMajorAt);
    e.minor = load<std::uint8_t>(message, kMinorAt);
    e.flags = load<std::uint8_t>(message, kFlagsAt);
    e.flatbuffer_size = load<std::uint32_t>(message, kFlatbufferSizeAt);
    e.crc32 = load<std::uint32_t>(message, kCrcAt);
    e.stamp = {load<std::uint64_t>(message, kSessionAt), load<std::uint64_t>(message, kSeqAt)};
    if (e.major != kMajor) {
        return RejectReason::other_major;
    }
    if (e.flags != 0) {
        return RejectReason::unknown_flags;
    }
    const auto body = message.subspan(kEnvelopeBytes);
    if (e.flatbuffer_size == 0 || e.flatbuffer_size > body.size()) {
        return RejectReason::bad_size;
    }
    into.flatbuffer = body.first(e.flatbuffer_size);
    into.payload = {};
    if (e.flatbuffer_size < body.size()) {
        const auto offset = payload_offset(e.flatbuffer_size);
        if (offset >= message.size()) {
            return RejectReason::bad_size;
        }
        into.payload = message.subspan(offset);
    }
    return crc32_of(body) == e.crc32 ? RejectReason::none : RejectReason::bad_checksum;
}

std::vector<std::byte> seal_message(Kind kind, const Stamp& stamp, Bytes flatbuffer,
                                    Bytes payload) {
    const auto size = payload.empty() ? kEnvelopeBytes + flatbuffer.size()
                                      : payload_offset(flatbuffer.size()) + payload.size();
    std::vector<std::byte> message(size);
    std::memcpy(message.data(), kMagic, sizeof kMagic);
    store(message, kKindAt, static_cast<std::uint8_t>(kind));
    store(message, kMajorAt, kMajor);
    store(message, kMinorAt, kMinor);
    store(message, kFlatbufferSizeAt, static_cast<std::uint32_t>(flatbuffer.size()));
    store(message, kSessionAt, stamp.session);
    store(message, kSeqAt, stamp.seq);
    std::memcpy(message.data() + kEnvelopeBytes, flatbuffer.data(), flatbuffer.size());
    if (!payload.empty()) {
        std::memcpy(message.data() + size - payload.size(), payload.data(), payload.size());
    }
    store(message, kCrcAt, crc32_of(Bytes(message).subspan(kEnvelopeBytes)));
    return message;
}

}  // namespace dwellmap
