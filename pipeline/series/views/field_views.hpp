// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/field_of_view.hpp"
#include "dwellmap/types.hpp"
#include "views/cluster_statistics.hpp"
#include "views/neighbour_histogram.hpp"
#include "views/structure_factor.hpp"

#include <array>

namespace dwellmap {

/// A value over the cations and its standard error, as of independent ones.
struct MeanValue {
    double mean = kNaN, se = kNaN;
};

/// What one field of view shows beside its maps: all neighbours in one picture, order, clusters.
/// Cost: 3 ms of 3,000 cations.
class FieldViews {
public:
    explicit FieldViews(int neighbours);

    void run(const FieldOfView& field);

    const NeighbourHistogram& histogram() const noexcept { return histogram_; }
    const std::array<HalfOrder, 3>& half_order() const noexcept { return half_order_; }

    /// Of the zigzag across the rows along a1, a2, a2 − a1.
    /// @param species of the centres: 0 first, 1 second
    const std::array<LongRangeOrder, 3>& long_range(std::size_t species) const noexcept {
        return long_range_[species];
    }
    const ClusterStatistics& clusters() const noexcept { return clusters_; }
    MeanValue hexatic() const noexcept { return hexatic_; }    ///< |ψ6| of the first shell
    MeanValue tetratic() const noexcept { return tetratic_; }  ///< |ψ4|

private:
    void measure_order(const FieldOfView& field);

    NeighbourHistogram histogram_;
    std::array<HalfOrder, 3> half_order_;
    std::array<std::array<LongRangeOrder, 3>, 2> long_range_;
    ClusterStatistics clusters_;
    MeanValue hexatic_, tetratic_;
};

}  // namespace dwellmap
