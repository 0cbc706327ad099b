// SPDX-License-Identifier: Apache-2.0
#include "page/series_json.hpp"
#include "series/descriptor_pca.hpp"
#include "series/paper_analysis.hpp"

#include "page/json_numbers.hpp"

#include <cmath>

namespace dwellmap {
namespace {

using nlohmann::json;

json columns(const Eigen::MatrixXd& matrix) {
    json out = json::array();
    for (const auto& column : matrix.colwise()) {
        out.push_back(numbers(column));
    }
    return out;
}

json components_json(const PaperComponents& p) {
    return {{"count", p.count},
            {"singular_values", numbers(p.singular_values)},
            {"components", columns(p.components)},
            {"response", p.response < 0 ? json(nullptr) : json(p.response)}};
}

json image_components(const Library& library, std::int8_t species, const std::vector<int>& image) {
    json out = json::array();
    for (std::size_t k = 0; k < library.fields().size(); ++k) {
        const FieldOfView& field = *library.fields()[k];
        out.push_back(components_json(decompose_as_published(field, species)));
        out.back()["image"] = image[k];
        out.back()["rotation_rad"] = number(field.rotation_rad);
    }
    return out;
}

json paper_cells(const PaperAnalysis& p) {
    json out = json::array();
    for (std::size_t k = 0; k < p.cells.size(); ++k) {
        const ScoreCell& cell = p.cells[k];
        const GaussianMixture& two = cell.mixture.fits[1];
        const double prediction = k < p.predictions.size() ? p.predictions[k] : std::nan("");
        json one{{"x", cell.x},
                 {"unlike", cell.n},
                 {"count", cell.mixture.count},
                 {"prediction", number(prediction)},
                 {"means", json::array()},
                 {"sigmas", json::array()},
                 {"weights", json::array()}};
        for (std::size_t c = 0; c < static_cast<std::size_t>(two.k); ++c) {
            one["means"].push_back(number(two.mean[c]));
            one["sigmas"].push_back(number(two.sigma[c]));
            one["weights"].push_back(number(two.weight[c]));
        }
        out.push_back(one);
    }
    return out;
}

}  // namespace

json descriptors_json(const Library& library) {
    json out = json::array();
    for (std::int8_t s = 0; s < 2 && !library.fields().empty(); ++s) {
        for (const Descriptor d : {Descriptor::distances, Descriptor::angles,
                                   Descriptor::rotation_invariant, Descriptor::symmetry}) {
            const DescriptorPca p = descriptor_pca(library, s, d);
            out.push_back(
                {{"species", library.fields().front()->species_names[static_cast<std::size_t>(s)]},
                 {"descriptor", to_string(d)},
                 {"unit", d == Descriptor::angles ? "rad" : library.fields().front()->unit},
                 {"names", p.names},
                 {"count", p.count},
                 {"mean", numbers(p.mean)},
                 {"variance", numbers(p.variance)},
                 {"explained", numbers(p.explained)},
                 {"loadings", columns(p.loadings)}});
        }
    }
    return out;
}

json paper_json(const Library& library, const std::vector<int>& image) {
    json out = json::array();
    for (std::int8_t s = 0; s < 2 && !library.fields().empty(); ++s) {
        const PaperAnalysis p = analyse_as_published(library, s);
        json one = components_json(p);
        one.update(
            {{"species", library.fields().front()->species_names[static_cast<std::size_t>(s)]},
             {"images", image_components(library, s, image)},
             {"cells", paper_cells(p)},
             {"a", number(p.estimate.value.a)},
             {"b", number(p.estimate.value.b)},
             {"d", number(p.estimate.value.d)},
             {"ratio", number(p.estimate.ratio)}});
        out.push_back(one);
    }
    return out;
}

}  // namespace dwellmap
