// SPDX-License-Identifier: Apache-2.0
#include "series/species_series.hpp"

#include "atoms/patterns.hpp"
#include "dwellmap/config.hpp"
#include "dwellmap/types.hpp"
#include "views/descriptors.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace dwellmap {
namespace {

constexpr double kBlock_a = 12.5;       // where there is no scale
constexpr double kClearlyBetter = 0.1;  // overlap: another mode becomes the symmetry-breaking one
constexpr int kByBic = 0;

/// Numbers of the square blocks the atoms are in, row by row from the first that has one.
std::vector<int> blocks_of(const FieldOfView& field, double side) {
    const auto at = [&](double v) { return static_cast<int>(std::floor(v / side)); };
    std::vector<int> blocks;
    if (field.size() == 0) {
        return blocks;
    }
    const auto [low_x, high_x] = std::minmax_element(field.x.begin(), field.x.end());
    const int first_x = at(*low_x), columns = at(*high_x) - first_x + 1;
    const int first_y = at(*std::min_element(field.y.begin(), field.y.end()));
    for (std::size_t k = 0; k < field.size(); ++k) {
        blocks.push_back((at(field.y[k]) - first_y) * columns + at(field.x[k]) - first_x);
    }
    return blocks;
}

int clearest_row_direction(const Eigen::Ref<const Eigen::VectorXd>& loading) noexcept {
    int best = 0;
    const auto overlap = [&](int r) {
        return std::abs(ideal_patterns().zigzag[static_cast<std::size_t>(r)].dot(
            loading.head<Patterns::Vector::RowsAtCompileTime>()));
    };
    for (int r = 1; r < 3; ++r) {
        best = overlap(r) > overlap(best) ? r : best;
    }
    return best;
}

/// @param scores out: [kModes × atoms]
void score(const Eigen::MatrixXd& offsets, const ModeSet& modes, Eigen::MatrixXd& scores) {
    scores.resize(kModes, offsets.cols());
    scores.noalias() = modes.loadings.transpose() * offsets;
    scores.colwise() -= Eigen::VectorXd(modes.loadings.transpose() * modes.mean);
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
      classes_(classes > 0 ? classes : StatisticsConfig{}.classes, kFirstShell, kSeed),
      silhouettes_(kClassNumbers, std::numeric_limits<double>::quiet_NaN()),
      silhouettes_made_(kClassNumbers, 0) {}

/// The part of that key, at `place` from now on: a field's composition may have been measured anew.
SpeciesSeries::Part& SpeciesSeries::part_of(const std::string& key, std::size_t place) {
    auto at = std::find_if(parts_.begin(), parts_.end(),
                           [&](const auto& part) { return part->key == key; });
    if (at == parts_.end()) {
        at = parts_.insert(at, std::make_unique<Part>());
        (*at)->key = key;
        (*at)->number = static_cast<int>(parts_.size()) - 1;
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
    const auto block = blocks_of(field, field.unit == "nm" ? kBlock_nm : kBlock_a * field.a);
    for (std::size_t k = 0; k < field.size(); ++k) {
        if (field.species[k] == species_) {
            part.atom.push_back(static_cast<std::int32_t>(k));
            part.n.push_back(field.n[k]);
            part.n_outer.push_back(field.n_outer[k]);
            part.block.push_back(block[k]);
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

void SpeciesSeries::put(const FieldOfView& field, int turns, std::size_t place) {
    Part& part = part_of(field.key, place);
    const double before = part.x;
    changed_.push_back(before);  // where its atoms were
    fill(field, turns, part);
    if (std::none_of(parts_.begin(), parts_.end(),
                     [&](const auto& other) { return other->x == before; })) {
        cells_.rename(before, part.x);
    }
    put_into_classes(part);
    part.next_scores.resize(kModes, 0);
    if (in_use_.count > 0) {
        score(part.offsets, in_use_, part.scores);
    }
    changed_.push_back(part.x);
}

bool SpeciesSeries::find_joint_modes() {
    joint_.clear();
    for (const auto& part : parts_) {
        joint_.merge(part->set);
    }
    return pca_.update(joint_);
}

/// By how much the joint modes differ from those in use.
double SpeciesSeries::moved() const noexcept {
    const ModeSet& fresh = pca_.modes();
    double most = 0;
    for (Eigen::Index m = 0; m < 3; ++m) {
        const double sd = std::sqrt(fresh.variance[static_cast<std::size_t>(m)]);
        most = std::max({most, (fresh.loadings.col(m) - in_use_.loadings.col(m)).norm(),
                         std::abs(in_use_.loadings.col(m).dot(fresh.mean - in_use_.mean)) / sd});
    }
    return most;
}

/// @return whether the scores of all fields have changed
bool SpeciesSeries::follow_modes() {
    if (!find_joint_modes()) {
        return false;
    }
    if (in_use_.count == 0) {
        take_modes();
        return true;
    }
    if (!next_ && moved() >= kStill) {
        next_ = pca_.modes();
    }
    Eigen::Index scored = 0;
    for (std::size_t p = 0; next_ && p < parts_.size(); ++p) {
        Part& part = *parts_[p];
        if (part.next_scores.cols() != part.offsets.cols()) {
            if (scored >= kRescoreAtOnce) {
                return false;
            }
            score(part.offsets, *next_, part.next_scores);
            scored += part.offsets.cols();
        }
    }
    if (!next_) {
        return false;
    }
    in_use_ = *next_;
    next_.reset();
    for (const auto& part : parts_) {
        part->scores.swap(part->next_scores);
        part->next_scores.resize(kModes, 0);
    }
    return true;
}

/// The joint modes are in use from now on.
void SpeciesSeries::take_modes() {
    in_use_ = pca_.modes();
    next_.reset();
    for (const auto& part : parts_) {
        score(part->offsets, in_use_, part->scores);
        part->next_scores.resize(kModes, 0);
    }
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

void SpeciesSeries::sample() {
    sample_.clear();
    const auto append = [](auto& to, const auto& from) {
        to.insert(to.end(), from.begin(), from.end());
    };
    for (const auto& part : parts_) {
        append(sample_.n, part->n);
        append(sample_.n_outer, part->n_outer);
        append(sample_.block, part->block);
        append(sample_.error, part->error);
        append(sample_.score, part->scores.row(symmetry_breaking_));
        sample_.image.insert(sample_.image.end(), part->atom.size(), part->number);
        sample_.x.insert(sample_.x.end(), part->atom.size(), part->x);
    }
}

void SpeciesSeries::update() {
    const bool rescored = follow_modes();
    const int response = symmetry_breaking_;
    name_modes();
    if (symmetry_breaking_ != response) {
        cells_ = ScoreCells(kByBic);  // the mixtures were of other scores
    }
    ++updates_;
    update_classes();
    if (symmetry_breaking_ >= 0) {
        sample();
        cells_.update(sample_, changed_, rescored);
        regression_.update(sample_, cells_.cells());
    }
    changed_.clear();
}

void SpeciesSeries::finish() {
    for (std::size_t p = 0; p < parts_.size(); ++p) {
        parts_[p]->number = static_cast<int>(p);
    }
    pca_ = OnlinePca(neighbours_, parity_);
    if (find_joint_modes()) {
        take_modes();
    }
    name_modes();
    choose_classes();
    if (symmetry_breaking_ >= 0) {
        sample();
        cells_.fit(sample_);
        regression_.finish(sample_, cells_.cells());
    }
    changed_.clear();
}

}  // namespace dwellmap
