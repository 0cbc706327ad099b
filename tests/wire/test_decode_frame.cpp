// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/frame_message.hpp"
#include "frame_generated.h"
#include "support/stream.hpp"

#include <catch2/catch.hpp>

#include <cstring>
#include <functional>
#include <limits>
#include <sstream>

using namespace dwellmap;
using namespace dwellmap::testing;

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
const Stamp kStamp{0x1122334455667788, 42};

std::vector<std::byte> small_rows() {
    const auto values = pixels(3, 2, 2, 8);
    return encode(rows_message(3, 8, 8, 2, 2, values), kStamp);
}

std::vector<std::byte> small_end() {
    EndMessage m;
    m.uuid = kUuid;
    m.reason = "done";
    return encode(m, kStamp);
}

std::vector<std::byte> small_heartbeat() {
    HeartbeatMessage m;
    m.version = "1.2";
    m.uuid = kUuid;
    return encode(m, kStamp);
}

RejectReason reason_of(Bytes message) { return decode_frame_message(message).reason; }

/// All that a message says.
std::string text_of(const FrameMessage& message) {
    std::ostringstream out;
    const auto bytes_of = [](Bytes b) {
        return std::string_view(reinterpret_cast<const char*>(b.data()), b.size());
    };
    out << message.envelope.stamp.session << ' ' << message.envelope.stamp.seq << ' ';
    if (const auto* s = std::get_if<StartMessage>(&message.content)) {
        out << s->series.uuid << s->series.name << s->series.rows_px << ' ' << s->series.cols_px
            << ' ' << s->series.pixel_size_nm << ' ' << static_cast<int>(s->pixel_type);
    } else if (const auto* r = std::get_if<RowsMessage>(&message.content)) {
        out << r->uuid << r->frame << ' ' << r->first_row << ' ' << r->row_count << ' '
            << r->complete << static_cast<int>(r->pixel_type) << bytes_of(r->pixels);
    } else if (const auto* e = std::get_if<EndMessage>(&message.content)) {
        out << e->uuid << e->reason << e->frames_sent << ' ' << e->next_rows_seq;
    } else if (const auto* h = std::get_if<HeartbeatMessage>(&message.content)) {
        out << h->version << h->uuid << h->host << h->next_seq[2];
    }
    return out.str();
}

/// A rows message as anybody may write one.
std::vector<std::byte> rows_of(const std::function<void(wire::RowsT&)>& change,
                               std::size_t payload = 2 * 8 * 4) {
    wire::RowsT t;
    t.uuid = kUuid;
    t.pixel_type = wire::PixelType::f32;
    t.rows = t.cols = 8;
    t.row_count = 2;
    change(t);
    flatbuffers::FlatBufferBuilder b;
    b.Finish(wire::Rows::Pack(b, &t), "sf00");
    return seal_message(Kind::rows, kStamp,
                        std::as_bytes(std::span(b.GetBufferPointer(), b.GetSize())),
                        std::vector<std::byte>(payload));
}

FrameMessage decode_start(const std::function<void(StartMessage&)>& change) {
    auto m = start_message(16, 32);
    change(m);
    return decode_frame_message(encode(m, kStamp));
}

}  // namespace

TEST_CASE("a start comes back as it was sent; what was not said stays unknown") {
    auto sent = start_message(16, 32, PixelType::u16);
    sent.series.specimen = "Mo₁₋ₓReₓS₂";
    sent.series.channel = "HAADF";
    sent.series.expected_frames = 12;
    sent.series.composition = 0;
    sent.series.line_us = 1024;
    sent.series.rotation_rad = -0.5;
    sent.provenance = R"({"scan_id": 7})";
    const auto got = decode_frame_message(encode(sent, kStamp));
    REQUIRE(got.reason == RejectReason::none);
    CHECK(got.envelope.stamp == kStamp);
    const auto& m = std::get<StartMessage>(got.content);
    CHECK(m.series.uuid == kUuid);
    CHECK(m.series.name == "MoS2");
    CHECK(m.series.specimen == sent.series.specimen);
    CHECK(m.series.channel == "HAADF");
    CHECK(m.series.rows_px == 16);
    CHECK(m.series.cols_px == 32);
    CHECK(m.series.expected_frames == 12);
    CHECK(m.series.pixel_size_nm == 0.0125);
    CHECK(m.series.rotation_rad == -0.5);
    CHECK(m.series.line_us == 1024);
    CHECK(m.series.composition == 0);
    CHECK(std::isnan(m.series.dwell_us));
    CHECK(std::isnan(m.series.high_tension_v));
    CHECK(std::isnan(m.offset_x_nm));
    CHECK(m.pixel_type == PixelType::u16);
    CHECK(m.provenance == sent.provenance);
}

