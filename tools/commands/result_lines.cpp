// SPDX-License-Identifier: Apache-2.0
#include "commands/result_lines.hpp"

#include "commands/atoms_csv.hpp"
#include "page/result_json.hpp"
#include "result_generated.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace dwellmap {
namespace {

using nlohmann::json;

json head(const ResultMessage& m, const FrameResult& r, const char* kind) {
    return {{"kind", kind},
            {"session", m.envelope().stamp.session},
            {"seq", m.envelope().stamp.seq},
            {"series", r.series->uuid},
            {"frame", r.frame_number},
            {"rows_valid", r.rows_valid},
            {"complete", r.complete},
            {"unit", r.length_unit()},
            {"pixel_size_nm", r.has_scale() ? json(r.pixel_size_nm) : json(nullptr)}};
}

json atoms_line(const ResultMessage& m) {
    const auto r = unpack(*m.atoms());
    auto line = head(m, r, "atoms");
    const auto frame = frame_json(r);
    for (const char* key : {"species_names", "sigma_px", "atoms", "scores"}) {
        line[key] = frame[key];
    }
    return line;
}

json map_line(const ResultMessage& m) {
    const auto r = unpack(*m.map());
    auto line = head(m, r, "map");
    line["layers"] = maps_json(r);
    return line;
}

json statistics_line(const ResultMessage& m) {
    Counters counters;
    const auto r = unpack(*m.statistics(), counters);
    auto line = head(m, r, "statistics");
    const auto frame = frame_json(r);
    for (const char* key : {"lattice", "drift_px", "sigma_px", "background", "chi2", "species",
                            "notes", "time_us", "latency_us"}) {
        line[key] = frame[key];
    }
    line["atoms"] = m.statistics()->atoms();
    line["pca"] = pca_json(r);
    line["counters"] = counters_json(counters);
    line["state"] = to_string(static_cast<StreamState>(m.statistics()->state()));
    return line;
}

json event_line(const wire::Event& e) {
    const auto text = [](const flatbuffers::String* s) { return s == nullptr ? "" : s->str(); };
    return {{"kind", "event"},          {"series", e.uuid()->str()},
            {"frame", e.frame()},       {"type", static_cast<int>(e.type())},
            {"atom", e.atom_id()},      {"x_px", e.x_px()},
            {"y_px", e.y_px()},         {"before", text(e.before())},
            {"after", text(e.after())}, {"text", text(e.text())}};
}

json heartbeat_line(const wire::Heartbeat& h) {
    return {{"kind", "heartbeat"},
            {"state", to_string(static_cast<StreamState>(h.state()))},
            {"counters", counters_json(unpack(h))}};
}

std::ostream& frame(std::ostream& out, const FrameResult& r) {
    out << "frame " << r.frame_number << (r.complete ? "" : " so far") << ": ";
    return out;
}

void text(std::ostream& out, const wire::Atoms& t) {
    const auto r = unpack(t);
    std::map<std::string, int> species;
    std::ptrdiff_t flagged = 0;
    for (const auto& a : r.atoms) {
        ++species[a.species < 0 ? "unknown" : r.species_names[static_cast<std::size_t>(a.species)]];
        flagged += a.flags != 0 ? 1 : 0;
    }
    frame(out, r) << r.atoms.size() << " columns";
    for (const auto& [name, count] : species) {
        out << ", " << count << ' ' << name;
    }
    out << "; " << flagged << " flagged\n";
}

void text(std::ostream& out, const wire::Map& t) {
    const auto r = unpack(t);
    frame(out, r) << "map " << t.rows() << " x " << t.cols() << " of " << t.step_px() << " px";
    for (const auto& layer : r.maps) {
        float low = kNaN, high = kNaN;
        for (const float v : layer.value.reshaped()) {
            low = std::fmin(low, v);  // the one that is not NaN
            high = std::fmax(high, v);
        }
        out << ", " << layer.name << ' ' << low << ".." << high << ' ' << r.length_unit();
    }
    out << '\n';
}

void text(std::ostream& out, const wire::Statistics& t) {
    Counters c;
    const auto r = unpack(t, c);
    frame(out, r) << t.atoms() << " columns, a = " << r.lattice.a_px * r.length_per_px() << " +- "
                  << r.lattice.se_a_px * r.length_per_px() << ' ' << r.length_unit()
                  << ", second species " << r.species.fraction_second << ", latency "
                  << r.latency_us / 1000 << " ms, lost " << c.lost << ", overwritten "
                  << c.overwritten << ", rejected " << c.rejected;
    for (const auto* note : *t.note_texts()) {
        out << "; " << note->string_view();
    }
    out << '\n';
}

json series_line(const wire::SeriesStatistics& t) {
    json line = json::parse(t.json()->string_view(), nullptr, false);
    line["kind"] = "series";
    return line;
}

void text(std::ostream& out, const wire::SeriesStatistics& t) {
    const json j = json::parse(t.json()->string_view(), nullptr, false);
    out << "series after frame " << t.frame() << ": ";
    const auto& fields = j["statistics"]["fields"];
    std::size_t atoms = 0;
    for (const auto& field : fields) {
        atoms += field["atoms"].get<std::size_t>();
    }
    out << fields.size() << " fields of view, " << atoms << " neighbourhoods";
    for (const auto& r : j["statistics"]["regression"]) {
        const auto& e = r["estimates"].front();
        out << "; " << r["species"].get<std::string>() << ": b/(6a) = " << e["ratio"] << " +- "
            << e["se_ratio_model"];
    }
    out << '\n';
}

}  // namespace

void write_text(std::ostream& out, const ResultMessage& m) {
    if (m.atoms() != nullptr) {
        text(out, *m.atoms());
    } else if (m.map() != nullptr) {
        text(out, *m.map());
    } else if (m.statistics() != nullptr) {
        text(out, *m.statistics());
    } else if (m.series() != nullptr) {
        text(out, *m.series());
    } else if (m.event() != nullptr) {
        out << to_text(event_line(*m.event())) << '\n';
    } else if (m.heartbeat() != nullptr) {
        const auto c = unpack(*m.heartbeat());
        out << "stream " << to_string(static_cast<StreamState>(m.heartbeat()->state())) << ": "
            << c.frames << " frames, " << c.analysed << " analysed, lost " << c.lost
            << ", rejected " << c.rejected << '\n';
    }
}

void write_ndjson(std::ostream& out, const ResultMessage& m) {
    json line;
    if (m.atoms() != nullptr) {
        line = atoms_line(m);
    } else if (m.map() != nullptr) {
        line = map_line(m);
    } else if (m.statistics() != nullptr) {
        line = statistics_line(m);
    } else if (m.series() != nullptr) {
        line = series_line(*m.series());
    } else if (m.event() != nullptr) {
        line = event_line(*m.event());
    } else if (m.heartbeat() != nullptr) {
        line = heartbeat_line(*m.heartbeat());
    }
    if (!line.is_null()) {
        out << to_text(line) << '\n';
    }
}

void write_csv(std::ostream& out, const ResultMessage& m) {
    if (m.atoms() != nullptr) {
        const auto r = unpack(*m.atoms());
        write_atoms(out, r, r.frame_number);
    }
}

bool is_complete(const ResultMessage& m) {
    return (m.atoms() != nullptr && m.atoms()->complete()) ||
           (m.map() != nullptr && m.map()->complete()) ||
           (m.statistics() != nullptr && m.statistics()->complete()) || m.series() != nullptr;
}

}  // namespace dwellmap
