// SPDX-License-Identifier: Apache-2.0
#include "page/result_json.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

namespace dwellmap {
namespace {

using nlohmann::json;

/// 3 decimals of a pixel and 5 of a length unit (0.01 pm) are far below any fit's error.
json rounded(double v, double scale) {
    return std::isfinite(v) ? json(std::round(v * scale) / scale) : json(nullptr);
}
json pixels(double v) { return rounded(v, 1e3); }
json length(double v) { return rounded(v, 1e5); }
json ratio(double v) { return rounded(v, 1e4); }

/// Five significant digits, for what has no natural scale (counts of any detector).
json significant(double v) {
    if (!std::isfinite(v) || v == 0)
        return std::isfinite(v) ? json(0.0) : json(nullptr);
    const double decimals = 4 - std::floor(std::log10(std::abs(v)));
    if (decimals >= 0)
        return rounded(v, std::pow(10.0, std::min(decimals, 300.0)));
    const double unit = std::pow(10.0, -decimals);
    return std::round(v / unit) * unit;
}

/// As given by the sender: a calibration isn't ours to round.
json exact(double v) { return std::isfinite(v) ? json(v) : json(nullptr); }

/// One array from all items: f(item) each.
template <class Items, class F>
json column(const Items& items, F f) {
    json::array_t out;
    out.reserve(static_cast<std::size_t>(items.size()));
    for (const auto& item : items) out.emplace_back(f(item));
    return out;
}

json atoms_json(const std::vector<Atom>& atoms) {
    return {
        {"count", atoms.size()},
        {"id", column(atoms, [](const Atom& a) { return a.id; })},
        {"x_px", column(atoms, [](const Atom& a) { return pixels(a.x_px); })},
        {"y_px", column(atoms, [](const Atom& a) { return pixels(a.y_px); })},
        {"se_x_px", column(atoms, [](const Atom& a) { return ratio(a.se_x_px); })},
        {"se_y_px", column(atoms, [](const Atom& a) { return ratio(a.se_y_px); })},
        {"amplitude", column(atoms, [](const Atom& a) { return significant(a.amplitude); })},
        {"se_amplitude", column(atoms, [](const Atom& a) { return significant(a.se_amplitude); })},
        {"background", column(atoms, [](const Atom& a) { return significant(a.background); })},
        {"chi2", column(atoms, [](const Atom& a) { return significant(a.chi2); })},
        {"p_second", column(atoms, [](const Atom& a) { return ratio(a.p_second); })},
        {"site", column(atoms, [](const Atom& a) { return static_cast<int>(a.site); })},
        {"species", column(atoms, [](const Atom& a) { return static_cast<int>(a.species); })},
        {"n", column(atoms, [](const Atom& a) { return static_cast<int>(a.n); })},
        {"complete", column(atoms, [](const Atom& a) { return static_cast<int>(a.complete); })},
        {"flags", column(atoms, [](const Atom& a) { return static_cast<int>(a.flags); })}};
}

json scores_json(const std::vector<Scores>& scores) {
    std::vector<std::size_t> known;
    for (std::size_t k = 0; k < scores.size(); ++k)
        if (std::isfinite(scores[k].isotropic) || std::isfinite(scores[k].pca[0]))
            known.push_back(k);

    const auto of = [&](auto field) {
        return column(known, [&](std::size_t k) { return length(field(scores[k])); });
    };
    json out{{"atom", known},
             {"isotropic", of([](const Scores& s) { return s.isotropic; })},
             {"se_isotropic", of([](const Scores& s) { return s.se_isotropic; })},
             {"order_parameter", of([](const Scores& s) { return s.order_parameter; })},
             {"se_order_parameter", of([](const Scores& s) { return s.se_order_parameter; })},
             {"zigzag", json::array()},
             {"pca", json::array()},
             {"se_pca", json::array()}};
    for (std::size_t k = 0; k < 3; ++k)
        out["zigzag"].push_back(of([k](const Scores& s) { return s.zigzag[k]; }));
    for (std::size_t k = 0; k < kModes; ++k) {
        out["pca"].push_back(of([k](const Scores& s) { return s.pca[k]; }));
        out["se_pca"].push_back(of([k](const Scores& s) { return s.se_pca[k]; }));
    }
    return out;
}

json lattice_json(const Lattice& l) {
    return {{"found", l.found},
            {"a1_px", {ratio(l.a1_px.x()), ratio(l.a1_px.y())}},
            {"a2_px", {ratio(l.a2_px.x()), ratio(l.a2_px.y())}},
            {"a_px", length(l.a_px)},
            {"se_a_px", length(l.se_a_px)},
            {"rotation_rad", length(l.rotation_rad)},
            {"anisotropy", length(l.anisotropy)}};
}

json species_json(const SpeciesResult& s) {
    return {{"threshold", ratio(s.threshold)},
            {"quantile_threshold", ratio(s.quantile_threshold)},
            {"fraction_second", ratio(s.fraction_second)},
            {"expected_second", ratio(s.expected_second)},
            {"mean_first", significant(s.mean_first)},
            {"sigma_first", significant(s.sigma_first)},
            {"mean_second", significant(s.mean_second)},
            {"sigma_second", significant(s.sigma_second)},
            {"clusters", s.clusters}};
}

json notes_json(std::uint32_t notes) {
    json out = json::array();
    for (int k = 0; k < kNoteCount; ++k) {
        const auto bit = static_cast<std::uint32_t>(1) << static_cast<unsigned>(k);
        if ((notes & bit) != 0)
            out.emplace_back(to_string(static_cast<Note>(bit)));
    }
    return out;
}

json row_shifts_json(const std::vector<RowShift>& shifts) {
    return {{"y_px", column(shifts, [](const RowShift& s) { return pixels(s.y_px); })},
            {"dx_px", column(shifts, [](const RowShift& s) { return pixels(s.dx_px); })},
            {"dy_px", column(shifts, [](const RowShift& s) { return pixels(s.dy_px); })},
            {"se_px", column(shifts, [](const RowShift& s) { return pixels(s.se_px); })}};
}

json times_json(const std::array<float, stage_count>& time_us) {
    json out;
    for (std::size_t k = 0; k < time_us.size(); ++k) out[kStageNames[k]] = rounded(time_us[k], 10);
    return out;
}

template <class Vector>
json lengths(const Vector& v) {
    json::array_t out;
    for (Eigen::Index k = 0; k < v.size(); ++k) out.emplace_back(length(v(k)));
    return out;
}

json map_values(const Image& image) {
    return column(image.reshaped<Eigen::RowMajor>(), [](float v) { return length(v); });
}

}  // namespace

json frame_json(const FrameResult& r) {
    return {{"number", r.frame_number},
            {"series", r.series ? json(r.series->uuid) : json(nullptr)},
            {"rows_valid", r.rows_valid},
            {"complete", r.complete},
            {"unit", r.length_unit()},
            {"length_per_px", r.length_per_px()},
            {"species_names", r.species_names},
            {"atoms", atoms_json(r.atoms)},
            {"scores", scores_json(r.scores)},
            {"lattice", lattice_json(r.lattice)},
            {"drift_px", {pixels(r.drift_px.x()), pixels(r.drift_px.y())}},
            {"sigma_px", pixels(r.sigma_px)},
            {"ellipticity", ratio(r.ellipticity)},
            {"ellipticity_rad", ratio(r.ellipticity_rad)},
            {"row_shifts", row_shifts_json(r.row_shifts)},
            {"background", significant(r.background)},
            {"chi2", significant(r.chi2)},
            {"species", species_json(r.species)},
            {"notes", notes_json(r.notes)},
            {"time_us", times_json(r.time_us)},
            {"latency_us", rounded(r.latency_us, 10)}};
}

json mode_set_json(const std::string& species, const ModeSet& set) {
    json out{{"species", species},          {"neighbours", set.neighbours}, {"count", set.count},
             {"mean", lengths(set.mean)},   {"modes", json::array()},       {"isotropic", nullptr},
             {"symmetry_breaking", nullptr}};
    const auto modes = std::min<Eigen::Index>(set.loadings.cols(), kModes);
    for (Eigen::Index m = 0; m < modes; ++m) {
        const auto k = static_cast<std::size_t>(m);
        out["modes"].push_back({{"loadings", lengths(set.loadings.col(m))},
                                {"variance", significant(set.variance[k])},
                                {"explained", ratio(set.explained[k])},
                                {"name", to_string(set.name[k])},
                                {"overlap", ratio(set.overlap[k])},
                                {"gap_sigma", significant(set.gap_sigma[k])}});
        if (set.name[k] == ModeName::isotropic && out["isotropic"].is_null())
            out["isotropic"] = m;
        if (set.name[k] == ModeName::symmetry_breaking && out["symmetry_breaking"].is_null())
            out["symmetry_breaking"] = m;
    }
    return out;
}

json pca_json(const FrameResult& r) {
    return {mode_set_json(r.species_names[0], r.modes[0]),
            mode_set_json(r.species_names[1], r.modes[1])};
}

json maps_json(const FrameResult& r) {
    return column(r.maps, [&](const MapLayer& m) {
        return json{{"name", m.name},
                    {"rows", m.value.rows()},
                    {"cols", m.value.cols()},
                    {"step_px", r.map_step_px},
                    {"unit", r.length_unit()},
                    {"value", map_values(m.value)},
                    {"sigma", map_values(m.sigma)}};
    });
}

json series_json(const Series& s) {
    return {{"uuid", s.uuid},
            {"name", s.name},
            {"specimen", s.specimen},
            {"channel", s.channel},
            {"rows_px", s.rows_px},
            {"cols_px", s.cols_px},
            {"expected_frames", s.expected_frames},
            {"pixel_size_nm", exact(s.pixel_size_nm)},
            {"rotation_rad", exact(s.rotation_rad)},
            {"dwell_us", exact(s.dwell_us)},
            {"line_us", exact(s.line_us)},
            {"flyback_us", exact(s.flyback_us)},
            {"high_tension_v", exact(s.high_tension_v)},
            {"composition", exact(s.composition)}};
}

json counters_json(const Counters& c) {
    return {{"received", c.received},   {"blocks", c.blocks}, {"merged", c.merged},
            {"duplicate", c.duplicate}, {"orphan", c.orphan}, {"rejected", c.rejected},
            {"reordered", c.reordered}, {"lost", c.lost},     {"lost_rows", c.lost_rows},
            {"ignored", c.ignored},     {"frames", c.frames}, {"overwritten", c.overwritten},
            {"analysed", c.analysed},   {"failed", c.failed}};
}

json flag_texts_json() {
    return {
        {std::to_string(flag_edge), "at the edge of the image or of the scanned rows"},
        {std::to_string(flag_moved), "the fit left its start"},
        {std::to_string(flag_weak), "too weak to fit: the position is the site's"},
        {std::to_string(flag_misfit), "misfit: chi² far above the frame's"},
        {std::to_string(flag_provisional), "provisional: will be fitted again with the next rows"}};
}

std::string to_text(const json& j) {
    return j.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace dwellmap
