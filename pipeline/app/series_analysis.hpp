// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/config.hpp"
#include "dwellmap/pipeline.hpp"
#include "dwellmap/source.hpp"
#include "image/fourier.hpp"
#include "series/series_statistics.hpp"
#include "store/library_writer.hpp"
#include "views/field_views.hpp"

#include <optional>
#include <string>

namespace dwellmap {

/// What happens with a complete frame after its maps are out: its atoms join the library, the statistics of the composition series and
/// the views of this field are renewed.
class SeriesAnalysis {
public:
    /// Reads the library if one is configured, and keeps it up to date from then on.
    /// @throws SetupError if it can't be read, or another analyzer writes it
    explicit SeriesAnalysis(const Config& config);

    /// @param result of the complete frame
    SeriesUpdate run(const Pipeline& pipeline, const Frame& frame, const FrameResult& result);

    /// How often this place has been looked at before: fields of the series' uuid, from before a restart.
    int visits(const std::string& uuid) const;

    /// The last of those visits; null: there was none.
    Library::FieldPtr last_visit(const std::string& uuid) const;

    const SeriesStatistics& statistics() const noexcept { return statistics_; }

private:
    std::string take(const Library::FieldPtr& field);

    SeriesStatistics statistics_;
    std::optional<LibraryWriter> writer_;
    FieldViews views_;
    std::optional<FourierView> fourier_view_;
    std::shared_ptr<const Series> series_;  // fourier_view_ is made for
    FourierResult fourier_;
};

}  // namespace dwellmap
