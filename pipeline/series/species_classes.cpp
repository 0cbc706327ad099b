// SPDX-License-Identifier: Apache-2.0
// The classes of neighbourhoods of a SpeciesSeries, and how many there are.
#include "series/species_series.hpp"

#include <algorithm>

namespace dwellmap {
namespace {

constexpr int kRestart = 20;  // updates: then the classes are also begun anew, if they are few
constexpr std::int64_t kFew = 20'000;
constexpr double kClearlyParted = 0.02;  // in the silhouette: another number of classes is taken

}  // namespace

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

void SpeciesSeries::update_classes() {
    classes_.update();
    if (updates_ % kRestart == 0 && classes_.size() <= kFew) {
        classes_.restart();
    }
    renew_silhouette();
}

/// All atoms in k classes from the start.
KMeans SpeciesSeries::begin_classes(int k) {
    KMeans classes(k, kFirstShell, kSeed);
    free_slots_.clear();
    slots_ = 0;
    for (const auto& part : parts_) {
        for (std::size_t a = 0; a < part->slot.size(); ++a) {
            part->slot[a] = slots_++;
            classes.put(part->slot[a],
                        part->offsets.col(static_cast<Eigen::Index>(a)).head<kFirstShell>());
        }
    }
    classes.update();
    return classes;
}

/// The next number of classes in turn; when all have had theirs, the best number is taken if it is clearly better.
void SpeciesSeries::renew_silhouette() {
    if (updates_ % kSilhouetteEvery != 0) {
        return;
    }
    const int k = 2 + silhouette_turn_++ % kClassNumbers;
    KMeans of_some(k, kFirstShell, kSeed);
    const std::size_t step = static_cast<std::size_t>(classes_.size()) / kSilhouetteSample + 1;
    std::size_t at = 0, taken = 0;
    for (const auto& part : parts_) {
        for (const auto& offsets : part->offsets.colwise()) {
            if (at++ % step == 0) {
                of_some.put(taken++, offsets.head<kFirstShell>());
            }
        }
    }
    of_some.update();
    const auto number = static_cast<std::size_t>(k - 2);
    silhouettes_[number] = of_some.silhouette();
    silhouettes_made_[number] = updates_;
    const auto best = std::max_element(silhouettes_.begin(), silhouettes_.end());
    const auto now = static_cast<std::size_t>(classes_.centres().cols() - 2);
    if (class_count_ == 0 && k == KMeans::kMaxClasses &&
        *best > silhouettes_[now] + kClearlyParted) {
        classes_ = begin_classes(2 + static_cast<int>(best - silhouettes_.begin()));
    }
}

int SpeciesSeries::silhouettes_age() const noexcept {
    return updates_ - *std::min_element(silhouettes_made_.begin(), silhouettes_made_.end());
}

/// As many as wanted, or as many as have the highest silhouette.
void SpeciesSeries::choose_classes() {
    for (int k = 2; k <= KMeans::kMaxClasses; ++k) {
        silhouettes_[static_cast<std::size_t>(k - 2)] = begin_classes(k).silhouette();
    }
    std::fill(silhouettes_made_.begin(), silhouettes_made_.end(), updates_);
    const auto best = std::max_element(silhouettes_.begin(), silhouettes_.end());
    classes_ = begin_classes(class_count_ > 0 ? class_count_
                                              : 2 + static_cast<int>(best - silhouettes_.begin()));
}

}  // namespace dwellmap
