// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/species_series.hpp"

#include "dwellmap/config.hpp"
#include "dwellmap/descriptors.hpp"
#include "dwellmap/patterns.hpp"
#include "dwellmap/types.hpp"

#include <algorithm>
#include <cmath>

namespace dwellmap {
namespace {

constexpr Eigen::Index kFirstShell = 12;
constexpr double kBlock_a = 12.5;       // where there is no scale
constexpr int kMaxBlocks = 1 << 15;     // a side
constexpr double kClearlyBetter = 0.1;  // overlap: another mode becomes the symmetry-breaking one
constexpr int kByBic = 0;
constexpr int kRestart = 20;  // updates: then the classes are also begun anew, if they are few
constexpr std::int64_t kFew = 20'000;
constexpr unsigned kSeed = 1;

int block_of(double x, double y, double side) noexcept {
    const auto at = [&](double v) { return static_cast<int>(std::floor(v / side)); };
    return at(y) * kMaxBlocks + at(x);
}

int clearest_row_direction(const Eigen::Ref<const Eigen::VectorXd>& loading) noexcept {
    int best = 0;
    const auto overlap = [&](int r) {
        return std::abs(
            ideal_patterns().zigzag[static_cast<std::size_t>(r)].dot(loading.head<kFirstShell>()));
    };
    for (int r = 1; r < 3; ++r) {
        best = overlap(r) > overlap(best) ? r : best;
    }
    return best;
}

}  // namespace

SpeciesSeries::SpeciesSeries(std::int8_t species, int neighbours, bool parity, int classes)
    : species_(species),
      neighbours_(neighbours),
      class_count_(classes),
      parity_(parity),
      joint_(2 * neighbours),
      pca_(neighbours, parity),
      cells_(kByBic),
      classes_(classes > 0 ? classes : StatisticsConfig{}.classes, kFirstShell, kSeed) {}

/// The part of that key, at `place` from now on: a field's composition may have been measured anew.
SpeciesSeries::Part& SpeciesSeries::part_of(const std::string& key, std::size_t place) {
    auto at = std::find_if(parts_.begin(), parts_.end(),
                           [&](const auto& part) { return part->key == key; });
    if (at == parts_.end()) {
        at = parts_.insert(at, std::make_unique<Part>());
        (*at)->key = key;
        (*at)->set = OnlineCovariance(2 * neighbours_);
    }
    const auto to = parts_.begin() + static_cast<std::ptrdiff_t>(place);
    if (at < to) {
        std::rotate(at, at + 1, to + 1);
    } else {
        std::rotate(to, at, at + 1);
    }
    return **to;
}

void SpeciesSeries::fill(const FieldOfView& field, int turns, Part& part) const {
    part.x = std::isfinite(field.x_of_series()) ? field.x_of_series() : 0;
    part.atom.clear();
    part.n.clear();
    part.n_outer.clear();
    part.block.clear();
    part.error.clear();
    const double side = field.unit == "nm" ? kBlock_nm : kBlock_a * field.a;
    for (std::size_t k = 0; k < field.size(); ++k) {
        if (field.species[k] == species_) {
            part.atom.push_back(static_cast<std::int32_t>(k));
            part.n.push_back(field.n[k]);
            part.n_outer.push_back(field.n_outer[k]);
            part.block.push_back(block_of(field.x[k], field.y[k], side));
            part.error.push_back(field.se_score[k]);
        }
    }
    part.offsets.resize(2 * neighbours_, static_cast<Eigen::Index>(part.atom.size()));
    for (std::size_t k = 0; k < part.atom.size(); ++k) {
        turn_60(turns, field.offsets.col(part.atom[k]),
                part.offsets.col(static_cast<Eigen::Index>(k)));
    }
    part.set.clear();
    part.set.add_batch(part.offsets);
}

/// An atom keeps its place among the classes as long as the field has as many before it.
void SpeciesSeries::put_into_classes(Part& part) {
    for (; part.slot.size() > part.atom.size(); part.slot.pop_back()) {
        classes_.remove(part.slot.back());
        free_slots_.push_back(part.slot.back());
    }
    while (part.slot.size() < part.atom.size()) {
        part.slot.push_back(free_slots_.empty() ? slots_++ : free_slots_.back());
        if (!free_slots_.empty()) {
            free_slots_.pop_back();
        }
    }
    for (std::size_t k = 0; k < part.slot.size(); ++k) {
        classes_.put(part.slot[k],
                     part.offsets.col(static_cast<Eigen::Index>(k)).head<kFirstShell>());
    }
}

void SpeciesSeries::put(const FieldOfView& field, int turns, std::size_t place) {
    Part& part = part_of(field.key, place);
    changed_.push_back(part.x);  // where its atoms were
    fill(field, turns, part);
    put_into_classes(part);
    if (in_use_.count > 0) {
        score(part);
    }
    changed_.push_back(part.x);
}

/// @param hold  stay with the modes in use while they are good enough
/// @return whether the scores of all fields have changed
bool SpeciesSeries::find_modes(bool hold) {
    joint_.clear();
    for (const auto& part : parts_) {
        joint_.merge(part->set);
    }
    if (!pca_.update(joint_)) {
        return false;
    }
    const ModeSet& fresh = pca_.modes();
    if (hold && in_use_.count > 0) {
        double moved = 0;
        for (Eigen::Index m = 0; m < 3; ++m) {
            const double sd = std::sqrt(fresh.variance[static_cast<std::size_t>(m)]);
            moved =
                std::max({moved, (fresh.loadings.col(m) - in_use_.loadings.col(m)).norm(),
                          std::abs(in_use_.loadings.col(m).dot(fresh.mean - in_use_.mean)) / sd});
        }
        if (moved < kStill) {
            return false;
        }
    }
    in_use_ = fresh;
    for (const auto& part : parts_) {
        score(*part);
    }
    return true;
}

void SpeciesSeries::name_modes() {
    const auto best = [&](ModeName name, int before) {
        int mode = -1;
        for (int m = 0; m < kModes; ++m) {
            const auto k = static_cast<std::size_t>(m);
            const double lead = m == before ? kClearlyBetter : 0;
            const double least =
                mode < 0 ? 0 : in_use_.overlap[static_cast<std::size_t>(mode)] - lead;
            mode = in_use_.name[k] == name && in_use_.overlap[k] > least ? m : mode;
        }
        return mode;
    };
    isotropic_ = best(ModeName::isotropic, isotropic_);
    symmetry_breaking_ = best(ModeName::symmetry_breaking, symmetry_breaking_);
    if (symmetry_breaking_ >= 0) {
        row_direction_ = clearest_row_direction(in_use_.loadings.col(symmetry_breaking_));
    }
}

void SpeciesSeries::score(Part& part) const {
    part.scores.resize(kModes, part.offsets.cols());
    part.scores.noalias() = in_use_.loadings.transpose() * part.offsets;
    part.scores.colwise() -= Eigen::VectorXd(in_use_.loadings.transpose() * in_use_.mean);
}

void SpeciesSeries::sample() {
    sample_.clear();
    for (std::size_t p = 0; p < parts_.size(); ++p) {
        const Part& part = *parts_[p];
        for (std::size_t k = 0; k < part.atom.size(); ++k) {
            sample_.n.push_back(part.n[k]);
            sample_.n_outer.push_back(part.n_outer[k]);
            sample_.image.push_back(static_cast<int>(p));
            sample_.block.push_back(part.block[k]);
            sample_.x.push_back(part.x);
            sample_.score.push_back(part.scores(symmetry_breaking_, static_cast<Eigen::Index>(k)));
            sample_.error.push_back(part.error[k]);
        }
    }
}

void SpeciesSeries::update() {
    const bool rescored = find_modes(true);
    name_modes();
    classes_.update();
    if (++updates_ % kRestart == 0 && classes_.size() <= kFew) {
        classes_.restart();
    }
    if (symmetry_breaking_ >= 0) {
        sample();
        cells_.update(sample_, changed_, rescored);
        regression_.update(sample_, cells_.cells());
    }
    changed_.clear();
}

void SpeciesSeries::finish() {
    pca_ = OnlinePca(neighbours_, parity_);
    find_modes(false);
    name_modes();
    choose_classes();
    if (symmetry_breaking_ >= 0) {
        sample();
        cells_.fit(sample_);
        regression_.finish(sample_, cells_.cells());
    }
    changed_.clear();
}

/// As many as wanted, or as many as have the highest silhouette.
void SpeciesSeries::choose_classes() {
    const auto cold = [&](int k) {
        KMeans classes(k, kFirstShell, kSeed);
        std::size_t slot = 0;
        for (const auto& part : parts_) {
            for (std::size_t a = 0; a < part->slot.size(); ++a) {
                part->slot[a] = slot++;
                classes.put(part->slot[a],
                            part->offsets.col(static_cast<Eigen::Index>(a)).head<kFirstShell>());
            }
        }
        slots_ = slot;
        classes.update();
        return classes;
    };
    free_slots_.clear();
    silhouettes_.clear();
    int best = 0;
    for (int k = 2; k <= KMeans::kMaxClasses; ++k) {
        silhouettes_.push_back(cold(k).silhouette());
        best = silhouettes_[static_cast<std::size_t>(best)] < silhouettes_.back() ? k - 2 : best;
    }
    classes_ = cold(class_count_ > 0 ? class_count_ : best + 2);
}

}  // namespace dwellmap
