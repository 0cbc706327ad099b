// SPDX-License-Identifier: Apache-2.0
#include "page/series_json.hpp"

#include "page/result_json.hpp"

#include "page/json_numbers.hpp"

#include <array>
#include <cmath>
#include <set>

namespace dwellmap {
namespace {

using nlohmann::json;

json first_numbers(const std::array<double, 3>& values, int count) {
    return numbers(std::vector<double>(values.begin(), values.begin() + count));
}

template <class Rows>
json rows_json(const Rows& matrix) {
    json out = json::array();
    for (const auto& row : matrix.rowwise()) {
        out.push_back(numbers(std::vector<double>(row.begin(), row.end())));
    }
    return out;
}

json mode_index(int mode) { return mode < 0 ? json(nullptr) : json(mode); }

json pca_json(const std::string& name, const SpeciesSeries& s) {
    json out = mode_set_json(name, s.modes());
    out["scope"] = "series";
    out["isotropic"] = mode_index(s.isotropic());
    out["symmetry_breaking"] = mode_index(s.symmetry_breaking());
    out["row_direction"] = s.row_direction();
    return out;
}

json fit_json(const GaussianMixture& g) {
    return {{"k", g.k},
            {"weights", first_numbers(g.weight, g.k)},
            {"means", first_numbers(g.mean, g.k)},
            {"sigmas", first_numbers(g.sigma, g.k)},
            {"se_means", first_numbers(g.se_mean, g.k)},
            {"log_likelihood", number(g.log_likelihood)},
            {"bic", number(g.bic)}};
}

json mixture_json(const std::string& name, const ScoreCell& cell) {
    const ScoreMixture& m = cell.mixture;
    json out = fit_json(m.fits[static_cast<std::size_t>(std::max(m.best, 1) - 1)]);
    out.update({{"species", name},
                {"composition", number(cell.x)},
                {"n", cell.n},
                {"count", m.count},
                {"age", cell.age},
                {"k", m.best},
                {"true_sigmas", first_numbers(m.true_sigma, m.best)},
                {"delta_bic", number(-m.delta_bic_2_1)},
                {"fits", {fit_json(m.fits[0]), fit_json(m.fits[1]), fit_json(m.fits[2])}},
                {"symmetric",
                 {{"separation", number(m.symmetric.separation)},
                  {"se", number(m.symmetric.se_separation)},
                  {"sigma", number(m.symmetric.sigma)},
                  {"bic", number(m.symmetric.bic)}}},
                {"symmetric_pair", m.symmetric_pair}});
    return out;
}

json classes_json(const std::string& name, const SpeciesSeries& s) {
    const KMeans& c = s.classes();
    const auto k = static_cast<std::size_t>(c.centres().cols());
    std::set<double> compositions;
    for (const auto& part : s.parts()) {
        compositions.insert(part->x);
    }
    json fractions = json::array(), silhouettes = json::object();
    for (const double x : compositions) {
        std::vector<double> of(k, 0.0);
        double all = 0;
        for (const auto& part : s.parts()) {
            for (const std::size_t slot : part->slot) {
                of[static_cast<std::size_t>(c.labels()[slot])] += part->x == x ? 1 : 0;
                all += part->x == x ? 1 : 0;
            }
        }
        for (double& f : of) {
            f /= std::max(all, 1.0);
        }
        fractions.push_back({{"composition", x}, {"fraction", of}});
    }
    for (std::size_t n = 0; n < s.silhouettes().size(); ++n) {
        silhouettes[std::to_string(n + 2)] = number(s.silhouettes()[n]);
    }
    return {{"scope", "series"},
            {"species", name},
            {"k", k},
            {"silhouettes", silhouettes},
            {"silhouettes_age", s.silhouettes_age()},
            {"centres", rows_json(c.centres().transpose())},
            {"counts", c.counts()},
            {"fractions", fractions},
            {"inertia", number(c.inertia())}};
}

/// The estimators' short names, for programs.
std::string key_of(std::string_view label) {
    static const std::array<std::pair<std::string_view, const char*>, 7> keys{
        {{"folded normal, common width", "folded_common"},
         {"folded normal, width per cell", "folded_per_cell"},
         {"folded normal with outer shells", "second_shell"},
         {"least squares, symmetric mixtures", "symmetric_mixtures"},
         {"least squares, atoms", "atoms"},
         {"least squares, cells", "cells"},
         {"least squares, Gaussian process", "gp_matrix"}}};
    for (const auto& [text, key] : keys) {
        if (text == label) {
            return key;
        }
    }
    return std::string(label);
}

json estimate_json(const RegressionEstimate& e) {
    json out{{"name", key_of(e.name)},
             {"label", e.name},
             {"ratio", number(e.ratio)},
             {"se_ratio", number(e.se_ratio)},
             {"se_ratio_model", number(e.se_ratio_model)},
             {"ratio_low", number(e.ratio_low)},
             {"ratio_high", number(e.ratio_high)},
             {"count", e.count},
             {"age", e.age},
             {"errors_age", e.errors_age},
             {"converged", e.converged}};
    const auto put = [&](const std::string& prefix, const Coefficients& c,
                         const std::string& suffix) {
        out[prefix + "a" + suffix] = number(c.a);
        out[prefix + "b" + suffix] = number(c.b);
        out[prefix + "c" + suffix] = number(c.c);
        out[prefix + "d" + suffix] = number(c.d);
    };
    put("", e.value, "");
    put("se_", e.se, "");
    put("se_", e.se_model, "_model");
    return out;
}

json surface_json(const SpeciesSeries& s) {
    const SeriesRegression& r = s.regression();
    const KernelParameters p = r.process().parameters();
    json cells = json::array();
    for (const ScoreCell& cell : s.cells()) {
        const ResponseCell& c = cell.response;
        cells.push_back({{"n", c.n},
                         {"x", c.x},
                         {"count", c.count},
                         {"mean", c.count > 0 ? json(c.mean) : json(nullptr)},
                         {"sd", c.count > 1 ? json(std::sqrt(c.sum_of_squares /
                                                             static_cast<double>(c.count - 1)))
                                            : json(nullptr)}});
    }
    return {{"n", {0, 1, 2, 3, 4, 5, 6}},
            {"x", r.surface_x()},
            {"mean", r.surface_x().empty() ? json::array() : rows_json(r.surface())},
            {"sd", r.surface_x().empty() ? json::array() : rows_json(r.surface_sd())},
            {"design_effect", r.design_effect()},
            {"cells", cells},
            {"parameters",
             {{"variance", number(p.variance)},
              {"length_n", number(p.length_n)},
              {"length_x", number(p.length_x)},
              {"noise_variance", number(p.noise_variance)},
              {"mean", number(p.mean)},
              {"log_likelihood", number(r.process().log_likelihood())}}}};
}

json regression_json(const std::string& name, const SpeciesSeries& s) {
    json curves = json::array(), estimates = json::array();
    for (const ResponseCurve& c : s.regression().curves()) {
        curves.push_back({{"x", c.x},
                          {"n", c.n},
                          {"mean", numbers(c.mean)},
                          {"sd", numbers(c.sd)},
                          {"age", c.age}});
    }
    for (const RegressionEstimate& e : s.regression().estimates()) {
        estimates.push_back(estimate_json(e));
    }
    return {{"species", name},
            {"response", "|score| of the symmetry-breaking mode"},
            {"gp", surface_json(s)},
            {"gp_by_composition", curves},
            {"estimates", estimates}};
}

}  // namespace

json series_statistics_json(const SeriesStatistics& statistics) {
    json out{{"fields", json::array()},
             {"pca", json::array()},
             {"mixtures", json::array()},
             {"kmeans", json::array()},
             {"regression", json::array()}};
    const auto& fields = statistics.library().fields();
    for (const auto& field : fields) {
        out["fields"].push_back({{"key", field->key},
                                 {"name", field->name},
                                 {"unit", field->unit},
                                 {"composition", number(field->x_of_series())},
                                 {"frames", field->frames},
                                 {"atoms", field->size()}});
    }
    for (std::size_t k = 0; k < 2 && !fields.empty(); ++k) {
        const SpeciesSeries& s = statistics.species(k);
        const std::string& name = fields.front()->species_names[k];
        if (s.modes().count == 0) {
            continue;
        }
        out["pca"].push_back(pca_json(name, s));
        out["kmeans"].push_back(classes_json(name, s));
        if (s.symmetry_breaking() >= 0) {
            for (const ScoreCell& cell : s.cells()) {
                out["mixtures"].push_back(mixture_json(name, cell));
            }
            out["regression"].push_back(regression_json(name, s));
        }
    }
    return out;
}

}  // namespace dwellmap
