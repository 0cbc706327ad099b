// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace dwellmap {

/// Why a message was refused; counted by reason. Listed in firmware_bridge/wire/PROTOCOL.md.
enum class RejectReason : std::uint8_t {
    none,
    multipart,
    too_short,
    too_large,
    bad_magic,
    other_major,
    unknown_flags,
    bad_size,
    bad_checksum,
    wrong_identifier,
    bad_flatbuffer,
    stamp_differs,
    bad_uuid,
    bad_text,
    bad_pixel_type,
    bad_codec,
    bad_shape,
    bad_rows,
    bad_payload_size,
    bad_calibration,
    bad_composition,
    bad_result,
    bad_frame_number,
    series_changed
};
inline constexpr std::size_t kRejectReasons = 24;
using RejectCounts = std::array<std::uint64_t, kRejectReasons>;  ///< by RejectReason

constexpr std::string_view to_string(RejectReason r) noexcept {
    switch (r) {  // no `default:`, so the compiler reports a case that was forgotten
        case RejectReason::none: return "accepted";
        case RejectReason::multipart: return "the message has several parts";
        case RejectReason::too_short: return "shorter than the envelope";
        case RejectReason::too_large: return "larger than 256 MiB";
        case RejectReason::bad_magic: return "does not begin with DWLM";
        case RejectReason::other_major: return "another major version of the protocol";
        case RejectReason::unknown_flags: return "flags are set that this version does not know";
        case RejectReason::bad_size: return "the sizes do not add up to the message";
        case RejectReason::bad_checksum: return "the checksum differs";
        case RejectReason::wrong_identifier: return "the FlatBuffer is not of the envelope's kind";
        case RejectReason::bad_flatbuffer: return "the FlatBuffer is not valid";
        case RejectReason::stamp_differs: return "session or seq differ from the envelope's";
        case RejectReason::bad_uuid: return "the series uuid is not a uuid";
        case RejectReason::bad_text:
            return "a text is too long, not UTF-8 or has control characters";
        case RejectReason::bad_pixel_type: return "the pixel type is not known";
        case RejectReason::bad_codec: return "the compression is not known";
        case RejectReason::bad_shape: return "the shape is out of bounds";
        case RejectReason::bad_rows: return "the rows are outside the frame";
        case RejectReason::bad_payload_size: return "the pixels are not rows x columns x item size";
        case RejectReason::bad_calibration: return "a calibration is not finite or not positive";
        case RejectReason::bad_composition: return "the composition is not in 0..1";
        case RejectReason::bad_result: return "the columns of a result differ in length";
        case RejectReason::bad_frame_number: return "the frame number is beyond the announced ones";
        case RejectReason::series_changed: return "differs from what the series' start announced";
    }
    return "unknown";
}

}  // namespace dwellmap
