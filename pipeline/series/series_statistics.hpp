// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/config.hpp"
#include "dwellmap/library.hpp"
#include "series/species_series.hpp"

#include <array>
#include <limits>

namespace dwellmap {

/// The statistics of a composition series: of all fields of view of a library, centres of the first and of the second species apart.
///
/// All fields are turned by sixths of a turn to the first direction of the first of them, which is the one nearest to +x.
/// After finish() the result depends on the fields alone, not on the order or the number of times in which they were put.
/// Cost of put() and update(), 3,000 cations with 24 neighbours beside a library of 1e5: see DESIGN.md.
class SeriesStatistics {
public:
    static constexpr std::size_t kAtOnce = 5'000;

    explicit SeriesStatistics(const StatisticsConfig& config);

    /// Adds the field or replaces the one of its key.
    /// @throws SetupError if it does not fit the others: unit, species or neighbours differ
    void put(const Library::FieldPtr& field);

    /// What a frame needs: everything, from where it was. Of a library of more than kAtOnce atoms the two species take turns,
    /// and within a species mixtures and regressions (see ScoreCells, SeriesRegression).
    void update();

    /// What a report needs: everything from the start, with all errors.
    void finish();

    const Library& library() const noexcept { return library_; }
    const SpeciesSeries& species(std::size_t s) const noexcept { return species_[s]; }
    int turns_of(const FieldOfView& field) const noexcept;

private:
    bool find_direction() noexcept;

    Library library_;
    std::size_t turn_ = 0;
    double direction_rad_ = std::numeric_limits<double>::quiet_NaN();  ///< the common first one
    std::array<SpeciesSeries, 2> species_;
};

}  // namespace dwellmap
