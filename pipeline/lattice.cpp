// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/lattice.hpp"

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

/// Distances of neighbouring cations along three directions: sums of x, y and their squares, and how many.
struct PairSums {
    std::array<Eigen::Vector3d, 3> sums{Eigen::Vector3d::Zero(), Eigen::Vector3d::Zero(),
                                        Eigen::Vector3d::Zero()};
    Eigen::Vector3d count{0, 0, 0};

    PairSums& operator+=(const PairSums& other) noexcept {
        for (std::size_t s = 0; s < sums.size(); ++s) {
            sums[s] += other.sums[s];
        }
        count += other.count;
        return *this;
    }
};

/// Each pair once, at the first of its two.
PairSums sum_pairs(const std::vector<Atom>& atoms, const Cells& cells, std::size_t first,
                   std::size_t last) noexcept {
    constexpr std::uint16_t bad = flag_edge | flag_moved | flag_weak | flag_misfit;
    PairSums all;
    for (std::size_t n = first; n < last; ++n) {
        const Atom& a = atoms[n];
        if (a.site != Site::cation || (a.flags & bad) != 0) {
            continue;
        }
        for (std::size_t s = 0; s < 3; ++s) {
            const int k =
                cells.at(a.i + kSixNeighbours[s][0], a.j + kSixNeighbours[s][1], cells.cation_site);
            if (k < 0 || (atoms[static_cast<std::size_t>(k)].flags & bad) != 0) {
                continue;
            }
            const Atom& b = atoms[static_cast<std::size_t>(k)];
            const double x = static_cast<double>(b.x_px) - a.x_px,
                         y = static_cast<double>(b.y_px) - a.y_px;
            all.sums[s] += Eigen::Vector3d(x, y, x * x + y * y);
            ++all.count[static_cast<Eigen::Index>(s)];
        }
    }
    return all;
}

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

void fit_cation_lattice(const std::vector<Atom>& atoms, const Cells& cells, Lattice& lattice,
                        Helper& helper) noexcept {
    std::array<PairSums, 2> halves;
    helper.halves(atoms.size(), [&](int half, std::size_t first, std::size_t last) {
        halves[static_cast<std::size_t>(half)] = sum_pairs(atoms, cells, first, last);
    });
    const auto& [sums, count] = halves[0] += halves[1];
    Eigen::Matrix2d normal = Eigen::Matrix2d::Zero(), right = Eigen::Matrix2d::Zero();
    double squares = 0;
    for (std::size_t s = 0; s < 3; ++s) {
        const Eigen::Vector2d index(kSixNeighbours[s][0], kSixNeighbours[s][1]);
        normal += count[static_cast<Eigen::Index>(s)] * index * index.transpose();
        right += index * sums[s].head<2>().transpose();
        squares += sums[s].z();
    }
    const double pairs = count.sum();
    const Eigen::Matrix2d fit = normal.inverse() * right;
    if (pairs < 6 || !fit.allFinite()) {
        return;
    }
    lattice.a1_px = fit.row(0);
    lattice.a2_px = fit.row(1);
    describe(lattice);
    const double residual = std::max(0.0, squares - fit.cwiseProduct(right).sum());
    lattice.se_a_px = std::sqrt(residual / (2 * pairs) / pairs);
}

}  // namespace dwellmap
