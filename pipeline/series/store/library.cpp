// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/library.hpp"

#include "dwellmap/error.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>

namespace dwellmap {
namespace {

bool in_order(const Library::FieldPtr& a, const Library::FieldPtr& b) {
    const auto place = [](const FieldOfView& f) {
        const double x = f.x_of_series();
        const bool unknown = !std::isfinite(x);
        return std::tuple(unknown, unknown ? 0 : x, std::string_view(f.key));
    };
    return place(*a) < place(*b);
}

/// All that a field says, as bytes: an order of fields in which only equal ones are equal, also where there are NaN.
std::string contents(const FieldOfView& f) {
    const std::array numbers{f.composition, f.fraction_second, f.a, f.rotation_rad};
    std::string bytes;
    const auto append = [&](const auto& values) {
        const auto view = std::as_bytes(std::span(values));
        bytes.append(reinterpret_cast<const char*>(view.data()), view.size());
    };
    append(numbers);
    append(std::span(f.offsets.data(), static_cast<std::size_t>(f.offsets.size())));
    append(f.id);
    append(f.x);
    append(f.y);
    append(f.i);
    append(f.j);
    append(f.species);
    append(f.n);
    append(f.n_outer);
    append(f.seen);
    append(f.se_score);
    return bytes + f.name;
}

bool better(const FieldOfView& a, const FieldOfView& b) {
    const auto size_a = std::tuple(a.frames, a.size()), size_b = std::tuple(b.frames, b.size());
    return size_a != size_b ? size_a > size_b : contents(a) > contents(b);
}

std::string name_of(const FieldOfView& f) { return "\"" + f.name + "\" (" + f.key + ")"; }

std::string names_of(const std::array<std::string, 4>& species) {
    return species[0] + ", " + species[1] + ", " + species[2] + ", " + species[3];
}

}  // namespace

void Library::put(FieldPtr field) {
    std::erase_if(fields_, [&](const FieldPtr& f) { return f->key == field->key; });
    const auto place = std::upper_bound(fields_.begin(), fields_.end(), field, in_order);
    fields_.insert(place, std::move(field));
}

void Library::merge(const Library& other) {
    for (const auto& field : other.fields_) {
        const auto mine = std::find_if(fields_.begin(), fields_.end(),
                                       [&](const FieldPtr& f) { return f->key == field->key; });
        if (mine == fields_.end() || better(*field, **mine)) {
            put(field);
        }
    }
}

void Library::check_fits(const FieldOfView& field, const std::string& origin) const {
    const auto there = std::find_if(fields_.begin(), fields_.end(),
                                    [&](const FieldPtr& f) { return f->key != field.key; });
    if (there == fields_.end()) {
        return;
    }
    const FieldOfView& first = **there;
    const auto fail = [&](const std::string& it_has, const std::string& others_have,
                          const std::string& what_to_do) {
        throw SetupError(origin + ": field " + name_of(field) + " has " + it_has + ", but " +
                         name_of(first) + " has " + others_have + ": " + what_to_do);
    };
    if (field.neighbours != first.neighbours) {
        fail(std::to_string(field.neighbours) + " neighbours", std::to_string(first.neighbours),
             "set statistics.neighbours alike and analyse again, or use another library");
    }
    if (field.unit != first.unit) {
        fail("lengths in " + field.unit, first.unit,
             "give the pixel size of both and analyse again, or use another library");
    }
    if (field.species_names != first.species_names) {
        fail("the species " + names_of(field.species_names), names_of(first.species_names),
             "set specimen.species alike and analyse again, or use another library");
    }
}

}  // namespace dwellmap