TEST_CASE("a block of rows decodes at any alignment") {
    const auto message = small_rows();
    const auto offset = GENERATE(range<std::size_t>(0, 16));
    std::vector<std::byte> shifted(offset);
    shifted.insert(shifted.end(), message.begin(), message.end());
    const auto got = decode_frame_message(Bytes(shifted).subspan(offset));
    REQUIRE(got.reason == RejectReason::none);
    const auto& m = std::get<RowsMessage>(got.content);
    CHECK(m.uuid == kUuid);
    CHECK(m.frame == 3);
    CHECK(m.first_row == 2);
    CHECK(m.row_count == 2);
    CHECK_FALSE(m.complete);
    std::vector<float> values(16);
    to_float(m.pixel_type, m.pixels, values);
    CHECK(values == pixels(3, 2, 2, 8));
}

TEST_CASE("every truncation of every message is rejected") {
    const auto message =
        GENERATE(small_rows(), small_end(), small_heartbeat(), encode(start_message(8, 8), kStamp));
    REQUIRE(reason_of(message) == RejectReason::none);
    for (std::size_t size = 0; size < message.size(); ++size) {
        CAPTURE(size);
        const std::vector<std::byte> cut(message.begin(),
                                         message.begin() + static_cast<std::ptrdiff_t>(size));
        CHECK(reason_of(cut) != RejectReason::none);
    }
}

TEST_CASE("no flipped bit changes what a message says: it is rejected, ignored or harmless") {
    auto message =
        GENERATE(small_rows(), small_end(), small_heartbeat(), encode(start_message(8, 8), kStamp));
    const auto original = text_of(decode_frame_message(message));
    for (std::size_t bit = 0; bit < message.size() * 8; ++bit) {
        CAPTURE(bit);
        message[bit / 8] ^= std::byte{1} << (bit % 8);
        const auto got = decode_frame_message(message);
        const bool ignored = got.reason == RejectReason::none && got.content.index() == 0;
        const bool may_be_harmless = bit / 8 == 6 || (bit / 8 >= 8 && bit / 8 < 12);  // minor, size
        CHECK((ignored || got.reason != RejectReason::none ||
               (may_be_harmless && text_of(got) == original)));
        message[bit / 8] ^= std::byte{1} << (bit % 8);
    }
}

TEST_CASE(
    "no flipped bit of a FlatBuffer leads outside the message, even if the checksum is right") {
    const auto message =
        GENERATE(small_rows(), small_end(), small_heartbeat(), encode(start_message(8, 8), kStamp));
    Sections s;
    REQUIRE(open_message(message, s) == RejectReason::none);
    std::vector<std::byte> flatbuffer(s.flatbuffer.begin(), s.flatbuffer.end());
    for (std::size_t bit = 0; bit < flatbuffer.size() * 8; ++bit) {
        flatbuffer[bit / 8] ^= std::byte{1} << (bit % 8);
        const auto sealed = seal_message(s.envelope.kind, kStamp, flatbuffer, s.payload);
        const auto got = decode_frame_message(sealed);
        if (const auto* rows = std::get_if<RowsMessage>(&got.content)) {  // run with ASan to see
            std::vector<float> values(static_cast<std::size_t>(rows->row_count * rows->cols_px));
            to_float(rows->pixel_type, rows->pixels, values);
        }
        flatbuffer[bit / 8] ^= std::byte{1} << (bit % 8);
    }
}

