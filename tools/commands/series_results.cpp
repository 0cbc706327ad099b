// SPDX-License-Identifier: Apache-2.0
#include "commands/series_results.hpp"

#include "classes/kmeans.hpp"
#include "dwellmap/error.hpp"
#include "image/fourier.hpp"
#include "image/grey_image.hpp"
#include "page/result_json.hpp"
#include "page/series_json.hpp"
#include "series/series_statistics.hpp"
#include "views/field_views.hpp"

#include <algorithm>
#include <cmath>

namespace dwellmap {
namespace {

using nlohmann::json;

constexpr int kPreview_px = 512;

json number(double v) { return std::isfinite(v) ? json(v) : json(); }

/// What is known of the species of an image, from its last frame.
json species_json(const FrameResult& r) {
    const auto& s = r.species;
    return {{"species", {r.species_names[0], r.species_names[1], r.species_names[2]}},
            {"composition", number(s.expected_second)},
            {"fraction_second", number(s.fraction_second)},
            {"threshold_relative", number(s.threshold)},
            {"threshold_counts", number(s.threshold * s.mean_first)},
            {"quantile_threshold_counts", number(s.quantile_threshold)},
            {"cluster_counts", s.clusters}};
}

json preview_json(const Frame& frame) {
    GreyImage grey;
    make_grey(frame, kPreview_px, grey);
    return {{"rows", grey.height},
            {"cols", grey.width},
            {"step_px", grey.factor},
            {"grey", grey.pixels}};
}

/// Both species' modes of one image.
json modes_of(const std::string& file, const FrameResult& r) {
    json list = json::array();
    for (std::size_t s = 0; s < 2; ++s) {
        if (r.modes[s].count > 0) {
            list.push_back(mode_set_json(r.species_names[s], r.modes[s]));
            list.back()["scope"] = file;
        }
    }
    return list;
}

/// Classes of the first shells of one image alone, an object a species that has atoms enough for them.
json classes_of(const std::string& file, const FieldOfView& field, int classes) {
    constexpr Eigen::Index kFirstShell = 12;
    json list = json::array();
    for (std::int8_t s = 0; s < 2; ++s) {
        KMeans found(classes, kFirstShell, 1);
        std::size_t atoms = 0;
        for (std::size_t k = 0; k < field.size(); ++k) {
            if (field.species[k] == s) {
                found.put(atoms++,
                          field.offsets.col(static_cast<Eigen::Index>(k)).head<kFirstShell>());
            }
        }
        if (atoms < static_cast<std::size_t>(KMeans::kProvisional * classes)) {
            continue;
        }
        found.update();
        json centres = json::array();
        for (const auto& centre : found.centres().colwise()) {
            centres.push_back(std::vector<double>(centre.begin(), centre.end()));
        }
        list.push_back({{"scope", file},
                        {"species", field.species_names[static_cast<std::size_t>(s)]},
                        {"k", classes},
                        {"silhouettes", {{std::to_string(classes), number(found.silhouette())}}},
                        {"centres", centres},
                        {"counts", found.counts()},
                        {"inertia", number(found.inertia())}});
    }
    return list;
}

/// Of the fields, as indices into the results' series: of the image that gave it, or after all images.
std::vector<int> places(const std::vector<SeriesImage>& images, const Library& library) {
    std::vector<int> out;
    auto next = static_cast<int>(images.size());
    for (const auto& field : library.fields()) {
        const auto image = std::find_if(images.begin(), images.end(), [&](const SeriesImage& i) {
            return i.field->key == field->key;
        });
        out.push_back(image == images.end() ? next++ : static_cast<int>(image - images.begin()));
    }
    return out;
}

json views_of(const FieldOfView& field) {
    FieldViews views(field.neighbours);
    views.run(field);
    json out = field_views_json(views, field.neighbours);
    out["key"] = field.key;
    out["name"] = field.name;
    out["unit"] = field.unit;
    out["a"] = field.a;
    out["frames_seen"] = field.frames;
    return out;
}

json series_list(const std::vector<SeriesImage>& images, const Library& library,
                 const std::vector<int>& place) {
    json list = json::array();
    for (const auto& image : images) {
        list.push_back(views_of(*image.field));
        list.back().update(image.summary);
    }
    for (std::size_t k = 0; k < place.size(); ++k) {
        const FieldOfView& field = *library.fields()[k];
        if (place[k] >= static_cast<int>(images.size())) {
            list.push_back(views_of(field));
            list.back().update(
                {{"file", nullptr},
                 {"species",
                  {field.species_names[0], field.species_names[1], field.species_names[2]}},
                 {"composition", number(field.composition)},
                 {"fraction_second", number(field.fraction_second)}});
        }
    }
    return list;
}

}  // namespace

void SeriesImage::add(const FrameResult& result) {
    frames.push_back(frame_json(result));
    frames.back()["file"] = file;
}

void SeriesImage::summarise(const Frame& frame, const FrameResult& result,
                            const Pipeline& pipeline) {
    const auto rows = static_cast<int>(frame.counts.rows());
    const auto cols = static_cast<int>(frame.counts.cols());
    FourierView view(rows, cols);
    FourierResult fourier;
    view.run(frame.counts, result.lattice, fourier);
    summary = species_json(result);
    summary["file"] = file;
    summary["rows_px"] = rows;
    summary["cols_px"] = cols;
    summary["length_per_px"] = result.length_per_px();
    summary["fourier"] = fourier_json(fourier);
    summary["preview"] = preview_json(frame);
    pca = modes_of(file, result);
    field = pipeline.field_of_view(result);
}

SeriesFields collect_fields(const Library& known, const std::vector<SeriesImage>& images) {
    SeriesFields out{known, {}};
    for (const auto& image : images) {
        try {
            out.library.check_fits(*image.field, image.file);
            out.library.put(image.field);
        } catch (const SetupError& e) {
            out.left_out.emplace_back(e.what());
        }
    }
    return out;
}

std::string series_results(const Config& config, const std::vector<SeriesImage>& images,
                           const SeriesFields& fields, int failed, const json& replay) {
    SeriesStatistics statistics(config.statistics);
    for (const auto& field : fields.library.fields()) {
        statistics.put(field);
    }
    statistics.finish();
    json out = series_statistics_json(statistics);
    const auto place = places(images, fields.library);
    out["version"] = DWELLMAP_VERSION;
    out["parameters"] = describe(config);
    out["frames"] = json::array();
    for (const auto& image : images) {
        for (const auto& frame : image.frames) {
            out["frames"].push_back(frame);
        }
        out["pca"].insert(out["pca"].end(), image.pca.begin(), image.pca.end());
        const json classes = classes_of(
            image.file, *image.field,
            config.statistics.classes > 0 ? config.statistics.classes : StatisticsConfig{}.classes);
        out["kmeans"].insert(out["kmeans"].end(), classes.begin(), classes.end());
    }
    out["series"] = series_list(images, fields.library, place);
    out["population"] = population_json(statistics, place);
    out["descriptors"] = descriptors_json(fields.library);
    if (config.statistics.compatibility == "paper") {
        out["paper"] = paper_json(fields.library, place);
    }
    out["left_out"] = fields.left_out;
    out["counters"] = {
        {"images", images.size()}, {"images_failed", failed}, {"frames", out["frames"].size()}};
    out["replay"] = replay;
    out["flag_texts"] = flag_texts_json();
    return to_text(out);
}

}  // namespace dwellmap
