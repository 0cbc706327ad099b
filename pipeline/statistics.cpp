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

}  // namespace

Statistics::Statistics(const StatisticsConfig& config, std::size_t max_tracks)
    : dim_(2 * config.neighbours),
      tracks_count_(config.population == "tracks"),
      forgetting_(config.forgetting),
      sets_{OnlineCovariance(dim_), OnlineCovariance(dim_)},
      pca_{OnlinePca(config.neighbours, config.parity),
           OnlinePca(config.neighbours, config.parity)},
      members_(max_tracks),
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

void Statistics::remember(const Atom& atom, std::size_t k, const Eigen::Vector2d& drift_px,
                          const Neighbourhoods& neighbourhoods, Member& member) noexcept {
    member.id = atom.id;
    member.x_px = atom.x_px - drift_px.x();
    member.y_px = atom.y_px - drift_px.y();
    const double se = neighbourhoods.se_zigzag(k);
    member.sum_se2 += se * se;
    ++member.seen;
    member.i = atom.i;
    member.j = atom.j;
    member.n = atom.n;
    member.n_outer = static_cast<std::int8_t>(neighbourhoods.count_outer(k));
}

void Statistics::update(const std::vector<Atom>& atoms, const std::vector<std::int32_t>& track,
                        const Eigen::Vector2d& drift_px,
                        const Neighbourhoods& neighbourhoods) noexcept {
    for (auto& set : sets_) {
        set.forget(forgetting_);
    }
    for (std::size_t k = 0; k < atoms.size(); ++k) {
        // tracks lie scattered in memory; in a function of its own, g++ 12 takes the prefetch for nothing and drops it
        const std::size_t later = k + kAhead;
        if (later < atoms.size() && neighbourhoods.complete(later) && track[later] >= 0) {
            const double* mean = means_.data() + track[later] * dim_;
            for (int d = 0; d < dim_ + kLine; d += kLine) {
                __builtin_prefetch(mean + std::min(d, dim_ - 1));
            }
        }
        const auto species = atoms[k].species;
        if (!neighbourhoods.complete(k) ||
            (species != species_first && species != species_second)) {
            continue;
        }
        const auto set = set_of(species);
        const auto offsets = neighbourhoods.offsets(k);
        if (track[k] < 0 || !tracks_count_) {
            next(incoming_[set], set) = offsets;
        }
        if (track[k] < 0) {
            continue;
        }
        Member& member = members_[static_cast<std::size_t>(track[k])];
        auto mean = mean_of(static_cast<std::size_t>(track[k]));
        if (tracks_count_ && member.species != species_unknown) {
            const auto old_set = set_of(member.species);
            next(outgoing_[old_set], old_set) = mean;
        }
        if (member.species != species) {
            member = Member{};
            member.species = species;
            mean.setZero();
        }
        remember(atoms[k], k, drift_px, neighbourhoods, member);
        mean += (offsets - mean) / member.seen;
        if (tracks_count_) {
            next(incoming_[set], set) = mean;
        }
    }
    for (std::size_t s = 0; s < 2; ++s) {
        flush(s);
        pca_[s].update(sets_[s]);
    }
}

void Statistics::collect(double length_per_px, FieldOfView& field) const {
    field.clear_atoms();
    const auto known = std::count_if(members_.begin(), members_.end(), [](const Member& m) {
        return m.species != species_unknown && m.n >= 0;
    });
    field.offsets.resize(dim_, known);
    for (std::size_t k = 0; k < members_.size(); ++k) {
        const Member& m = members_[k];
        if (m.species == species_unknown || m.n < 0) {
            continue;
        }
        field.offsets.col(static_cast<Eigen::Index>(field.size())) =
            means_.col(static_cast<Eigen::Index>(k));
        field.id.push_back(m.id);
        field.x.push_back(m.x_px * length_per_px);
        field.y.push_back(m.y_px * length_per_px);
        field.i.push_back(m.i);
        field.j.push_back(m.j);
        field.species.push_back(m.species);
        field.n.push_back(m.n);
        field.n_outer.push_back(m.n_outer);
        field.seen.push_back(m.seen);
        field.se_score.push_back(static_cast<float>(std::sqrt(m.sum_se2) / m.seen));
    }
}

void Statistics::forget_tracks() noexcept { std::fill(members_.begin(), members_.end(), Member{}); }

void Statistics::score(const std::vector<Atom>& atoms, const Neighbourhoods& neighbourhoods,
                       std::vector<Scores>& scores) const noexcept {
    std::array<Projection, 2> projections;
    for (std::size_t s = 0; s < 2; ++s) {
        const ModeSet& modes = pca_[s].modes();
        projections[s].clear(dim_);
        for (int m = 0; m < kModes; ++m) {
            const auto loading = modes.loadings.col(m);
            projections[s].set(m, neighbourhoods.frame(), loading.data(), loading.dot(modes.mean));
        }
    }
    for (std::size_t k = 0; k < atoms.size(); ++k) {
        const auto species = atoms[k].species;
        if (!neighbourhoods.complete(k) ||
            (species != species_first && species != species_second) ||
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
}

}  // namespace dwellmap
