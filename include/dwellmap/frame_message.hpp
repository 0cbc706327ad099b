// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/envelope.hpp"
#include "dwellmap/types.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace dwellmap {

inline constexpr std::size_t kMaxFrameFlatbuffer = 16384;  ///< bytes, of the four kinds below
inline constexpr std::size_t kMaxText = 256;               ///< bytes of a name
inline constexpr std::size_t kMaxProvenance = 8192;        ///< bytes
inline constexpr int kMinSide = 8, kMaxSide = 16384;       ///< pixels
inline constexpr std::int64_t kMaxPixels = std::int64_t{1} << 26;  ///< of a frame

/// How a pixel is written on the wire, little-endian. Numbers as in frame.fbs.
enum class PixelType : std::uint8_t { u8 = 1, u16, u32, i16, i32, f32, f64 };

std::size_t size_of(PixelType type) noexcept;  ///< bytes

/// What a sender says of a series before its first pixel.
struct StartMessage {
    Series series;
    PixelType pixel_type = PixelType::f32;
    std::int64_t wall_time_ns = 0;  ///< since 1970, UTC; for people, nothing is computed from it
    double offset_x_nm =
        std::numeric_limits<double>::quiet_NaN();  ///< of the first pixel; NaN: not known
    double offset_y_nm = std::numeric_limits<double>::quiet_NaN();
    std::string provenance;  ///< JSON, for the record
};

/// A block of whole rows of a frame.
struct RowsMessage {
    std::string_view uuid;  ///< looks into the message
    std::uint64_t frame = 0;
    PixelType pixel_type = PixelType::f32;
    int rows_px = 0, cols_px = 0;  ///< of the whole frame
    int first_row = 0, row_count = 0;
    bool complete = false;          ///< the sender has no more rows of this frame
    std::int64_t acquired_ns = 0;   ///< sender's monotonic clock, end of the last row
    std::int64_t sent_wall_ns = 0;  ///< since 1970, UTC
    Bytes pixels;                   ///< row_count × cols_px, looks into the message, unaligned
};

struct EndMessage {
    std::string_view uuid, reason;  ///< look into the message
    std::uint64_t frames_sent = 0, frames_dropped = 0;
    std::uint64_t next_rows_seq = 0;  ///< so that lost last blocks are counted
};

struct HeartbeatMessage {
    std::string_view version, host, uuid;  ///< look into the message
    StreamState state = StreamState::waiting;
    std::array<std::uint64_t, kKindCount> next_seq{};  ///< by Kind
};

/// `content` is empty for a rejected message, and for a kind that a frame stream does not carry.
struct FrameMessage {
    RejectReason reason = RejectReason::none;
    const char* field = "";  ///< the field at fault
    Envelope envelope;
    std::variant<std::monostate, StartMessage, RowsMessage, EndMessage, HeartbeatMessage> content;
};

std::vector<std::byte> encode(const StartMessage& message, const Stamp& stamp);
std::vector<std::byte> encode(const RowsMessage& message, const Stamp& stamp);
std::vector<std::byte> encode(const EndMessage& message, const Stamp& stamp);
std::vector<std::byte> encode(const HeartbeatMessage& message, const Stamp& stamp);

/// Bytes from outside → a message that has passed every check of firmware_bridge/wire/PROTOCOL.md.
/// Pure; works at any alignment; allocates only the texts of a start, after they were checked.
[[nodiscard]] FrameMessage decode_frame_message(Bytes message);

/// @param from  `into.size()` pixels of `type`, unaligned. Integers above 2^24 are rounded.
void to_float(PixelType type, Bytes from, std::span<float> into) noexcept;

}  // namespace dwellmap
