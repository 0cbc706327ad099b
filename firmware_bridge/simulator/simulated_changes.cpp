// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/simulated_changes.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace dwellmap {
namespace {

constexpr double kCreepEndNm = 0.05;
constexpr int kTries = 1000;

}  // namespace

SimulatedChanges::SimulatedChanges(const ChangeConfig& config)
    : config_(config), noise_(config.seed, 8) {}

void SimulatedChanges::advance(std::uint64_t frame, SimulatedCrystal& crystal) {
    const int cations = crystal.cations();
    const int columns = static_cast<int>(crystal.columns().size());
    bool changed = false;
    for (int left = static_cast<int>(noise_.poisson(config_.switches_per_frame)); left > 0;
         --left) {
        const int id = pick(crystal, 0, cations);
        crystal.switch_species(id);
        const bool to_first =
            crystal.columns()[static_cast<std::size_t>(id)].species == species_first;
        note(frame, to_first ? "switch_to_Mo" : "switch_to_Re", crystal, id, 0);
        changed = true;
    }
    for (int left = static_cast<int>(noise_.poisson(config_.vacancies_per_frame)); left > 0;
         --left) {
        const int id = pick(crystal, cations, columns);
        crystal.remove_sulfur(id);
        note(frame, "sulfur_vacancy", crystal, id,
             crystal.columns()[static_cast<std::size_t>(id)].atoms);
    }
    changed |= grow(frame, crystal);
    changed |= creep(frame, crystal);
    if (changed) {
        crystal.relax();
    }
}

/// A column well inside the field of view, where an analysis can see all its neighbours, that is not empty.
int SimulatedChanges::pick(const SimulatedCrystal& crystal, int first, int last) {
    const auto& config = crystal.config();
    const double border = std::min({1.0, config.width_nm / 4, config.height_nm / 4});
    int id = first;
    for (int k = 0; k < kTries; ++k) {
        id = first + noise_.below(last - first);
        const auto& column = crystal.columns()[static_cast<std::size_t>(id)];
        const auto& p = column.position_nm;
        const bool inside = p.x() > border && p.x() < config.width_nm - border && p.y() > border &&
                            p.y() < config.height_nm - border;
        if (inside && column.atoms > 0) {
            break;
        }
    }
    return id;
}

void SimulatedChanges::note(std::uint64_t frame, const std::string& kind,
                            const SimulatedCrystal& crystal, int id, double value) {
    const auto& p = crystal.columns()[static_cast<std::size_t>(id)].position_nm;
    events_.push_back({frame, kind, id, p.x(), p.y(), value});
}

bool SimulatedChanges::grow(std::uint64_t frame, SimulatedCrystal& crystal) {
    const auto first = static_cast<std::uint64_t>(config_.first_frame);
    if (config_.growth_per_frame <= 0 || frame < first) {
        return false;
    }
    if (disc_.empty()) {
        const int centre = pick(crystal, 0, crystal.cations());
        const Eigen::Vector2d middle =
            crystal.columns()[static_cast<std::size_t>(centre)].position_nm;
        for (int k = 0; k < crystal.cations(); ++k) {
            const auto& p = crystal.columns()[static_cast<std::size_t>(k)].position_nm;
            if ((p - middle).norm() < config_.growth_radius_nm) {
                disc_.push_back(k);
            }
        }
        note(frame, "growth", crystal, centre, config_.growth_radius_nm);
    }
    const double grown = config_.growth_per_frame * static_cast<double>(frame - first + 1);
    if (grown >= 1 + config_.growth_per_frame) {  // was full already
        return false;
    }
    for (const int k : disc_) {
        crystal.set_zigzag_gain(k, 1 + std::min(1.0, grown));
    }
    return true;
}

bool SimulatedChanges::creep(std::uint64_t frame, SimulatedCrystal& crystal) {
    const auto first = static_cast<std::uint64_t>(config_.first_frame);
    if (config_.creep_nm_per_frame <= 0 || frame < first) {
        return false;
    }
    if (creeping_ < 0) {
        creeping_ = pick(crystal, 0, crystal.cations());
        const double angle = 2 * std::numbers::pi * noise_.uniform();
        creep_direction_ = {std::cos(angle), std::sin(angle)};
        note(frame, "creep", crystal, creeping_, config_.creep_nm_per_frame);
    }
    const double crept = config_.creep_nm_per_frame * static_cast<double>(frame - first + 1);
    if (crept >= kCreepEndNm + config_.creep_nm_per_frame) {
        return false;
    }
    crystal.set_offset(creeping_, std::min(kCreepEndNm, crept) * creep_direction_);
    return true;
}

}  // namespace dwellmap
