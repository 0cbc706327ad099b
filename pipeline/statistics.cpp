// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/statistics.hpp"

#include <algorithm>

namespace dwellmap {
namespace {

/// 0 for the first species, 1 for the second.
std::size_t set_of(std::int8_t species) noexcept { return species == species_second ? 1 : 0; }

}  // namespace

Statistics::Statistics(const StatisticsConfig& config, std::size_t max_tracks)
    : dim_(2 * config.neighbours),
      tracks_count_(config.population == "tracks"),
      sets_{OnlineCovariance(dim_), OnlineCovariance(dim_)},
      pca_{OnlinePca(config.neighbours, config.parity),
           OnlinePca(config.neighbours, config.parity)},
      members_(tracks_count_ ? max_tracks : 0),
      means_(members_.size() * static_cast<std::size_t>(dim_)) {}

void Statistics::update(const std::vector<Atom>& atoms, const std::vector<std::int32_t>& track,
                        const Neighbourhoods& neighbourhoods) noexcept {
    for (std::size_t k = 0; k < atoms.size(); ++k) {
        const auto species = atoms[k].species;
        if (!neighbourhoods.complete(k) ||
            (species != species_first && species != species_second)) {
            continue;
        }
        auto& set = sets_[set_of(species)];
        const auto offsets = neighbourhoods.offsets(k);
        if (!tracks_count_ || track[k] < 0) {
            set.add(offsets);
            continue;
        }
        const auto t = static_cast<std::size_t>(track[k]);
        Member& member = members_[t];
        Eigen::Map<Eigen::VectorXd> mean(means_.data() + t * static_cast<std::size_t>(dim_), dim_);
        if (member.species != species_unknown) {
            sets_[set_of(member.species)].remove(mean);
        }
        if (member.species != species) {
            member = {species, 0};
            mean.setZero();
        }
        ++member.seen;
        mean += (offsets - mean) / member.seen;
        set.add(mean);
    }
    for (std::size_t s = 0; s < 2; ++s) {
        pca_[s].update(sets_[s]);
    }
}

void Statistics::forget_tracks() noexcept { std::fill(members_.begin(), members_.end(), Member{}); }

void Statistics::score(const std::vector<Atom>& atoms, const Neighbourhoods& neighbourhoods,
                       std::vector<Scores>& scores) const noexcept {
    for (std::size_t k = 0; k < atoms.size(); ++k) {
        const auto species = atoms[k].species;
        if (!neighbourhoods.complete(k) ||
            (species != species_first && species != species_second)) {
            continue;
        }
        const ModeSet& modes = pca_[set_of(species)].modes();
        if (modes.count == 0) {
            continue;
        }
        const auto offsets = neighbourhoods.offsets(k);
        for (int m = 0; m < kModes; ++m) {
            double sum = 0;
            for (Eigen::Index d = 0; d < dim_; ++d) {
                sum += (offsets[d] - modes.mean[d]) * modes.loadings(d, m);
            }
            scores[k].pca[static_cast<std::size_t>(m)] = static_cast<float>(sum);
            scores[k].se_pca[static_cast<std::size_t>(m)] = static_cast<float>(
                neighbourhoods.projection_error(atoms, k, modes.loadings.col(m).data()));
        }
    }
}

}  // namespace dwellmap
