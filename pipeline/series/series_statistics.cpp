// SPDX-License-Identifier: Apache-2.0
#include "series/series_statistics.hpp"

#include "dwellmap/types.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace dwellmap {
namespace {

constexpr double kSixth_rad = std::numbers::pi / 3;
constexpr double kHold = 0.6;  // sixths: a direction near the middle of two is not changed again

SpeciesSeries make(const StatisticsConfig& c, std::int8_t species) {
    return {species, c.neighbours, c.parity, c.classes};
}

}  // namespace

SeriesStatistics::SeriesStatistics(const StatisticsConfig& config)
    : species_{make(config, species_first), make(config, species_second)} {}

/// @return whether it is another one than before
bool SeriesStatistics::find_direction() noexcept {
    const double first_rad = library_.fields().front()->rotation_rad;
    const double near_x_rad = first_rad - std::round(first_rad / kSixth_rad) * kSixth_rad;
    if (std::abs(near_x_rad - direction_rad_) < kHold * kSixth_rad) {
        return false;
    }
    direction_rad_ = near_x_rad;
    return true;
}

int SeriesStatistics::turns_of(const FieldOfView& field) const noexcept {
    return static_cast<int>(std::round((field.rotation_rad - direction_rad_) / kSixth_rad));
}

void SeriesStatistics::put(const Library::FieldPtr& field) {
    library_.check_fits(*field, field->name);
    library_.put(field);
    const bool turned = find_direction();
    const auto& fields = library_.fields();
    for (std::size_t k = 0; k < fields.size(); ++k) {
        if (turned || fields[k] == field) {
            for (SpeciesSeries& s : species_) {
                s.put(*fields[k], turns_of(*fields[k]), k);
            }
        }
    }
}

void SeriesStatistics::update() {
    std::size_t atoms = 0;
    for (const auto& field : library_.fields()) {
        atoms += field->size();
    }
    const bool known = species_[0].modes().count > 0 && species_[1].modes().count > 0;
    ++turn_;
    for (std::size_t s = 0; s < 2; ++s) {
        if (!known || atoms <= kAtOnce || turn_ % 2 == s) {
            species_[s].update();
        }
    }
}

void SeriesStatistics::finish() {
    for (SpeciesSeries& s : species_) {
        s.finish();
    }
}

}  // namespace dwellmap
