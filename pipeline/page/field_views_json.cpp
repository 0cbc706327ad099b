// SPDX-License-Identifier: Apache-2.0
#include "page/series_json.hpp"

#include "page/json_numbers.hpp"

#include <algorithm>

namespace dwellmap {
namespace {

using nlohmann::json;

json peak_json(const BraggPeak& p) {
    return {{"gx_per_px", number(p.at_per_px.x())},
            {"gy_per_px", number(p.at_per_px.y())},
            {"intensity", number(p.intensity)},
            {"background", number(p.background)},
            {"width_radial_per_px", number(p.radial_width_per_px)},
            {"width_tangential_per_px", number(p.tangential_width_per_px)},
            {"splitting_per_px", number(p.splitting_per_px)},
            {"splitting_significance", number(p.splitting_significance)}};
}

json half_order_json(const HalfOrderPeak& p) {
    return {{"gx_per_px", number(p.at_per_px.x())},
            {"gy_per_px", number(p.at_per_px.y())},
            {"ratio", number(p.over_bragg)},
            {"significance", number(p.significance)}};
}

/// The middle of the spectrum, with the second-order peaks.
Image around_peaks(const FourierResult& f) {
    const auto size = f.log_power.rows();
    double farthest = 0;
    for (const BraggPeak& p : f.first) {
        farthest = std::max(farthest, p.at_per_px.norm());  // NaN is not larger
    }
    const auto half =
        farthest > 0 ? std::min<Eigen::Index>(size / 2, std::lround(2.3 * farthest / f.step_per_px))
                     : size / 2;
    return f.log_power.block(size / 2 - half, size / 2 - half, 2 * half, 2 * half);
}

json histogram_json(const NeighbourHistogram& h, int neighbours) {
    json sites = json::array();
    for (int k = 0; k < neighbours; ++k) {
        const SiteSpread s = h.spread(k);
        sites.push_back({{"u_a", number(s.mean.x())},
                         {"v_a", number(s.mean.y())},
                         {"widest_a", number(s.widest)},
                         {"narrowest_a", number(s.narrowest)},
                         {"widest_rad", number(s.widest_rad)},
                         {"splitting_a", number(s.splitting)},
                         {"splitting_significance", number(s.splitting_significance)}});
    }
    const auto counts = h.counts().reshaped<Eigen::RowMajor>();
    return {{"neighbours", neighbours},
            {"cations", h.count()},
            {"bins", h.counts().rows()},
            {"bin_a", h.bin_length()},
            {"counts", std::vector<std::uint32_t>(counts.begin(), counts.end())},
            {"sites", sites}};
}

json order_json(const FieldViews& v) {
    json out{{"structure_factor", json::array()},
             {"background", json::array()},
             {"structure_factor_se", json::array()},
             {"long_range", json::array()},
             {"hexatic", {{"mean", number(v.hexatic().mean)}, {"se", number(v.hexatic().se)}}},
             {"tetratic", {{"mean", number(v.tetratic().mean)}, {"se", number(v.tetratic().se)}}}};
    for (const HalfOrder& h : v.half_order()) {
        out["structure_factor"].push_back(number(h.excess));
        out["background"].push_back(number(h.background));
        out["structure_factor_se"].push_back(number(h.error));
    }
    for (std::size_t s = 0; s < 2; ++s) {
        for (const LongRangeOrder& l : v.long_range(s)) {
            out["long_range"].push_back({{"species", s},
                                         {"order", number(l.order)},
                                         {"se", number(l.error)},
                                         {"correlation_length_a", number(l.correlation_length_a)}});
        }
    }
    return out;
}

}  // namespace

json fourier_json(const FourierResult& f) {
    const Image power = around_peaks(f);
    std::vector<float> sorted(power.data(), power.data() + power.size());
    json out{{"size", power.rows()},
             {"step_per_px", f.step_per_px},
             {"grey", json::array()},
             {"low", nullptr},
             {"high", nullptr},
             {"a_px", f.lattice.found ? json(f.lattice.a_px) : json(nullptr)},
             {"anisotropy", f.lattice.found ? json(f.lattice.anisotropy) : json(nullptr)},
             {"peaks", json::array()},
             {"second_order", json::array()},
             {"half_order", json::array()}};
    if (!sorted.empty()) {
        const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
        std::nth_element(sorted.begin(), middle, sorted.end());
        const float low = *middle, high = std::max(power.maxCoeff(), low + 1e-3F);
        for (const float v : power.reshaped<Eigen::RowMajor>()) {
            out["grey"].push_back(
                std::lround(std::clamp((v - low) / (high - low), 0.F, 1.F) * 255));
        }
        out["low"] = low;
        out["high"] = high;
    }
    for (std::size_t k = 0; k < 3; ++k) {
        out["peaks"].push_back(peak_json(f.first[k]));
        out["second_order"].push_back(peak_json(f.second[k]));
        out["half_order"].push_back(half_order_json(f.half[k]));
    }
    return out;
}

json field_views_json(const FieldViews& v, int neighbours) {
    const ClusterStatistics& c = v.clusters();
    return {{"neighbour_histogram", histogram_json(v.histogram(), neighbours)},
            {"order", order_json(v)},
            {"cluster_probabilities", numbers(c.measured)},
            {"cluster_low", numbers(c.low)},
            {"cluster_high", numbers(c.high)},
            {"cluster_independent", numbers(c.independent)},
            {"cluster_binomial", numbers(c.ideal)},
            {"cluster_quasichemical", numbers(c.quasi_chemical)},
            {"cluster_discrepancy", number(c.discrepancy)},
            {"warren_cowley", {{"alpha", number(c.alpha_1)}, {"se", number(c.se_alpha_1)}}},
            {"ordering_energy", {{"kT", number(c.energy_kT)}, {"se", number(c.se_energy_kT)}}}};
}

}  // namespace dwellmap
