// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/result_message.hpp"
#include "result_generated.h"

#include <algorithm>

namespace dwellmap {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

template <class Table>
FrameResult head(const Table& t) {
    FrameResult r;
    auto series = std::make_shared<Series>();
    series->uuid = t.uuid()->str();
    r.series = std::move(series);
    r.frame_number = t.frame();
    r.rows_valid = static_cast<int>(t.rows_valid());
    r.complete = t.complete();
    r.pixel_size_nm = t.pixel_size_nm().value_or(kUnknown);
    return r;
}

Image image(const flatbuffers::Vector<float>& values, int rows, int cols) {
    Image out(rows, cols);
    std::copy(values.begin(), values.end(), out.data());
    return out;
}

/// Values beyond what we know of, a newer analyzer's, are left out.
template <class T, std::size_t N>
void copy_to(const flatbuffers::Vector<T>& from, std::array<T, N>& into) {
    for (flatbuffers::uoffset_t i = 0; i < from.size() && i < N; ++i) {
        into[i] = from.Get(i);
    }
}

Atom atom(const wire::Atoms& t, flatbuffers::uoffset_t i, std::size_t species_known) {
    Atom a;
    a.id = t.id()->Get(i);
    a.x_px = t.x_px()->Get(i);
    a.y_px = t.y_px()->Get(i);
    a.se_x_px = t.se_x_px()->Get(i);
    a.se_y_px = t.se_y_px()->Get(i);
    a.amplitude = t.amplitude()->Get(i);
    a.se_amplitude = t.se_amplitude()->Get(i);
    a.background = t.background()->Get(i);
    a.chi2 = t.chi2()->Get(i);
    a.p_second = t.p_second()->Get(i);
    const auto site = t.site()->Get(i);
    a.site = site <= static_cast<std::uint8_t>(Site::other) ? static_cast<Site>(site) : Site::other;
    const auto species = t.species()->Get(i);
    const bool known = species >= 0 && static_cast<std::size_t>(species) < species_known;
    a.species = known ? species : static_cast<std::int8_t>(species_unknown);
    a.n = t.n()->Get(i);
    a.complete = t.shells_complete()->Get(i);
    a.flags = t.flags()->Get(i);
    a.i = t.cell_i()->Get(i);
    a.j = t.cell_j()->Get(i);
    return a;
}

Scores scores(const wire::Atoms& t, flatbuffers::uoffset_t i) {
    Scores s;
    const auto modes = std::min<flatbuffers::uoffset_t>(t.modes(), kModes);
    for (flatbuffers::uoffset_t k = 0; k < modes; ++k) {
        s.pca[k] = t.pca()->Get(i * t.modes() + k);
        s.se_pca[k] = t.se_pca()->Get(i * t.modes() + k);
    }
    for (flatbuffers::uoffset_t k = 0; k < 3; ++k) {
        s.zigzag[k] = t.zigzag()->Get(i * 3 + k);
    }
    s.isotropic = t.isotropic()->Get(i);
    s.se_isotropic = t.se_isotropic()->Get(i);
    s.order_parameter = t.order_parameter()->Get(i);
    s.se_order_parameter = t.se_order_parameter()->Get(i);
    return s;
}

ModeSet mode_set(const wire::ModeSet& t) {
    ModeSet m;
    const auto dim = static_cast<Eigen::Index>(t.mean()->size());
    const auto size = static_cast<Eigen::Index>(t.loadings()->size());
    m.neighbours = static_cast<int>(t.neighbours());
    m.count = t.count();
    m.mean.resize(dim);
    std::copy(t.mean()->begin(), t.mean()->end(), m.mean.data());
    m.loadings.resize(dim, dim == 0 ? 0 : size / dim);
    std::copy_n(t.loadings()->begin(), m.loadings.size(), m.loadings.data());
    copy_to(*t.variance(), m.variance);
    copy_to(*t.explained(), m.explained);
    copy_to(*t.overlap(), m.overlap);
    for (flatbuffers::uoffset_t k = 0; k < t.name()->size() && k < kModes; ++k) {
        for (const auto name : {ModeName::isotropic, ModeName::symmetry_breaking, ModeName::shear,
                                ModeName::translation, ModeName::rotation}) {
            if (t.name()->Get(k)->string_view() == to_string(name)) {
                m.name[k] = name;
            }
        }
    }
    return m;
}

SpeciesResult species_result(const wire::SpeciesResult& t) {
    SpeciesResult s;
    s.threshold = t.threshold().value_or(kUnknown);
    s.quantile_threshold = t.quantile_threshold().value_or(kUnknown);
    s.fraction_second = t.fraction_second().value_or(kUnknown);
    s.expected_second = t.expected_second().value_or(kUnknown);
    s.mean_first = t.mean_first();
    s.sigma_first = t.sigma_first();
    s.mean_second = t.mean_second();
    s.sigma_second = t.sigma_second();
    copy_to(*t.clusters(), s.clusters);
    return s;
}

Counters counters_of(const wire::Counters& t) {
    return {t.received(), t.blocks(),      t.merged(),   t.duplicate(), t.orphan(),
            t.rejected(), t.reordered(),   t.lost(),     t.lost_rows(), t.ignored(),
            t.frames(),   t.overwritten(), t.analysed(), t.failed()};
}

}  // namespace

