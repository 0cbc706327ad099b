// SPDX-License-Identifier: Apache-2.0
#include "page/web_trend.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace dwellmap {
namespace {

constexpr std::size_t max_points = 200;
constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

nlohmann::json rounded(double v) {
    return std::isfinite(v) ? nlohmann::json(std::round(v * 1e7) / 1e7) : nlohmann::json(nullptr);
}

}  // namespace

/// Mean of the atoms, and the standard error of the mean.
WebTrend::Value WebTrend::mean_order_parameter(const FrameResult& r) {
    double n = 0, sum = 0, squares = 0;
    for (const auto& s : r.scores) {
        const double v = s.order_parameter;
        if (!std::isfinite(v))
            continue;
        n += 1;
        sum += v;
        squares += v * v;
    }
    if (n < 2)
        return {unknown, unknown};
    const double mean = sum / n;
    return {mean, std::sqrt(std::max(0.0, squares / n - mean * mean) / (n - 1))};
}

/// With its counting error.
WebTrend::Value WebTrend::second_fraction(const FrameResult& r) {
    const auto cations = std::count_if(r.atoms.begin(), r.atoms.end(), [](const Atom& a) {
        return a.site == Site::cation &&
               (a.species == species_first || a.species == species_second);
    });
    const double f = r.species.fraction_second;
    if (cations == 0)
        return {unknown, unknown};
    return {f, std::sqrt(std::max(0.0, f * (1 - f)) / static_cast<double>(cations))};
}

void WebTrend::add(const FrameResult& r) {
    const std::string series = r.series ? r.series->uuid : "";
    if (series != series_)
        points_.clear();
    series_ = series;
    if (!r.complete)
        return;
    const double a = r.lattice.found ? r.length_per_px() : unknown;
    points_.push_back({r.frame_number,
                       mean_order_parameter(r),
                       second_fraction(r),
                       {r.lattice.a_px * a, r.lattice.se_a_px * a}});
    if (points_.size() > max_points)
        points_.pop_front();
}

nlohmann::json WebTrend::json() const {
    nlohmann::json out;
    for (const char* key : {"frame", "order_parameter", "se_order_parameter", "fraction",
                            "se_fraction", "lattice", "se_lattice"})
        out[key] = nlohmann::json::array();
    for (const auto& p : points_) {
        out["frame"].push_back(p.frame);
        const auto add = [&](const char* value, const char* error, const Value& v) {
            out[value].push_back(rounded(v.value));
            out[error].push_back(rounded(v.error));
        };
        add("order_parameter", "se_order_parameter", p.order_parameter);
        add("fraction", "se_fraction", p.fraction);
        add("lattice", "se_lattice", p.lattice);
    }
    return out;
}

}  // namespace dwellmap
