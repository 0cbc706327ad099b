// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/simulated_crystal.hpp"
#include "dwellmap/simulated_noise.hpp"

#include <Eigen/Core>

#include <cstdint>
#include <string>
#include <vector>

namespace dwellmap {

/// What the beam does to the crystal while it is watched. Everything off unless set.
struct ChangeConfig {
    double switches_per_frame = 0;   ///< >= 0  cations that become the other species, mean
    double vacancies_per_frame = 0;  ///< >= 0  S atoms knocked out, mean
    double growth_per_frame =
        0;  ///< >= 0  added to the zigzag's gain in a disc, up to twice the amplitude
    double growth_radius_nm = 1.5;  ///< > 0
    double creep_nm_per_frame = 0;  ///< >= 0  one cation leaves its site, up to 0.05 nm
    int first_frame = 3;            ///< >= 1  of growth and creep
    std::uint64_t seed = 1;
};

struct ChangeEvent {
    std::uint64_t frame = 0;  ///< the first that shows it
    std::string kind;         ///< switch_to_Mo, switch_to_Re, sulfur_vacancy, growth, creep
    int id = 0;               ///< column; of a growth the one in the centre
    double x_nm = 0, y_nm = 0;
    double value = 0;  ///< S left; growth: radius, nm; creep: nm per frame; else 0
};

/// Changes a crystal from frame to frame, and writes down what it did.
class SimulatedChanges {
public:
    explicit SimulatedChanges(const ChangeConfig& config);

    /// To be called once for each frame > 0, in order.
    void advance(std::uint64_t frame, SimulatedCrystal& crystal);

    const std::vector<ChangeEvent>& events() const noexcept { return events_; }

private:
    int pick(const SimulatedCrystal& crystal, int first, int last);
    void note(std::uint64_t frame, const std::string& kind, const SimulatedCrystal& crystal, int id,
              double value);
    bool grow(std::uint64_t frame, SimulatedCrystal& crystal);
    bool creep(std::uint64_t frame, SimulatedCrystal& crystal);

    ChangeConfig config_;
    Noise noise_;
    int creeping_ = -1;
    Eigen::Vector2d creep_direction_{1, 0};
    std::vector<int> disc_;
    std::vector<ChangeEvent> events_;
};

}  // namespace dwellmap
