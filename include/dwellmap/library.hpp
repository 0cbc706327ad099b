// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/field_of_view.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace dwellmap {

/// The fields of view of a composition series, one a key, in an order of their own: x_of_series(), unknown ones last, then
/// the key. However they were added or merged, the same fields are the same sequence, and sums over them the same bits.
///
/// Fields are shared and never changed: a copy of a library is cheap and a snapshot. Not thread-safe.
class Library {
public:
    using FieldPtr = std::shared_ptr<const FieldOfView>;

    /// Adds the field, or replaces the one of the same key. Cost O(fields).
    void put(FieldPtr field);

    /// Adds the fields of `other`. Of two with the same key, the one with more frames is kept, then with more atoms; if
    /// they still differ, the one whose numbers are greater bit by bit, so that the order of merging never matters.
    void merge(const Library& other);

    /// Whether statistics can be made of `field` together with the fields that are there already: same number of
    /// neighbours, unit and names of species. The field it would replace does not count.
    /// @param origin where the field is from, for the message: a file
    /// @throws SetupError naming both fields, what differs and what to do
    void check_fits(const FieldOfView& field, const std::string& origin) const;

    const std::vector<FieldPtr>& fields() const& noexcept { return fields_; }
    std::vector<FieldPtr> fields() && noexcept { return std::move(fields_); }

private:
    std::vector<FieldPtr> fields_;
};

}  // namespace dwellmap
