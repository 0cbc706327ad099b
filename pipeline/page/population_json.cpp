// SPDX-License-Identifier: Apache-2.0
#include "page/series_json.hpp"
#include "views/structure_factor.hpp"

#include <cmath>

namespace dwellmap {
namespace {

using nlohmann::json;

/// 0.1 fm are far below any error, and half as much text.
json rounded(double v) {
    return std::isfinite(v) ? json(std::round(v * 1e7) / 1e7) : json(nullptr);
}

json atoms_of(const std::string& name, const SpeciesSeries& s, const std::vector<int>& image,
              const SeriesStatistics& statistics) {
    const Library& library = statistics.library();
    json out{{"species", name},
             {"unit", library.fields().front()->unit},
             {"scores", {json::array(), json::array(), json::array()}}};
    for (const char* key :
         {"image", "id", "x", "y", "n", "class", "row_parity", "symmetry_breaking", "isotropic"}) {
        out[key] = json::array();
    }
    for (std::size_t p = 0; p < s.parts().size(); ++p) {
        const auto& part = *s.parts()[p];
        const FieldOfView& field = *library.fields()[p];
        const int rows = (s.row_direction() - statistics.turns_of(field) % 3 + 3) % 3;
        for (std::size_t k = 0; k < part.atom.size(); ++k) {
            const auto a = static_cast<std::size_t>(part.atom[k]);
            const auto score = [&](int mode) {
                return mode < 0 ? json(nullptr)
                                : rounded(part.scores(mode, static_cast<Eigen::Index>(k)));
            };
            out["image"].push_back(image[p]);
            out["id"].push_back(field.id[a]);
            out["x"].push_back(rounded(field.x[a]));
            out["y"].push_back(rounded(field.y[a]));
            out["n"].push_back(field.n[a]);
            out["class"].push_back(s.classes().labels()[part.slot[k]]);
            out["row_parity"].push_back(row_sign(field.i[a], field.j[a], rows));
            for (int m = 0; m < 3; ++m) {
                out["scores"][static_cast<std::size_t>(m)].push_back(score(m));
            }
            out["symmetry_breaking"].push_back(score(s.symmetry_breaking()));
            out["isotropic"].push_back(score(s.isotropic()));
        }
    }
    return out;
}

json density_of(const SpeciesSeries& s, int mode_x, int mode_y) {
    constexpr int kBins = 48;
    const auto reach = [&](int mode) {
        return 4 * std::sqrt(s.modes().variance[static_cast<std::size_t>(mode)]);
    };
    const double rx = reach(mode_x), ry = reach(mode_y);
    std::vector<int> counts(static_cast<std::size_t>(kBins * kBins), 0);
    for (const auto& part : s.parts()) {
        for (const auto& score : part->scores.colwise()) {
            const double u = (score[mode_x] / rx + 1) * kBins / 2;
            const double v = (score[mode_y] / ry + 1) * kBins / 2;
            if (u >= 0 && u < kBins && v >= 0 && v < kBins) {
                ++counts[static_cast<std::size_t>(static_cast<int>(v) * kBins +
                                                  static_cast<int>(u))];
            }
        }
    }
    return {{"x", mode_x},  {"y", mode_y},  {"bins", kBins}, {"x_low", -rx},
            {"x_high", rx}, {"y_low", -ry}, {"y_high", ry},  {"counts", counts}};
}

}  // namespace

json densities_json(const SeriesStatistics& statistics) {
    json out = json::array();
    const auto& fields = statistics.library().fields();
    for (std::size_t k = 0; k < 2 && !fields.empty(); ++k) {
        const SpeciesSeries& s = statistics.species(k);
        if (s.modes().count > 0) {
            out.push_back(
                {{"species", fields.front()->species_names[k]},
                 {"pairs", {density_of(s, 0, 1), density_of(s, 0, 2), density_of(s, 1, 2)}}});
        }
    }
    return out;
}

json population_json(const SeriesStatistics& statistics, const std::vector<int>& image) {
    json out = json::array();
    const auto& fields = statistics.library().fields();
    for (std::size_t k = 0; k < 2 && !fields.empty(); ++k) {
        if (statistics.species(k).modes().count > 0) {
            out.push_back(atoms_of(fields.front()->species_names[k], statistics.species(k), image,
                                   statistics));
        }
    }
    return out;
}

}  // namespace dwellmap
