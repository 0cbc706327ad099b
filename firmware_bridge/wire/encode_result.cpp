// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/result_message.hpp"
#include "result_generated.h"

#include <cmath>

namespace dwellmap {
namespace {

using Builder = flatbuffers::FlatBufferBuilder;
template <class T>
using Vector = flatbuffers::Offset<flatbuffers::Vector<T>>;

/// One field of `n` things as a column, written in place.
template <class T, class Get>
Vector<T> column(Builder& b, std::size_t n, Get&& get) {
    T* into = nullptr;
    const auto offset = b.CreateUninitializedVector<T>(n, &into);
    for (std::size_t i = 0; i < n; ++i) {
        into[i] = static_cast<T>(get(i));
    }
    return Vector<T>(offset);
}

template <class T, std::size_t N>
Vector<T> list(Builder& b, const std::array<T, N>& values) {
    return b.CreateVector(values.data(), N);
}

Vector<float> pixels(Builder& b, const Image& image) {
    return b.CreateVector(image.data(), static_cast<std::size_t>(image.size()));
}

std::vector<std::byte> finish(Builder& b, Kind kind, const Stamp& stamp) {
    return seal_message(kind, stamp, std::as_bytes(std::span(b.GetBufferPointer(), b.GetSize())));
}

/// What all results begin with. The strings, which have to be built before the table.
struct Head {
    flatbuffers::Offset<flatbuffers::String> uuid, version, unit;

    Head(Builder& b, const FrameResult& r)
        : uuid(b.CreateString(r.series->uuid)),
          version(b.CreateString(DWELLMAP_VERSION)),
          unit(b.CreateString(r.length_unit())) {}

