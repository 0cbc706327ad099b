// SPDX-License-Identifier: Apache-2.0
#include "app/series_analysis.hpp"

#include "dwellmap/error.hpp"
#include "page/result_json.hpp"
#include "page/series_json.hpp"

#include <algorithm>

namespace dwellmap {

SeriesAnalysis::SeriesAnalysis(const Config& config)
    : statistics_(config.statistics), views_(config.statistics.neighbours) {
    if (config.library.file.empty()) {
        return;
    }
    writer_.emplace(config.library.file);
    for (const auto& field : writer_->initial().fields()) {
        if (field->neighbours != config.statistics.neighbours) {
            throw SetupError(config.library.file + " is of " + std::to_string(field->neighbours) +
                             " neighbours: set statistics.neighbours to that, or library.file to "
                             "another file");
        }
        statistics_.put(field);
    }
    statistics_.update();
}

int SeriesAnalysis::visits(const std::string& uuid) const {
    const auto& fields = statistics_.library().fields();
    return static_cast<int>(std::count_if(fields.begin(), fields.end(), [&](const auto& field) {
        return field->key == uuid || field->key.starts_with(uuid + "/");
    }));
}

Library::FieldPtr SeriesAnalysis::last_visit(const std::string& uuid) const {
    const auto& fields = statistics_.library().fields();
    const auto key = field_key(uuid, visits(uuid) - 1);
    const auto found = std::find_if(fields.begin(), fields.end(),
                                    [&](const auto& field) { return field->key == key; });
    return found == fields.end() ? nullptr : *found;
}

/// @return why the field is not in the statistics; empty: it is
std::string SeriesAnalysis::take(const Library::FieldPtr& field) {
    try {
        statistics_.put(field);
    } catch (const SetupError& e) {
        return e.what();
    }
    statistics_.update();
    if (writer_) {
        writer_->store(field);
    }
    return {};
}

SeriesUpdate SeriesAnalysis::run(const Pipeline& pipeline, const Frame& frame,
                                 const FrameResult& result) {
    if (frame.series != series_) {
        series_ = frame.series;
        fourier_view_.emplace(series_->rows_px, series_->cols_px);
    }
    const auto field = pipeline.field_of_view(result);
    const std::string left_out = take(field);
    views_.run(*field);
    fourier_view_->run(frame.counts, result.lattice, fourier_);
    nlohmann::json views = field_views_json(views_, field->neighbours);
    views["fourier"] = fourier_json(fourier_);
    const nlohmann::json out{{"frame", result.frame_number},
                             {"uuid", series_->uuid},
                             {"unit", result.length_unit()},
                             {"left_out", left_out},
                             {"library", writer_ ? writer_->last_error() : ""},
                             {"statistics", series_statistics_json(statistics_)},
                             {"views", views},
                             {"densities", densities_json(statistics_)}};
    return {series_->uuid, result.frame_number, to_text(out)};
}

}  // namespace dwellmap
