// SPDX-License-Identifier: Apache-2.0
#include "series_results.hpp"

#include "dwellmap/result_json.hpp"

#include <cmath>

namespace dwellmap {
namespace {

using nlohmann::json;

json number(double v) { return std::isfinite(v) ? json(v) : json(); }

/// P(k of 7 are of the second species) of an ideal solid solution.
double binomial7(int k, double x) {
    const double combinations = std::tgamma(8.0) / (std::tgamma(k + 1.0) * std::tgamma(8.0 - k));
    return combinations * std::pow(x, k) * std::pow(1 - x, 7 - k);
}

json species_json(const FrameResult& r) {
    const auto& s = r.species;
    std::int64_t total = 0;
    for (const auto c : s.clusters) {
        total += c;
    }
    json measured = json::array(), ideal = json::array();
    const double x = std::isfinite(s.expected_second) ? s.expected_second : s.fraction_second;
    for (int k = 0; k <= 7; ++k) {
        measured.push_back(total > 0
                               ? json(static_cast<double>(s.clusters[static_cast<std::size_t>(k)]) /
                                      static_cast<double>(total))
                               : json());
        ideal.push_back(number(binomial7(k, x)));
    }
    return {{"species", {r.species_names[0], r.species_names[1], r.species_names[2]}},
            {"composition", number(s.expected_second)},
            {"fraction_second", number(s.fraction_second)},
            {"threshold_relative", number(s.threshold)},
            {"threshold_counts", number(s.threshold * s.mean_first)},
            {"quantile_threshold_counts", number(s.quantile_threshold)},
            {"cluster_counts", s.clusters},
            {"cluster_probabilities", measured},
            {"cluster_binomial", ideal}};
}

/// Both species' modes of one image or of the series.
json modes_of(const std::string& scope, const json& names, const ModeSet& first,
              const ModeSet& second) {
    json list = json::array();
    for (const auto* modes : {&first, &second}) {
        if (modes->count > 0) {
            json one = mode_set_json(names[modes == &first ? 0 : 1].get<std::string>(), *modes);
            one["scope"] = scope;
            list.push_back(one);
        }
    }
    return list;
}

json pca(const Config& config, const std::vector<SeriesImage>& images) {
    json list = json::array();
    for (const auto& image : images) {
        for (auto& one :
             modes_of(image.file, image.last["species"], image.pipeline->statistics().modes(0),
                      image.pipeline->statistics().modes(1))) {
            list.push_back(one);
        }
    }
    if (images.size() > 1) {
        const Eigen::Index dim = 2 * config.statistics.neighbours;
        std::array<OnlineCovariance, 2> all{OnlineCovariance(dim), OnlineCovariance(dim)};
        std::array<OnlinePca, 2> joint{
            OnlinePca(config.statistics.neighbours, config.statistics.parity),
            OnlinePca(config.statistics.neighbours, config.statistics.parity)};
        for (std::size_t s = 0; s < 2; ++s) {
            for (const auto& image : images) {
                all[s].merge(image.pipeline->statistics().set(s));
            }
            joint[s].update(all[s]);
        }
        for (auto& one : modes_of("series", images.back().last["species"], joint[0].modes(),
                                  joint[1].modes())) {
            list.push_back(one);
        }
    }
    return list;
}

}  // namespace

void SeriesImage::add(const FrameResult& result) {
    json frame = frame_json(result);
    frame["file"] = file;
    frames.push_back(frame);
    last = species_json(result);
    last["file"] = file;
}

std::string series_results(const Config& config, const std::vector<SeriesImage>& images,
                           int failed) {
    json out = {{"version", DWELLMAP_VERSION},
                {"parameters", describe(config)},
                {"frames", json::array()},
                {"series", json::array()}};
    for (const auto& image : images) {
        for (const auto& frame : image.frames) {
            out["frames"].push_back(frame);
        }
        out["series"].push_back(image.last);
    }
    out["pca"] = pca(config, images);
    out["counters"] = {
        {"images", images.size()}, {"images_failed", failed}, {"frames", out["frames"].size()}};
    out["flag_texts"] = flag_texts_json();
    return to_text(out);
}

}  // namespace dwellmap
