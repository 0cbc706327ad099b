// SPDX-License-Identifier: Apache-2.0
#include "atoms/statistics.hpp"

#include "base/buffers.hpp"

#include <algorithm>
#include <cmath>

namespace dwellmap {
namespace {

constexpr std::size_t kAhead = 48;          // atoms
constexpr int kLine = 64 / sizeof(double);  // of the cache

/// 0 for the first species, 1 for the second.
std::size_t set_of(std::int8_t species) noexcept { return species == species_second ? 1 : 0; }

bool has_set(std::int8_t species) noexcept {
    return species == species_first || species == species_second;
}

}  // namespace

Statistics::Statistics(const StatisticsConfig& config, std::size_t max_tracks)
    : dim_(2 * config.neighbours),
      tracks_count_(config.population == "tracks"),
      forgetting_(config.forgetting),
      sets_{OnlineCovariance(dim_), OnlineCovariance(dim_)},
      pca_{OnlinePca(config.neighbours, config.parity),
           OnlinePca(config.neighbours, config.parity)},
      changes_{{{CovarianceChange(dim_), CovarianceChange(dim_)},
                {CovarianceChange(dim_), CovarianceChange(dim_)}}},
      members_(max_tracks),
      places_(max_tracks),
      means_(Eigen::MatrixXd::Zero(dim_, static_cast<Eigen::Index>(max_tracks))) {
    for (auto* batches : {&incoming_, &outgoing_}) {
        for (Batch& batch : *batches) {
            batch.x.resize(dim_, kBatch);
        }
    }
    for (auto& others : others_) {
        make_room(others, max_tracks);
    }
}

/// Into the set first, so that it is never nearly empty in between.
void Statistics::flush(std::size_t set) noexcept {
    sets_[set].add_batch(incoming_[set].x.leftCols(incoming_[set].size));
    sets_[set].remove_batch(outgoing_[set].x.leftCols(outgoing_[set].size));
    incoming_[set].size = outgoing_[set].size = 0;
}

/// @return the next column of the batch, which is emptied when it is full
Eigen::MatrixXd::ColXpr Statistics::next(Batch& batch, std::size_t set) noexcept {
    if (batch.size == kBatch) {
        flush(set);
    }
    return batch.x.col(batch.size++);
}

void Statistics::update(const std::vector<Atom>& atoms, const std::vector<std::int32_t>& track,
                        const Neighbourhoods& neighbourhoods, Helper& helper) noexcept {
    for (std::size_t set = 0; set < 2; ++set) {
        sets_[set].forget(forgetting_);
        changes_[0][set].begin(sets_[set]);
        changes_[1][set].begin(sets_[set]);
    }
    helper.halves(atoms.size(), [&](int half, std::size_t first, std::size_t last) {
        renew(static_cast<std::size_t>(half), first, last, atoms, track, neighbourhoods);
    });
    for (std::size_t set = 0; set < 2; ++set) {
        changes_[0][set].merge(changes_[1][set]);
        changes_[0][set].apply(sets_[set]);
    }
    exchange(atoms, track, neighbourhoods);
    helper.both([&] { pca_[0].update(sets_[0]); }, [&] { pca_[1].update(sets_[1]); });
}

/// Whether the atom is in its set already, as the mean of the frames before.
bool Statistics::goes_on(const Atom& atom, std::int32_t track) const noexcept {
    return tracks_count_ && track >= 0 &&
           members_[static_cast<std::size_t>(track)].species == atom.species;
}

/// New means of the atoms that stay in their sets: nearly all of them.
void Statistics::renew(std::size_t half, std::size_t first, std::size_t last,
                       const std::vector<Atom>& atoms, const std::vector<std::int32_t>& track,
                       const Neighbourhoods& neighbourhoods) noexcept {
    others_[half].clear();
    Neighbourhoods::Offsets mean;
    for (std::size_t k = first; k < last; ++k) {
        // tracks lie scattered in memory; in a function of its own, g++ 12 takes the prefetch for nothing and drops it
        const std::size_t later = k + kAhead;
        if (later < last && has_set(atoms[later].species) && track[later] >= 0) {
            const double* column = means_.data() + track[later] * dim_;
            for (int d = 0; d < dim_ + kLine; d += kLine) {
                __builtin_prefetch(column + std::min(d, dim_ - 1), 1);
            }
        }
        const auto species = atoms[k].species;
        if (!neighbourhoods.complete(k) || !has_set(species)) {
            continue;
        }
        if (!goes_on(atoms[k], track[k])) {
            others_[half].push_back(static_cast<std::int32_t>(k));
            continue;
        }
        auto old = means_.col(track[k]);
        mean = old + (neighbourhoods.offsets(k) - old) /
                         ++members_[static_cast<std::size_t>(track[k])].seen;
        changes_[half][set_of(species)].put(old.data(), mean.data());
        old = mean;
    }
}

/// Atoms that come into a set, change from one to the other, or are counted at every sighting.
void Statistics::exchange(const std::vector<Atom>& atoms, const std::vector<std::int32_t>& track,
                          const Neighbourhoods& neighbourhoods) noexcept {
    for (const auto& others : others_) {
        for (const std::int32_t other : others) {
            const auto k = static_cast<std::size_t>(other);
            if (track[k] >= 0 &&
                members_[static_cast<std::size_t>(track[k])].species != atoms[k].species) {
                leave(track[k]);
            }
            join(atoms[k].species, track[k], neighbourhoods.offsets(k));
        }
    }
    flush(0);
    flush(1);
}

void Statistics::leave(std::int32_t track) noexcept {
    Member& member = members_[static_cast<std::size_t>(track)];
    if (tracks_count_ && member.species != species_unknown) {
        const auto set = set_of(member.species);
        next(outgoing_[set], set) = means_.col(track);
    }
    member = {};
    places_[static_cast<std::size_t>(track)] = {};
}

/// @param track  -1: counted as it is
void Statistics::join(std::int8_t species, std::int32_t track,
                      const Neighbourhoods::Offsets& offsets) noexcept {
    const auto set = set_of(species);
    if (track < 0 || !tracks_count_) {
        next(incoming_[set], set) = offsets;
    }
    if (track < 0) {
        return;
    }
    Member& member = members_[static_cast<std::size_t>(track)];
    auto mean = means_.col(track);
    if (member.species == species_unknown) {
        member.species = species;
        mean.setZero();
    }
    mean += (offsets - mean) / ++member.seen;
    if (tracks_count_) {
        next(incoming_[set], set) = mean;
    }
}

void Statistics::remember(const std::vector<Atom>& atoms, const std::vector<std::int32_t>& track,
                          const Eigen::Vector2d& drift_px,
                          const Neighbourhoods& neighbourhoods) noexcept {
    for (std::size_t k = 0; k < atoms.size(); ++k) {
        if (track[k] < 0 || !neighbourhoods.complete(k) || !has_set(atoms[k].species)) {
            continue;
        }
        const double se = neighbourhoods.se_zigzag(k);
        Place& place = places_[static_cast<std::size_t>(track[k])];
        place = {atoms[k].id,
                 atoms[k].x_px - drift_px.x(),
                 atoms[k].y_px - drift_px.y(),
                 place.sum_se2 + se * se,
                 atoms[k].i,
                 atoms[k].j,
                 atoms[k].n,
                 static_cast<std::int8_t>(neighbourhoods.count_outer(k))};
    }
}

void Statistics::collect(double length_per_px, FieldOfView& field) const {
    field.clear_atoms();
    const auto known =
        std::count_if(places_.begin(), places_.end(), [](const Place& p) { return p.n >= 0; });
    field.offsets.resize(dim_, known);
    for (std::size_t k = 0; k < members_.size(); ++k) {
        const Member& m = members_[k];
        const Place& p = places_[k];
        if (p.n < 0) {
            continue;
        }
        field.offsets.col(static_cast<Eigen::Index>(field.size())) =
            means_.col(static_cast<Eigen::Index>(k));
        field.id.push_back(p.id);
        field.x.push_back(p.x_px * length_per_px);
        field.y.push_back(p.y_px * length_per_px);
        field.i.push_back(p.i);
        field.j.push_back(p.j);
        field.species.push_back(m.species);
        field.n.push_back(p.n);
        field.n_outer.push_back(p.n_outer);
        field.seen.push_back(m.seen);
        field.se_score.push_back(static_cast<float>(std::sqrt(p.sum_se2) / m.seen));
    }
}

void Statistics::restore(const FieldOfView& field, double length_per_px) noexcept {
    for (std::size_t k = 0; k < field.size(); ++k) {
        const auto column = static_cast<Eigen::Index>(k);
        const std::int32_t seen = field.seen[k];
        members_[k] = {field.species[k], seen};
        places_[k] = {field.id[k],
                      field.x[k] / length_per_px,
                      field.y[k] / length_per_px,
                      std::pow(static_cast<double>(field.se_score[k]) * seen, 2),
                      field.i[k],
                      field.j[k],
                      field.n[k],
                      field.n_outer[k]};
        means_.col(column) = field.offsets.col(column);
        if (tracks_count_) {
            const auto set = set_of(field.species[k]);
            next(incoming_[set], set) = means_.col(column);
        }
    }
    flush(0);
    flush(1);
}

void Statistics::forget_tracks() noexcept {
    std::fill(members_.begin(), members_.end(), Member{});
    std::fill(places_.begin(), places_.end(), Place{});
}

void Statistics::score(const std::vector<Atom>& atoms, const Neighbourhoods& neighbourhoods,
                       std::vector<Scores>& scores, Helper& helper) const noexcept {
    std::array<Projection, 2> projections;
    for (std::size_t s = 0; s < 2; ++s) {
        const ModeSet& modes = pca_[s].modes();
        projections[s].clear(dim_);
        for (int m = 0; m < kModes; ++m) {
            const auto loading = modes.loadings.col(m);
            projections[s].set(m, neighbourhoods.frame(), loading.data(), loading.dot(modes.mean));
        }
    }
    scores.resize(atoms.size());
    helper.halves(atoms.size(), [&](int, std::size_t first, std::size_t last) {
        static const Scores none;
        for (std::size_t k = first; k < last; ++k) {
            scores[k] = none;
            if (atoms[k].n >= 0) {
                neighbourhoods.score(k, scores[k]);
            }
            const auto species = atoms[k].species;
            if (!neighbourhoods.complete(k) || !has_set(species) ||
                pca_[set_of(species)].modes().count == 0) {
                continue;
            }
            const auto& projection = projections[set_of(species)];
            const auto value = projection.values(neighbourhoods.offsets_px(k));
            const auto variance = projection.variances(neighbourhoods.variances_px2(k));
            for (std::size_t m = 0; m < kModes; ++m) {
                scores[k].pca[m] = static_cast<float>(value[m]);
                scores[k].se_pca[m] = std::sqrt(variance[m]);
            }
        }
    });
}

}  // namespace dwellmap