    template <class TableBuilder>
    void add_to(TableBuilder& t, const FrameResult& r, const Stamp& stamp) const {
        t.add_session(stamp.session);
        t.add_seq(stamp.seq);
        t.add_uuid(uuid);
        t.add_frame(r.frame_number);
        t.add_rows_valid(static_cast<std::uint32_t>(r.rows_valid));
        t.add_complete(r.complete);
        t.add_version(version);
        t.add_unit(unit);
        if (r.has_scale()) {
            t.add_pixel_size_nm(r.pixel_size_nm);
        }
    }
};

flatbuffers::Offset<wire::ModeSet> mode_set(Builder& b, const ModeSet& m,
                                            const std::string& species) {
    std::vector<flatbuffers::Offset<flatbuffers::String>> names;
    for (const ModeName name : m.name) {
        names.push_back(b.CreateString(to_string(name)));
    }
    const auto size = [](const auto& x) { return static_cast<std::size_t>(x.size()); };
    const auto species_name = b.CreateString(species);
    const auto mean = b.CreateVector(m.mean.data(), size(m.mean));
    const auto loadings = b.CreateVector(m.loadings.data(), size(m.loadings));
    const auto variance = list(b, m.variance);
    const auto explained = list(b, m.explained);
    const auto overlap = list(b, m.overlap);
    return wire::CreateModeSet(b, species_name, static_cast<std::uint32_t>(m.neighbours), m.count,
                               mean, loadings, variance, explained, b.CreateVector(names), overlap);
}

flatbuffers::Offset<wire::SpeciesResult> species_result(Builder& b, const SpeciesResult& s) {
    const auto clusters = list(b, s.clusters);
    wire::SpeciesResultBuilder t(b);
    const auto add = [](double value, auto&& field) {
        if (!std::isnan(value)) {
            field(value);
        }
    };
    add(s.threshold, [&](double v) { t.add_threshold(v); });
    add(s.quantile_threshold, [&](double v) { t.add_quantile_threshold(v); });
    add(s.fraction_second, [&](double v) { t.add_fraction_second(v); });
    add(s.expected_second, [&](double v) { t.add_expected_second(v); });
    t.add_mean_first(s.mean_first);
    t.add_sigma_first(s.sigma_first);
    t.add_mean_second(s.mean_second);
    t.add_sigma_second(s.sigma_second);
    t.add_clusters(clusters);
    return t.Finish();
}

flatbuffers::Offset<wire::Counters> counter_table(Builder& b, const Counters& c) {
    return wire::CreateCounters(b, c.received, c.blocks, c.merged, c.duplicate, c.orphan,
                                c.rejected, c.reordered, c.lost, c.lost_rows, c.ignored, c.frames,
                                c.overwritten, c.analysed, c.failed);
}

Vector<flatbuffers::Offset<flatbuffers::String>> note_texts(Builder& b, std::uint32_t notes) {
    std::vector<flatbuffers::Offset<flatbuffers::String>> texts;
    for (int bit = 0; bit < kNoteCount; ++bit) {
        const auto note = 1U << static_cast<unsigned>(bit);
        if ((notes & note) != 0) {
            texts.push_back(b.CreateString(to_string(static_cast<Note>(note))));
        }
    }
    return b.CreateVector(texts);
}

Vector<flatbuffers::Offset<wire::StageTime>> stage_times(Builder& b, const FrameResult& r) {
    std::vector<flatbuffers::Offset<wire::StageTime>> stages;
    for (std::size_t i = 0; i < stage_count; ++i) {
        stages.push_back(wire::CreateStageTime(b, b.CreateString(kStageNames[i]), r.time_us[i]));
    }
    return b.CreateVector(stages);
}

}  // namespace

std::vector<std::byte> encode_map(const FrameResult& r, const Stamp& stamp) {
    Builder b;
    std::vector<flatbuffers::Offset<wire::Layer>> layers;
    for (const auto& layer : r.maps) {
        const auto name = b.CreateString(layer.name);
        const auto value = pixels(b, layer.value);
        layers.push_back(wire::CreateLayer(b, name, value, pixels(b, layer.sigma)));
    }
    const auto layers_offset = b.CreateVector(layers);
    const Head head(b, r);
    wire::MapBuilder t(b);
    head.add_to(t, r, stamp);
    t.add_step_px(static_cast<std::uint32_t>(r.map_step_px));
    if (!r.maps.empty()) {
        t.add_rows(static_cast<std::uint32_t>(r.maps.front().value.rows()));
        t.add_cols(static_cast<std::uint32_t>(r.maps.front().value.cols()));
    }
    t.add_layers(layers_offset);
    b.Finish(t.Finish(), identifier(Kind::map));
    return finish(b, Kind::map, stamp);
}

std::vector<std::byte> encode_atoms(const FrameResult& r, const Stamp& stamp) {
    Builder b(64 + r.atoms.size() * 192);
    const auto n = r.atoms.size();
    const auto& atoms = r.atoms;
    const Scores none;
    const auto score = [&](std::size_t i) -> const Scores& {
        return i < r.scores.size() ? r.scores[i] : none;
    };
    const auto floats = [&](auto&& get) { return column<float>(b, n, get); };

    std::vector<flatbuffers::Offset<flatbuffers::String>> names;
    for (const auto& name : r.species_names) {
        names.push_back(b.CreateString(name));
    }
    const auto species_names = b.CreateVector(names);
    const auto id = column<std::int64_t>(b, n, [&](auto i) { return atoms[i].id; });
    const auto x = floats([&](auto i) { return atoms[i].x_px; });
    const auto y = floats([&](auto i) { return atoms[i].y_px; });
    const auto se_x = floats([&](auto i) { return atoms[i].se_x_px; });
    const auto se_y = floats([&](auto i) { return atoms[i].se_y_px; });
    const auto amplitude = floats([&](auto i) { return atoms[i].amplitude; });
    const auto se_amplitude = floats([&](auto i) { return atoms[i].se_amplitude; });
    const auto background = floats([&](auto i) { return atoms[i].background; });
    const auto chi2 = floats([&](auto i) { return atoms[i].chi2; });
    const auto p_second = floats([&](auto i) { return atoms[i].p_second; });
    const auto site = column<std::uint8_t>(b, n, [&](auto i) { return atoms[i].site; });
    const auto species = column<std::int8_t>(b, n, [&](auto i) { return atoms[i].species; });
    const auto neighbours = column<std::int8_t>(b, n, [&](auto i) { return atoms[i].n; });
    const auto shells = column<std::uint8_t>(b, n, [&](auto i) { return atoms[i].complete; });
    const auto flags = column<std::uint16_t>(b, n, [&](auto i) { return atoms[i].flags; });
    const auto cell_i = column<std::int16_t>(b, n, [&](auto i) { return atoms[i].i; });
    const auto cell_j = column<std::int16_t>(b, n, [&](auto i) { return atoms[i].j; });
    const auto pca =
        column<float>(b, n * kModes, [&](auto k) { return score(k / kModes).pca[k % kModes]; });
    const auto se_pca =
        column<float>(b, n * kModes, [&](auto k) { return score(k / kModes).se_pca[k % kModes]; });
    const auto isotropic = floats([&](auto i) { return score(i).isotropic; });
    const auto se_isotropic = floats([&](auto i) { return score(i).se_isotropic; });
    const auto zigzag = column<float>(b, n * 3, [&](auto k) { return score(k / 3).zigzag[k % 3]; });
    const auto order = floats([&](auto i) { return score(i).order_parameter; });
    const auto se_order = floats([&](auto i) { return score(i).se_order_parameter; });
    const Head head(b, r);
    const flatbuffers::Optional<double> pixel_size_nm =
        r.has_scale() ? flatbuffers::Optional<double>(r.pixel_size_nm) : flatbuffers::nullopt;
    const auto root = wire::CreateAtoms(
        b, stamp.session, stamp.seq, head.uuid, r.frame_number,
        static_cast<std::uint32_t>(r.rows_valid), r.complete, head.version, head.unit,
        pixel_size_nm, species_names, r.sigma_px, kModes, id, x, y, se_x, se_y, amplitude,
        se_amplitude, background, chi2, p_second, site, species, neighbours, shells, flags, cell_i,
        cell_j, pca, se_pca, isotropic, se_isotropic, zigzag, order, se_order);
    b.Finish(root, identifier(Kind::atoms));
    return finish(b, Kind::atoms, stamp);
}

std::vector<std::byte> encode_statistics(const FrameResult& r, const Counters& counters,
                                         StreamState state, const Stamp& stamp) {
    Builder b;
    std::vector<flatbuffers::Offset<wire::ModeSet>> modes;
    for (std::size_t i = 0; i < r.modes.size(); ++i) {
        modes.push_back(mode_set(b, r.modes[i], r.species_names[i]));
    }
    const auto modes_offset = b.CreateVector(modes);
    const auto& l = r.lattice;
    const auto lattice =
        wire::CreateLattice(b, l.found, l.a1_px.x(), l.a1_px.y(), l.a2_px.x(), l.a2_px.y(), l.a_px,
                            l.se_a_px, l.rotation_rad, l.anisotropy);
    const auto species = species_result(b, r.species);
    const auto notes = note_texts(b, r.notes);
    const auto stages = stage_times(b, r);
    const auto counts = counter_table(b, counters);
    std::vector<wire::RowShift> shifts;
    for (const RowShift& s : r.row_shifts) {
        shifts.emplace_back(s.y_px, s.dx_px, s.dy_px, s.se_px);
    }
    const auto row_shifts = b.CreateVectorOfStructs(shifts);
    const Head head(b, r);
    wire::StatisticsBuilder t(b);
    head.add_to(t, r, stamp);
    t.add_atoms(static_cast<std::uint32_t>(r.atoms.size()));
    t.add_modes(modes_offset);
    t.add_lattice(lattice);
    t.add_drift_x_px(r.drift_px.x());
    t.add_drift_y_px(r.drift_px.y());
    t.add_width_px(r.sigma_px);
    t.add_background(r.background);
    t.add_chi2(r.chi2);
    t.add_species(species);
    t.add_notes(r.notes);
    t.add_note_texts(notes);
    t.add_stages(stages);
    t.add_latency_us(r.latency_us);
    t.add_state(static_cast<wire::State>(state));
    t.add_counters(counts);
    t.add_ellipticity(r.ellipticity);
    t.add_ellipticity_rad(r.ellipticity_rad);
    t.add_row_shifts(row_shifts);
    b.Finish(t.Finish(), identifier(Kind::statistics));
    return finish(b, Kind::statistics, stamp);
}

std::vector<std::byte> encode_series(const SeriesUpdate& u, const Stamp& stamp) {
    Builder b;
    const auto uuid = b.CreateString(u.uuid);
    const auto version = b.CreateString(DWELLMAP_VERSION);
    const auto json = b.CreateString(u.json);
    b.Finish(
        wire::CreateSeriesStatistics(b, stamp.session, stamp.seq, uuid, u.frame, version, json),
        identifier(Kind::series));
    return finish(b, Kind::series, stamp);
}

std::vector<std::byte> encode_heartbeat(const HeartbeatMessage& m, const Counters& counters,
                                        const Stamp& stamp) {
    Builder b;
    const auto version = b.CreateString(m.version.data(), m.version.size());
    const auto host = b.CreateString(m.host.data(), m.host.size());
    const auto uuid = b.CreateString(m.uuid.data(), m.uuid.size());
    const auto next_seq = list(b, m.next_seq);
    const auto counts = counter_table(b, counters);
    b.Finish(wire::CreateHeartbeat(b, stamp.session, stamp.seq, version, host,
                                   static_cast<wire::State>(m.state), uuid, next_seq, counts),
             identifier(Kind::heartbeat));
    return finish(b, Kind::heartbeat, stamp);
}

}  // namespace dwellmap
