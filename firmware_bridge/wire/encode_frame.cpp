// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/frame_message.hpp"
#include "frame_generated.h"

namespace dwellmap {
namespace {

flatbuffers::Optional<double> known(double value) {
    return std::isnan(value) ? flatbuffers::nullopt : flatbuffers::Optional<double>(value);
}

template <class Table>
std::vector<std::byte> finish(flatbuffers::FlatBufferBuilder& b, flatbuffers::Offset<Table> root,
                              Kind kind, const Stamp& stamp, Bytes payload = {}) {
    b.Finish(root, identifier(kind));
    return seal_message(kind, stamp, std::as_bytes(std::span(b.GetBufferPointer(), b.GetSize())),
                        payload);
}

}  // namespace

std::vector<std::byte> encode(const StartMessage& m, const Stamp& stamp) {
    flatbuffers::FlatBufferBuilder b;
    const Series& s = m.series;
    const auto uuid = b.CreateString(s.uuid);
    const auto name = b.CreateString(s.name);
    const auto specimen = b.CreateString(s.specimen);
    const auto channel = b.CreateString(s.channel);
    const auto provenance = b.CreateString(m.provenance);
    wire::StartBuilder t(b);
    t.add_session(stamp.session);
    t.add_seq(stamp.seq);
    t.add_uuid(uuid);
    t.add_name(name);
    t.add_specimen(specimen);
    t.add_channel(channel);
    t.add_provenance(provenance);
    t.add_wall_time_ns(m.wall_time_ns);
    t.add_expected_frames(s.expected_frames);
    t.add_pixel_type(static_cast<wire::PixelType>(m.pixel_type));
    t.add_rows(static_cast<std::uint32_t>(s.rows_px));
    t.add_cols(static_cast<std::uint32_t>(s.cols_px));
    t.add_rotation_rad(s.rotation_rad);
    const auto add = [](double value, auto&& field) {
        if (const auto v = known(value); v.has_value()) {
            field(*v);
        }
    };
    add(s.pixel_size_nm, [&](double v) { t.add_pixel_size_nm(v); });
    add(s.dwell_us, [&](double v) { t.add_dwell_us(v); });
    add(s.line_us, [&](double v) { t.add_line_us(v); });
    add(s.flyback_us, [&](double v) { t.add_flyback_us(v); });
    add(s.high_tension_v, [&](double v) { t.add_high_tension_v(v); });
    add(s.composition, [&](double v) { t.add_composition(v); });
    add(m.offset_x_nm, [&](double v) { t.add_offset_x_nm(v); });
    add(m.offset_y_nm, [&](double v) { t.add_offset_y_nm(v); });
    return finish(b, t.Finish(), Kind::start, stamp);
}

std::vector<std::byte> encode(const RowsMessage& m, const Stamp& stamp) {
    flatbuffers::FlatBufferBuilder b;
    const auto uuid = b.CreateString(m.uuid.data(), m.uuid.size());
    const auto root = wire::CreateRows(
        b, stamp.session, stamp.seq, uuid, m.frame, static_cast<wire::PixelType>(m.pixel_type),
        static_cast<std::uint32_t>(m.rows_px), static_cast<std::uint32_t>(m.cols_px),
        static_cast<std::uint32_t>(m.first_row), static_cast<std::uint32_t>(m.row_count),
        m.complete, wire::Codec::none, m.acquired_ns, m.sent_wall_ns);
    return finish(b, root, Kind::rows, stamp, m.pixels);
}

std::vector<std::byte> encode(const EndMessage& m, const Stamp& stamp) {
    flatbuffers::FlatBufferBuilder b;
    const auto uuid = b.CreateString(m.uuid.data(), m.uuid.size());
    const auto reason = b.CreateString(m.reason.data(), m.reason.size());
    const auto root = wire::CreateEnd(b, stamp.session, stamp.seq, uuid, reason, m.frames_sent,
                                      m.frames_dropped, m.next_rows_seq);
    return finish(b, root, Kind::end, stamp);
}

std::vector<std::byte> encode(const HeartbeatMessage& m, const Stamp& stamp) {
    flatbuffers::FlatBufferBuilder b;
    const auto version = b.CreateString(m.version.data(), m.version.size());
    const auto host = b.CreateString(m.host.data(), m.host.size());
    const auto uuid = b.CreateString(m.uuid.data(), m.uuid.size());
    const auto next_seq = b.CreateVector(m.next_seq.data(), m.next_seq.size());
    const auto root = wire::CreateHeartbeat(b, stamp.session, stamp.seq, version, host,
                                            static_cast<wire::State>(m.state), uuid, next_seq);
    return finish(b, root, Kind::heartbeat, stamp);
}

}  // namespace dwellmap
