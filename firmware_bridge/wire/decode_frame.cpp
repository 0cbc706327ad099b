// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "dwellmap/frame_message.hpp"
#include "frame_generated.h"

#include <cmath>
#include <cstring>
#include <utility>

namespace dwellmap {
namespace {

/// The first thing that is wrong with a message; later ones do not replace it.
class Checks {
public:
    explicit Checks(FrameMessage& message) : message_(message) {}
    void require(bool right, RejectReason reason, const char* field) {
        if (!right && passed()) {
            message_.reason = reason;
            message_.field = field;
        }
    }
    /// Nobody gets to see what did not pass.
    template <class Content>
    void accept(Content&& content) {
        if (passed()) {
            message_.content = std::forward<Content>(content);
        }
    }
    bool passed() const { return message_.reason == RejectReason::none; }

private:
    FrameMessage& message_;
};

std::string_view view(const flatbuffers::String* s) {
    return s == nullptr ? std::string_view{} : std::string_view(s->c_str(), s->size());
}

/// The FlatBuffer of a message, and the aligned copy of it that is read.
struct Source {
    const Sections& sections;
    const std::byte* copy;

    /// The same text in the message, because the copy is about to go away.
    std::string_view view_in_message(const flatbuffers::String* s) const {
        if (s == nullptr || s->size() == 0) {
            return {};
        }
        const auto offset = reinterpret_cast<const std::byte*>(s->c_str()) - copy;
        const auto* begin = sections.flatbuffer.data() + offset;
        return {reinterpret_cast<const char*>(begin), s->size()};
    }
};

void require_text(Checks& checks, const flatbuffers::String* s, const char* field,
                  std::size_t limit = kMaxText) {
    checks.require(is_plain_text(view(s), limit), RejectReason::bad_text, field);
}

template <class Table>
void require_stamp(Checks& checks, const Table& t, const Stamp& stamp) {
    checks.require(t.session().value_or(stamp.session) == stamp.session,
                   RejectReason::stamp_differs, "session");
    checks.require(t.seq().value_or(stamp.seq) == stamp.seq, RejectReason::stamp_differs, "seq");
}

template <class Table>
void require_uuid(Checks& checks, const Table& t) {
    checks.require(is_uuid(view(t.uuid())), RejectReason::bad_uuid, "uuid");
}

template <class Table>
void require_image(Checks& checks, const Table& t) {
    checks.require(t.pixel_type() >= wire::PixelType::u8 && t.pixel_type() <= wire::PixelType::f64,
                   RejectReason::bad_pixel_type, "pixel_type");
    const auto side = [&](std::uint32_t n, const char* field) {
        checks.require(n >= kMinSide && n <= kMaxSide, RejectReason::bad_shape, field);
    };
    side(t.rows(), "rows");
    side(t.cols(), "cols");
    checks.require(std::int64_t{t.rows()} * t.cols() <= kMaxPixels, RejectReason::bad_shape,
                   "rows x cols");
}

using Number = flatbuffers::Optional<double>;

double positive(Checks& checks, const Number& value, const char* field) {
    checks.require(!value.has_value() || (std::isfinite(*value) && *value > 0),
                   RejectReason::bad_calibration, field);
    return value.value_or(std::numeric_limits<double>::quiet_NaN());
}

double finite(Checks& checks, const Number& value, const char* field) {
    checks.require(!value.has_value() || std::isfinite(*value), RejectReason::bad_calibration,
                   field);
    return value.value_or(std::numeric_limits<double>::quiet_NaN());
}

void read_calibration(Checks& checks, const wire::Start& t, StartMessage& m) {
    Series& s = m.series;
    s.pixel_size_nm = positive(checks, t.pixel_size_nm(), "pixel_size_nm");
    s.rotation_rad = finite(checks, t.rotation_rad(), "rotation_rad");
    s.dwell_us = positive(checks, t.dwell_us(), "dwell_us");
    s.line_us = positive(checks, t.line_us(), "line_us");
    s.flyback_us = finite(checks, t.flyback_us(), "flyback_us");
    checks.require(!(s.flyback_us < 0), RejectReason::bad_calibration, "flyback_us");
    s.high_tension_v = positive(checks, t.high_tension_v(), "high_tension_v");
    m.offset_x_nm = finite(checks, t.offset_x_nm(), "offset_x_nm");
    m.offset_y_nm = finite(checks, t.offset_y_nm(), "offset_y_nm");
    s.composition = t.composition().value_or(std::numeric_limits<double>::quiet_NaN());
    checks.require(!t.composition().has_value() || (s.composition >= 0 && s.composition <= 1),
                   RejectReason::bad_composition, "composition");
}

void read(const wire::Start& t, const Source&, FrameMessage& into) {
    Checks checks(into);
    StartMessage m;
    require_stamp(checks, t, into.envelope.stamp);
    require_uuid(checks, t);
    require_text(checks, t.name(), "name");
    require_text(checks, t.specimen(), "specimen");
    require_text(checks, t.channel(), "channel");
    require_text(checks, t.provenance(), "provenance", kMaxProvenance);
    require_image(checks, t);
    read_calibration(checks, t, m);
    if (!checks.passed()) {
        return;
    }
    Series& s = m.series;
    s.uuid = view(t.uuid());
    s.name = view(t.name());
    s.specimen = view(t.specimen());
    s.channel = view(t.channel());
    s.rows_px = static_cast<int>(t.rows());
    s.cols_px = static_cast<int>(t.cols());
    s.expected_frames = t.expected_frames();
    m.provenance = view(t.provenance());
    m.pixel_type = static_cast<PixelType>(t.pixel_type());
    m.wall_time_ns = t.wall_time_ns();
    checks.accept(std::move(m));
}

void read(const wire::Rows& t, const Source& source, FrameMessage& into) {
    Checks checks(into);
    require_stamp(checks, t, into.envelope.stamp);
    require_uuid(checks, t);
    require_image(checks, t);
    checks.require(t.codec() == wire::Codec::none, RejectReason::bad_codec, "codec");
    checks.require(t.first_row() < t.rows(), RejectReason::bad_rows, "first_row");
    checks.require(t.row_count() >= 1 && t.row_count() <= t.rows() - t.first_row(),
                   RejectReason::bad_rows, "row_count");
    if (!checks.passed()) {
        return;
    }
    RowsMessage m;
    m.uuid = source.view_in_message(t.uuid());
    m.frame = t.frame();
    m.pixel_type = static_cast<PixelType>(t.pixel_type());
    m.rows_px = static_cast<int>(t.rows());
    m.cols_px = static_cast<int>(t.cols());
    m.first_row = static_cast<int>(t.first_row());
    m.row_count = static_cast<int>(t.row_count());
    m.complete = t.complete();
    m.acquired_ns = t.acquired_ns();
    m.sent_wall_ns = t.sent_wall_ns();
    // No overflow: both sides are bounded by kMaxSide, the item by 8.
    const auto size = std::size_t{t.row_count()} * t.cols() * size_of(m.pixel_type);
    m.pixels = source.sections.payload;
    checks.require(m.pixels.size() == size, RejectReason::bad_payload_size, "pixels");
    checks.accept(m);
}

void read(const wire::End& t, const Source& source, FrameMessage& into) {
    Checks checks(into);
    require_stamp(checks, t, into.envelope.stamp);
    require_uuid(checks, t);
    require_text(checks, t.reason(), "reason");
    checks.accept(EndMessage{source.view_in_message(t.uuid()), source.view_in_message(t.reason()),
                             t.frames_sent(), t.frames_dropped(), t.next_rows_seq()});
}

void read(const wire::Heartbeat& t, const Source& source, FrameMessage& into) {
    Checks checks(into);
    require_stamp(checks, t, into.envelope.stamp);
    require_text(checks, t.version(), "version");
    require_text(checks, t.host(), "host");
    checks.require(view(t.uuid()).empty() || is_uuid(view(t.uuid())), RejectReason::bad_uuid,
                   "uuid");
    HeartbeatMessage m;
    m.version = source.view_in_message(t.version());
    m.host = source.view_in_message(t.host());
    m.uuid = source.view_in_message(t.uuid());
    m.state = t.state() <= wire::State::disconnected ? static_cast<StreamState>(t.state())
                                                     : StreamState::waiting;
    for (flatbuffers::uoffset_t i = 0; i < t.next_seq()->size() && i < m.next_seq.size(); ++i) {
        m.next_seq[i] = t.next_seq()->Get(i);
    }
    checks.accept(m);
}

/// Verifies the FlatBuffer in an aligned copy, then checks the meaning.
template <class Table>
void verify_and_read(const Sections& sections, FrameMessage& into) {
    constexpr flatbuffers::uoffset_t max_depth = 4, max_tables = 4;
    if (sections.flatbuffer.size() > kMaxFrameFlatbuffer) {
        into.reason = RejectReason::bad_size;
        return;
    }
    alignas(16) std::byte copy[kMaxFrameFlatbuffer];
    std::memcpy(copy, sections.flatbuffer.data(), sections.flatbuffer.size());
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(copy);
    const char* id = identifier(sections.envelope.kind);
    if (sections.flatbuffer.size() < 8 || !flatbuffers::BufferHasIdentifier(bytes, id)) {
        into.reason = RejectReason::wrong_identifier;
        return;
    }
    flatbuffers::Verifier verifier(bytes, sections.flatbuffer.size(), max_depth, max_tables);
    if (!verifier.VerifyBuffer<Table>(id)) {
        into.reason = RejectReason::bad_flatbuffer;
        return;
    }
    read(*flatbuffers::GetRoot<Table>(bytes), Source{sections, copy}, into);
}

template <class T>
void convert(Bytes from, std::span<float> into) noexcept {
    for (std::size_t i = 0; i < into.size(); ++i) {
        T value;
        std::memcpy(&value, from.data() + i * sizeof(T), sizeof(T));
        into[i] = static_cast<float>(value);
    }
}

}  // namespace

std::size_t size_of(PixelType type) noexcept {
    switch (type) {
        case PixelType::u8: return 1;
        case PixelType::u16:
        case PixelType::i16: return 2;
        case PixelType::u32:
        case PixelType::i32:
        case PixelType::f32: return 4;
        case PixelType::f64: return 8;
    }
    return 0;
}

FrameMessage decode_frame_message(Bytes message) {
    FrameMessage out;
    Sections sections;
    out.reason = open_message(message, sections);
    out.envelope = sections.envelope;
    if (out.reason != RejectReason::none) {
        return out;
    }
    if (sections.envelope.kind != Kind::rows && !sections.payload.empty()) {
        out.reason = RejectReason::bad_payload_size;
        return out;
    }
    switch (sections.envelope.kind) {
        case Kind::start: verify_and_read<wire::Start>(sections, out); break;
        case Kind::rows: verify_and_read<wire::Rows>(sections, out); break;
        case Kind::end: verify_and_read<wire::End>(sections, out); break;
        case Kind::heartbeat: verify_and_read<wire::Heartbeat>(sections, out); break;
        default: break;  // another kind of stream, or a newer sender: ignored, not rejected
    }
    return out;
}

void to_float(PixelType type, Bytes from, std::span<float> into) noexcept {
    switch (type) {
        case PixelType::u8: return convert<std::uint8_t>(from, into);
        case PixelType::u16: return convert<std::uint16_t>(from, into);
        case PixelType::u32: return convert<std::uint32_t>(from, into);
        case PixelType::i16: return convert<std::int16_t>(from, into);
        case PixelType::i32: return convert<std::int32_t>(from, into);
        case PixelType::f32: return convert<float>(from, into);
        case PixelType::f64: return convert<double>(from, into);
    }
}

}  // namespace dwellmap