TEST_CASE("rows that cannot be are rejected with their reason") {
    using Change = std::function<void(wire::RowsT&)>;
    struct Case {
        Change change;
        RejectReason reason;
        std::string field;
    };
    const auto c = GENERATE(values<Case>({
        {[](auto&) {}, RejectReason::none, ""},
        {[](auto& t) { t.session = 5; }, RejectReason::stamp_differs, "session"},
        {[](auto& t) { t.seq = 41; }, RejectReason::stamp_differs, "seq"},
        {[](auto& t) { t.seq = 42; }, RejectReason::none, ""},
        {[](auto& t) { t.uuid = "not a uuid"; }, RejectReason::bad_uuid, "uuid"},
        {[](auto& t) { t.uuid[5] = 'x'; }, RejectReason::bad_uuid, "uuid"},
        {[](auto& t) { t.pixel_type = wire::PixelType::none; }, RejectReason::bad_pixel_type,
         "pixel_type"},
        {[](auto& t) { t.pixel_type = static_cast<wire::PixelType>(99); },
         RejectReason::bad_pixel_type, "pixel_type"},
        {[](auto& t) { t.codec = static_cast<wire::Codec>(1); }, RejectReason::bad_codec, "codec"},
        {[](auto& t) { t.rows = 0; }, RejectReason::bad_shape, "rows"},
        {[](auto& t) { t.rows = 7; }, RejectReason::bad_shape, "rows"},
        {[](auto& t) { t.cols = 16385; }, RejectReason::bad_shape, "cols"},
        {[](auto& t) { t.cols = 0xFFFFFFFF; }, RejectReason::bad_shape, "cols"},
        {[](auto& t) { t.rows = t.cols = 16384; }, RejectReason::bad_shape, "rows x cols"},
        {[](auto& t) { t.first_row = 8; }, RejectReason::bad_rows, "first_row"},
        {[](auto& t) { t.first_row = 7; }, RejectReason::bad_rows, "row_count"},
        {[](auto& t) { t.row_count = 0; }, RejectReason::bad_rows, "row_count"},
        {[](auto& t) { t.row_count = 0xFFFFFFFF; }, RejectReason::bad_rows, "row_count"},
        {[](auto& t) { t.row_count = 3; }, RejectReason::bad_payload_size, "pixels"},
        {[](auto& t) { t.pixel_type = wire::PixelType::f64; }, RejectReason::bad_payload_size,
         "pixels"},
    }));
    const auto got = decode_frame_message(rows_of(c.change));
    CHECK(got.reason == c.reason);
    CHECK(got.field == c.field);
}

TEST_CASE("a payload one byte short or long is rejected") {
    const auto size = GENERATE(0U, 1U, 63U, 65U, 128U);
    CHECK(reason_of(rows_of([](auto&) {}, size)) == RejectReason::bad_payload_size);
}

TEST_CASE("a start that cannot be is rejected with the name of the field") {
    using Change = std::function<void(StartMessage&)>;
    struct Case {
        Change change;
        RejectReason reason;
        std::string field;
    };
    const auto c = GENERATE(values<Case>({
        {[](auto& m) { m.series.pixel_size_nm = 0; }, RejectReason::bad_calibration,
         "pixel_size_nm"},
        {[](auto& m) { m.series.pixel_size_nm = -1; }, RejectReason::bad_calibration,
         "pixel_size_nm"},
        {[](auto& m) { m.series.pixel_size_nm = kInf; }, RejectReason::bad_calibration,
         "pixel_size_nm"},
        {[](auto& m) { m.series.rotation_rad = kNaN; }, RejectReason::bad_calibration,
         "rotation_rad"},
        {[](auto& m) { m.series.dwell_us = 0; }, RejectReason::bad_calibration, "dwell_us"},
        {[](auto& m) { m.series.line_us = -5; }, RejectReason::bad_calibration, "line_us"},
        {[](auto& m) { m.series.flyback_us = -5; }, RejectReason::bad_calibration, "flyback_us"},
        {[](auto& m) { m.series.flyback_us = 0; }, RejectReason::none, ""},
        {[](auto& m) { m.series.high_tension_v = 0; }, RejectReason::bad_calibration,
         "high_tension_v"},
        {[](auto& m) { m.offset_y_nm = kInf; }, RejectReason::bad_calibration, "offset_y_nm"},
        {[](auto& m) { m.series.composition = 1.01; }, RejectReason::bad_composition,
         "composition"},
        {[](auto& m) { m.series.composition = -0.01; }, RejectReason::bad_composition,
         "composition"},
        {[](auto& m) { m.series.composition = 1; }, RejectReason::none, ""},
        {[](auto& m) { m.series.rows_px = 4; }, RejectReason::bad_shape, "rows"},
        {[](auto& m) { m.series.name = std::string(257, 'x'); }, RejectReason::bad_text, "name"},
        {[](auto& m) { m.series.name = std::string("\x1b[2J"); }, RejectReason::bad_text, "name"},
        {[](auto& m) { m.series.name = std::string("<b>&\"µ"); }, RejectReason::none, ""},
        {[](auto& m) { m.series.specimen = std::string("\xff"); }, RejectReason::bad_text,
         "specimen"},
        {[](auto& m) { m.series.specimen = std::string("\xc3"); }, RejectReason::bad_text,
         "specimen"},
        {[](auto& m) { m.series.channel = std::string("\xc0\x80"); }, RejectReason::bad_text,
         "channel"},
        {[](auto& m) { m.series.channel = std::string("\xed\xa0\x80"); }, RejectReason::bad_text,
         "channel"},
        {[](auto& m) { m.provenance = std::string(8193, ' '); }, RejectReason::bad_text,
         "provenance"},
        {[](auto& m) { m.provenance = std::string(20000, ' '); }, RejectReason::bad_size, ""},
    }));
    const auto got = decode_start(c.change);
    CHECK(got.reason == c.reason);
    CHECK(got.field == c.field);
}

