// SPDX-License-Identifier: Apache-2.0
#include "commands/analysis_output.hpp"

#include "commands/picture.hpp"

#include <algorithm>
#include <filesystem>
#include <numeric>

namespace dwellmap {

void draw_pictures(const std::string& folder, const std::string& name, const Frame& frame,
                   const FrameResult& r) {
    const auto path = [&](const std::string& what) {
        return (std::filesystem::path(folder) / (name + "_" + what + ".png")).string();
    };
    draw_atoms(path("atoms"), name + ": columns found", frame, r);
    for (const auto& layer : r.maps) {
        const std::string what = layer.name;
        const auto scale =
            what == "order_parameter" ? ColourScale::sequential : ColourScale::diverging;
        std::string title = name + ": ";
        title += what;
        draw_map(path(what), title, layer.value, scale, r);
        title += ", standard error";
        draw_map(path(what + "_se"), title, layer.sigma, ColourScale::sequential, r);
    }
}

void print_summary(std::ostream& out, const std::string& image, const FrameResult& r) {
    const auto count = [&](auto&& is) { return std::count_if(r.atoms.begin(), r.atoms.end(), is); };
    const double unit = r.length_per_px();
    out << image << " frame " << r.frame_number << ": "
        << count([](const Atom& a) { return a.site == Site::cation; }) << " cations, "
        << count(
               [](const Atom& a) { return a.site == Site::anion && a.species != species_vacancy; })
        << " anions, a = " << r.lattice.a_px * unit << " +- " << r.lattice.se_a_px * unit << " "
        << r.length_unit();
    if (std::isfinite(r.species.threshold)) {
        out << ", " << r.species_names[1] << " fraction " << r.species.fraction_second;
    }
    out << ", column width " << r.sigma_px * unit << " " << r.length_unit() << ", drift "
        << r.drift_px.x() * unit << ", " << r.drift_px.y() * unit << " " << r.length_unit() << ", "
        << std::accumulate(r.time_us.begin(), r.time_us.end(), 0.0F) / 1000 << " ms\n";
    for (int bit = 0; bit < kNoteCount; ++bit) {
        if ((r.notes >> bit & 1U) != 0) {
            out << "  note: " << to_string(static_cast<Note>(1U << bit)) << '\n';
        }
    }
}

}  // namespace dwellmap
