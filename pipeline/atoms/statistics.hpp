// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "atoms/covariance_change.hpp"
#include "atoms/neighbourhood.hpp"
#include "atoms/online_covariance.hpp"
#include "atoms/online_pca.hpp"
#include "base/helper.hpp"
#include "dwellmap/config.hpp"
#include "dwellmap/field_of_view.hpp"
#include "dwellmap/types.hpp"

#include <array>
#include <cstdint>
#include <vector>

namespace dwellmap {

/// The neighbourhoods of a series, by species of the centre: covariance, principal components, scores.
///
/// population = tracks: every atom counts once, at the mean of its neighbourhood over the frames since it last
/// changed species; seeing it again replaces its old contribution by the new one, exactly.
/// population = observations: every sighting counts, with `forgetting` < 1 the older ones less.
/// Cost O((2N)²) a cation, in batches. The constructor allocates; update() and score() do not.
class Statistics {
public:
    Statistics(const StatisticsConfig& config, std::size_t max_tracks);

    /// Takes a complete frame into the sets and renews the modes.
    /// @param track [atoms] index of each column's track, or -1
    void update(const std::vector<Atom>& atoms, const std::vector<std::int32_t>& track,
                const Neighbourhoods& neighbourhoods, Helper& helper = no_helper()) noexcept;

    /// Where the columns of that frame are and what surrounds them, for collect().
    /// @param drift_px of the frame against the first one
    void remember(const std::vector<Atom>& atoms, const std::vector<std::int32_t>& track,
                  const Eigen::Vector2d& drift_px, const Neighbourhoods& neighbourhoods) noexcept;

    /// The tracks with their means as columns of `field`, in the order of the tracks; it allocates while they grow in number.
    void collect(double length_per_px, FieldOfView& field) const;

    /// Goes on from the atoms that collect() had given, as the first tracks, in their order; before the first update().
    /// With population = observations the sets stay empty: single sightings are not in the field.
    /// @param field  at most max_tracks entries
    void restore(const FieldOfView& field, double length_per_px) noexcept;

    /// All tracks start anew: what was seen stays in the sets.
    void forget_tracks() noexcept;

    /// Scores of the complete cations on the ideal patterns and on the modes, with their errors, in one pass; of the other
    /// columns they are NaN.
    /// @param scores  [atoms] out
    void score(const std::vector<Atom>& atoms, const Neighbourhoods& neighbourhoods,
               std::vector<Scores>& scores, Helper& helper = no_helper()) const noexcept;

    const OnlineCovariance& set(std::size_t species) const noexcept {
        return sets_[species];
    }  ///< 0 first, 1 second
    const ModeSet& modes(std::size_t species) const noexcept { return pca_[species].modes(); }

private:
    struct Member {
        std::int8_t species = species_unknown;  // of the mean; unknown: there is none
        std::int32_t seen = 0;
    };

    /// Of the atom of a track, when it was last seen.
    struct Place {
        std::int64_t id = -1;
        double x_px = 0, y_px = 0;  // drift taken off
        double sum_se2 = 0;         // of the score in all frames, length²
        std::int16_t i = 0, j = 0;
        std::int8_t n = -1, n_outer = -1;  // n: -1: it was never seen
    };

    /// Neighbourhoods on their way into a set or out of it.
    struct Batch {
        Eigen::MatrixXd x;  // [dim × kBatch]
        Eigen::Index size = 0;
    };
    static constexpr Eigen::Index kBatch = 64;

    bool goes_on(const Atom& atom, std::int32_t track) const noexcept;
    void renew(std::size_t half, std::size_t first, std::size_t last,
               const std::vector<Atom>& atoms, const std::vector<std::int32_t>& track,
               const Neighbourhoods& neighbourhoods) noexcept;
    void exchange(const std::vector<Atom>& atoms, const std::vector<std::int32_t>& track,
                  const Neighbourhoods& neighbourhoods) noexcept;
    void leave(std::int32_t track) noexcept;
    void join(std::int8_t species, std::int32_t track,
              const Neighbourhoods::Offsets& offsets) noexcept;
    Eigen::MatrixXd::ColXpr next(Batch& batch, std::size_t set) noexcept;
    void flush(std::size_t set) noexcept;
    int dim_;
    bool tracks_count_;
    double forgetting_;
    std::array<OnlineCovariance, 2> sets_;
    std::array<OnlinePca, 2> pca_;
    std::array<Batch, 2> incoming_, outgoing_;
    std::array<std::array<CovarianceChange, 2>, 2> changes_;  // [halves of the atoms][sets]
    std::array<std::vector<std::int32_t>, 2> others_;         // [halves] atoms not in changes_
    std::vector<Member> members_;                             // [tracks]
    std::vector<Place> places_;                               // [tracks]
    Eigen::MatrixXd means_;                                   // [dim × tracks]
};

}  // namespace dwellmap
