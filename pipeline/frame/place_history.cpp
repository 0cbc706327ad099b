// SPDX-License-Identifier: Apache-2.0
#include "frame/place_history.hpp"

#include "atoms/find_again.hpp"

#include <utility>

namespace dwellmap {

std::optional<PlaceHistory::Earlier> PlaceHistory::find_earlier(
    std::uint64_t frame_number, const FrameResult& result) noexcept {
    auto field = std::exchange(earlier_, nullptr);
    if (!field || static_cast<std::int64_t>(frame_number) < field->frames) {
        return std::nullopt;  // numbers begin at 0: a recording that is played again
    }
    const auto drift_px = find_again(*field, result.length_per_px(), result.atoms, result.lattice);
    if (!drift_px) {
        return std::nullopt;
    }
    frames_ = frames_resumed_ = field->frames;
    --visit_;
    return Earlier{std::move(field), *drift_px};
}

void PlaceHistory::leave() noexcept {
    frames_ = 0;
    ++visit_;
}

std::shared_ptr<FieldOfView> PlaceHistory::describe(const Series& series,
                                                    const FrameResult& last) const {
    auto field = std::make_shared<FieldOfView>();
    field->key = field_key(series.uuid, visit_);
    field->name = series.name;
    field->unit = last.length_unit();
    field->species_names = last.species_names;
    field->composition = last.species.expected_second;
    field->fraction_second = last.species.fraction_second;
    field->width = series.cols_px * last.length_per_px();
    field->height = series.rows_px * last.length_per_px();
    field->a = last.lattice.a_px * last.length_per_px();
    field->rotation_rad = last.lattice.rotation_rad;
    field->frames = frames_;
    return field;
}

}  // namespace dwellmap
