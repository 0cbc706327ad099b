// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/simulated_elasticity.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <vector>

namespace dwellmap {
namespace {

/// Seven sites: a centre and its hexagon, all bonds between them.
struct Hexagon {
    std::vector<Eigen::Vector2d> sites{{0, 0}};
    std::vector<SpringNetwork::Bond> bonds;

    Hexagon() {
        for (int q = 0; q < 6; ++q) {
            const double angle = q * std::acos(-1.0) / 3;
            sites.emplace_back(std::cos(angle), std::sin(angle));
        }
        for (int q = 1; q <= 6; ++q) {
            const int next = q % 6 + 1;
            bonds.push_back({0, q, at(q)});
            bonds.push_back({q, next, at(next) - at(q)});
        }
    }
    const Eigen::Vector2d& at(int k) const { return sites[static_cast<std::size_t>(k)]; }
};

TEST_CASE("sites of equal size stretch the network evenly, without moving or turning it") {
    const Hexagon hexagon;
    const SpringNetwork network(7, hexagon.bonds, 1.0);
    const auto u = network.relax(Eigen::VectorXd::Constant(7, 0.01));
    for (int k = 0; k < 7; ++k) {
        CAPTURE(k);
        CHECK((u.row(k).transpose() - 0.01 * hexagon.at(k)).norm() < 1e-9);
    }
}

TEST_CASE("a small centre draws its hexagon in, by what the ring around resists") {
    const Hexagon hexagon;
    const SpringNetwork network(7, hexagon.bonds, 1.0);
    Eigen::VectorXd strain = Eigen::VectorXd::Zero(7);
    strain[0] = -0.06;
    const auto u = network.relax(strain);
    CHECK(u.row(0).norm() < 1e-9);
    for (int k = 1; k < 7;
         ++k) {  // spokes want -0.03, the ring's bonds 0: both are as stiff, and as many
        CAPTURE(k);
        CHECK(u.row(k).dot(hexagon.at(k)) == Approx(-0.015).epsilon(1e-6));
    }
}

}  // namespace
}  // namespace dwellmap
