// SPDX-License-Identifier: Apache-2.0
#include "base/lattice.hpp"

#include <Eigen/LU>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <tuple>

namespace dwellmap {
namespace {

constexpr double kPi = std::numbers::pi;

double angle_on_screen(const Eigen::Vector2d& v) noexcept { return std::atan2(-v.y(), v.x()); }

}  // namespace

void describe(Lattice& lattice) noexcept {
    const auto& [a1, a2] = std::tie(lattice.a1_px, lattice.a2_px);
    const double area = std::abs(a1.x() * a2.y() - a1.y() * a2.x());
    lattice.a_px = std::sqrt(area * 2 / std::numbers::sqrt3);
    const Eigen::Vector3d rows(a1.norm(), a2.norm(), (a2 - a1).norm());
    lattice.anisotropy = rows.maxCoeff() / rows.minCoeff() - 1;
    // the mean over the three row directions, so that no single one decides
    const double r1 = angle_on_screen(a1);
    const auto from_r1 = [&](const Eigen::Vector2d& v, double ideal) {
        return std::remainder(angle_on_screen(v) - ideal - r1, 2 * kPi);
    };
    lattice.rotation_rad = r1 + (from_r1(a2, kPi / 3) + from_r1(a2 - a1, 2 * kPi / 3)) / 3;
}

int choose_direction(Lattice& lattice, double reference_rad) noexcept {
    describe(lattice);
    const double sixth = kPi / 3;
    const double turns = std::isfinite(reference_rad)
                             ? std::round((reference_rad - lattice.rotation_rad) / sixth)
                             : -std::floor(lattice.rotation_rad / sixth);
    const int steps = (static_cast<int>(turns) % 6 + 6) % 6;
    for (int k = 0; k < steps; ++k) {
        const Eigen::Vector2d next = lattice.a2_px - lattice.a1_px;
        lattice.a1_px = lattice.a2_px;
        lattice.a2_px = next;
    }
    describe(lattice);
    return steps;
}

}  // namespace dwellmap