TEST_CASE("NaN written as a calibration is rejected; not writing it is how to say unknown") {
    wire::StartT t;
    t.uuid = kUuid;
    t.pixel_type = wire::PixelType::f32;
    t.rows = t.cols = 8;
    const bool written = GENERATE(false, true);
    if (written) {
        t.pixel_size_nm = std::numeric_limits<double>::quiet_NaN();
    }
    flatbuffers::FlatBufferBuilder b;
    b.Finish(wire::Start::Pack(b, &t), "ss00");
    const auto got = decode_frame_message(seal_message(
        Kind::start, kStamp, std::as_bytes(std::span(b.GetBufferPointer(), b.GetSize()))));
    CHECK(got.reason == (written ? RejectReason::bad_calibration : RejectReason::none));
}

TEST_CASE("another kind's FlatBuffer is rejected, an unknown kind is ignored") {
    auto message = small_end();
    message[4] = static_cast<std::byte>(Kind::rows);
    CHECK(reason_of(message) == RejectReason::wrong_identifier);
    message[4] = std::byte{77};
    const auto got = decode_frame_message(message);
    CHECK(got.reason == RejectReason::none);
    CHECK(std::holds_alternative<std::monostate>(got.content));
}

TEST_CASE("pixels behind a message that has none are rejected") {
    const auto end = small_end();
    Sections s;
    REQUIRE(open_message(end, s) == RejectReason::none);
    CHECK(reason_of(seal_message(Kind::end, kStamp, s.flatbuffer, end)) ==
          RejectReason::bad_payload_size);
}

TEMPLATE_TEST_CASE("every pixel type becomes float", "", std::uint8_t, std::uint16_t, std::uint32_t,
                   std::int16_t, std::int32_t, float, double) {
    const auto type = std::is_same_v<TestType, std::uint8_t>    ? PixelType::u8
                      : std::is_same_v<TestType, std::uint16_t> ? PixelType::u16
                      : std::is_same_v<TestType, std::uint32_t> ? PixelType::u32
                      : std::is_same_v<TestType, std::int16_t>  ? PixelType::i16
                      : std::is_same_v<TestType, std::int32_t>  ? PixelType::i32
                      : std::is_same_v<TestType, float>         ? PixelType::f32
                                                                : PixelType::f64;
    const std::vector<TestType> values{std::numeric_limits<TestType>::lowest(), 0, 1, 100,
                                       std::numeric_limits<TestType>::max()};
    REQUIRE(size_of(type) == sizeof(TestType));
    std::vector<float> floats(values.size());
    to_float(type, std::as_bytes(std::span(values)), floats);
    for (std::size_t i = 0; i < values.size(); ++i) {
        CHECK(floats[i] == static_cast<float>(values[i]));
    }
}
