// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/statistics.hpp"

#include <algorithm>
#include <cmath>

namespace dwellmap {
namespace {

constexpr std::size_t kAhead = 16;          // atoms
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
      members_(max_tracks),
      places_(max_tracks),
      means_(Eigen::MatrixXd::Zero(dim_, static_cast<Eigen::Index>(max_tracks))) {
    for (auto* batches : {&incoming_, &outgoing_}) {
        for (Batch& batch : *batches) {
            batch.x.resize(dim_, kBatch);
        }
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
    for (auto& set : sets_) {
        set.forget(forgetting_);
    }
    let_go(atoms, track, neighbourhoods);
    helper.both([&] { take_in(0, atoms, track, neighbourhoods); },
                [&] { take_in(1, atoms, track, neighbourhoods); });
}

/// Atoms that have changed species leave their set. From then on no track is in the other set than its atom.
void Statistics::let_go(const std::vector<Atom>& atoms, const std::vector<std::int32_t>& track,
                        const Neighbourhoods& neighbourhoods) noexcept {
    for (std::size_t k = 0; k < atoms.size(); ++k) {
        if (track[k] < 0 || !neighbourhoods.complete(k) || !has_set(atoms[k].species)) {
            continue;
        }
        Member& member = members_[static_cast<std::size_t>(track[k])];
        if (member.species != species_unknown && member.species != atoms[k].species) {
            const auto set = set_of(member.species);
            if (tracks_count_) {
                next(outgoing_[set], set) = means_.col(track[k]);
            }
            member = {};
            places_[static_cast<std::size_t>(track[k])] = {};
        }
    }
}

/// Neighbourhoods of one species into its set, instead of what their tracks had there; its modes.
void Statistics::take_in(std::size_t set, const std::vector<Atom>& atoms,
                         const std::vector<std::int32_t>& track,
                         const Neighbourhoods& neighbourhoods) noexcept {
    const auto is_mine = [&](std::size_t k) {
        return neighbourhoods.complete(k) && has_set(atoms[k].species) &&
               set_of(atoms[k].species) == set;
    };
    for (std::size_t k = 0; k < atoms.size(); ++k) {
        // tracks lie scattered in memory; in a function of its own, g++ 12 takes the prefetch for nothing and drops it
        const std::size_t later = k + kAhead;
        if (later < atoms.size() && is_mine(later) && track[later] >= 0) {
            const double* mean = means_.data() + track[later] * dim_;
            for (int d = 0; d < dim_ + kLine; d += kLine) {
                __builtin_prefetch(mean + std::min(d, dim_ - 1));
            }
        }
        if (!is_mine(k)) {
            continue;
        }
        const auto offsets = neighbourhoods.offsets(k);
        if (track[k] < 0 || !tracks_count_) {
            next(incoming_[set], set) = offsets;
        }
        if (track[k] < 0) {
            continue;
        }
        Member& member = members_[static_cast<std::size_t>(track[k])];
        auto mean = means_.col(track[k]);
        if (tracks_count_ && member.species != species_unknown) {
            next(outgoing_[set], set) = mean;
        }
        if (member.species == species_unknown) {
            member.species = atoms[k].species;
            mean.setZero();
        }
        mean += (offsets - mean) / ++member.seen;
        if (tracks_count_) {
            next(incoming_[set], set) = mean;
        }
    }
    flush(set);
    pca_[set].update(sets_[set]);
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
    helper.halves(atoms.size(), [&](int, std::size_t first, std::size_t last) {
        for (std::size_t k = first; k < last; ++k) {
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
                scores[k].se_pca[m] = std::sqrt(static_cast<float>(variance[m]));
            }
        }
    });
}

}  // namespace dwellmap