FrameResult unpack(const wire::Map& t) {
    auto r = head(t);
    r.map_step_px = static_cast<int>(t.step_px());
    const int rows = static_cast<int>(t.rows()), cols = static_cast<int>(t.cols());
    for (const auto* layer : *t.layers()) {
        r.maps.push_back({layer->name()->c_str(), image(*layer->value(), rows, cols),
                          image(*layer->sigma(), rows, cols)});
    }
    return r;
}

FrameResult unpack(const wire::Atoms& t) {
    auto r = head(t);
    const auto names = std::min<std::size_t>(t.species_names()->size(), r.species_names.size());
    for (std::size_t k = 0; k < names; ++k) {
        r.species_names[k] = t.species_names()->Get(static_cast<flatbuffers::uoffset_t>(k))->str();
    }
    r.sigma_px = t.width_px();
    for (flatbuffers::uoffset_t i = 0; i < t.id()->size(); ++i) {
        r.atoms.push_back(atom(t, i, names));
        r.scores.push_back(scores(t, i));
    }
    return r;
}

FrameResult unpack(const wire::Statistics& t, Counters& counters) {
    auto r = head(t);
    for (flatbuffers::uoffset_t k = 0; k < t.modes()->size() && k < r.modes.size(); ++k) {
        r.modes[k] = mode_set(*t.modes()->Get(k));
        r.species_names[k] = t.modes()->Get(k)->species()->str();
    }
    const auto& l = *t.lattice();
    r.lattice = {l.found(),
                 {l.a1_x_px(), l.a1_y_px()},
                 {l.a2_x_px(), l.a2_y_px()},
                 l.a_px(),
                 l.se_a_px(),
                 l.rotation_rad(),
                 l.anisotropy()};
    r.drift_px = {t.drift_x_px(), t.drift_y_px()};
    r.sigma_px = t.width_px();
    r.background = t.background();
    r.chi2 = t.chi2();
    r.species = species_result(*t.species());
    r.notes = t.notes();
    for (flatbuffers::uoffset_t k = 0; k < t.stages()->size() && k < stage_count; ++k) {
        r.time_us[k] = t.stages()->Get(k)->us();
    }
    r.latency_us = t.latency_us();
    r.ellipticity = t.ellipticity().value_or(0);
    r.ellipticity_rad = t.ellipticity_rad().value_or(0);
    for (flatbuffers::uoffset_t k = 0; t.row_shifts() != nullptr && k < t.row_shifts()->size();
         ++k) {
        const auto* s = t.row_shifts()->Get(k);
        r.row_shifts.push_back({s->y_px(), s->dx_px(), s->dy_px(), s->se_px()});
    }
    counters = counters_of(*t.counters());
    return r;
}

Counters unpack(const wire::Heartbeat& t) {
    return t.counters() == nullptr ? Counters{} : counters_of(*t.counters());
}

}  // namespace dwellmap
