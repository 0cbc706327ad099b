// SPDX-License-Identifier: Apache-2.0
#include "views/descriptors.hpp"

#include "atoms/patterns.hpp"
#include "support/allocations.hpp"

#include <catch2/catch.hpp>

#include <Eigen/Geometry>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <set>

using namespace dwellmap;

namespace {

constexpr double kA_nm = 0.318;
constexpr std::array<Descriptor, 5> kAll{Descriptor::offsets, Descriptor::distances,
                                         Descriptor::angles, Descriptor::rotation_invariant,
                                         Descriptor::symmetry};

Eigen::VectorXd ideal(int neighbours) {
    Eigen::VectorXd r(2 * neighbours);
    Eigen::Index d = 0;
    for (const auto& [i, j] : neighbour_sites(neighbours)) {
        r.segment<2>(d) = kA_nm * Eigen::Vector2d(i + 0.5 * j, std::sqrt(0.75) * j);
        d += 2;
    }
    return r;
}

Eigen::VectorXd noise(Eigen::Index dim, double sigma, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<double> normal(0, sigma);
    return Eigen::VectorXd::NullaryExpr(dim, [&] { return normal(random); });
}

Eigen::VectorXd described(Descriptor descriptor, const Eigen::VectorXd& offsets) {
    Eigen::VectorXd out(dimension(descriptor, static_cast<int>(offsets.size() / 2)));
    describe(descriptor, offsets, kA_nm, out);
    return out;
}

Eigen::VectorXd turned(int steps, const Eigen::VectorXd& offsets) {
    Eigen::VectorXd out(offsets.size());
    turn_60(steps, offsets, out);
    return out;
}

/// As a stiff body.
Eigen::VectorXd rotated(double angle_rad, const Eigen::VectorXd& offsets) {
    Eigen::VectorXd out = offsets;
    for (Eigen::Index d = 0; d < out.size(); d += 2) {
        out.segment<2>(d) = Eigen::Rotation2Dd(angle_rad) * offsets.segment<2>(d);
    }
    return out;
}

Eigen::Index row(const std::string& name) {
    const auto names = component_names(Descriptor::symmetry, 6);
    return std::find(names.begin(), names.end(), name) - names.begin();
}

}  // namespace

TEST_CASE("the ideal lattice has no angles, no rotation and no displacements", "[descriptors]") {
    const int n = GENERATE(6, 12, 18, 24);
    const Eigen::VectorXd r = ideal(n);
    CAPTURE(n);
    CHECK(described(Descriptor::offsets, r) == r);
    CHECK(described(Descriptor::angles, r).norm() < 1e-14);
    CHECK(described(Descriptor::rotation_invariant, r).isApprox(r, 1e-14));
    CHECK(described(Descriptor::symmetry, r).norm() < 1e-14);
    const auto distances = described(Descriptor::distances, r);
    CHECK(distances.head<6>().isConstant(kA_nm, 1e-14));
    CHECK(distances.maxCoeff() == Approx(kA_nm * std::sqrt(n == 6    ? 1
                                                           : n == 12 ? 3
                                                           : n == 18 ? 4
                                                                     : 7)));
    for (const auto descriptor : kAll) {
        const auto names = component_names(descriptor, n);
        CHECK(static_cast<Eigen::Index>(names.size()) == dimension(descriptor, n));
        CHECK(std::set(names.begin(), names.end()).size() == names.size());
    }
}

TEST_CASE("a rigid rotation leaves what it should", "[descriptors]") {
    const int n = GENERATE(6, 12, 24);
    const double angle = GENERATE(-0.3, -0.01, 0.02, 0.25);
    CAPTURE(n, angle);
    const Eigen::VectorXd r = ideal(n) + noise(2 * n, 0.01, 1);
    const Eigen::VectorXd other = rotated(angle, r);
    for (const auto descriptor : {Descriptor::distances, Descriptor::rotation_invariant}) {
        CHECK(described(descriptor, other).isApprox(described(descriptor, r), 1e-12));
    }
    const Eigen::VectorXd angles = described(Descriptor::angles, other);
    CHECK((angles - described(Descriptor::angles, r)).isConstant(angle, 1e-12));
    CHECK(local_rotation(other) - local_rotation(r) == Approx(angle).epsilon(1e-12));
    // no other angle brings the neighbourhood nearer to the lattice
    const auto rest = described(Descriptor::rotation_invariant, r);
    for (const double more : {-1e-3, 1e-3}) {
        CHECK((rest - ideal(n)).norm() < (rotated(more, rest) - ideal(n)).norm());
    }
}

TEST_CASE("the symmetry basis is orthonormal and holds the named patterns", "[descriptors]") {
    const auto& basis = symmetry_basis();
    CHECK((basis * basis.transpose()).isIdentity(1e-13));
    const auto& p = ideal_patterns();
    const auto [name, pattern] =
        GENERATE_REF(table<std::string, Patterns::Vector>({{"isotropic", p.isotropic},
                                                           {"rotation", p.rotation},
                                                           {"shear0", p.shear[0]},
                                                           {"shear1", p.shear[1]},
                                                           {"translation_u", p.translation[0]},
                                                           {"translation_v", p.translation[1]},
                                                           {"zigzag0", p.zigzag[0]},
                                                           {"zigzag1", p.zigzag[1]},
                                                           {"zigzag2", p.zigzag[2]}}));
    CAPTURE(name);
    const auto own = row(name);
    REQUIRE(own < 12);
    const Patterns::Vector c = described(Descriptor::symmetry, ideal(6) + 0.01 * pattern) / 0.01;
    if (name.starts_with("zigzag")) {
        const double translation = c.segment<2>(row("translation_u")).norm();
        CHECK(translation == Approx(std::sqrt(2.0 / 3)));
        CHECK(c[own] == Approx(0.5692).epsilon(1e-3));
        CHECK(c.segment<3>(row("zigzag0")).squaredNorm() == Approx(1.0 / 3));
    } else {
        CHECK(c.isApprox(FirstShellMatrix::Identity().col(own), 1e-10));
    }
}

TEST_CASE("every row of the symmetry basis is of the representation it is said to be of",
          "[descriptors]") {
    const auto& basis = symmetry_basis();
    FirstShellMatrix sixth,
        mirror;  // of the hexagon, in the coordinates of the basis; u → u, v → −v
    for (Eigen::Index m = 0; m < 12; ++m) {
        const Eigen::VectorXd pattern = basis.row(m);
        Eigen::VectorXd reflected(12);
        for (Eigen::Index k = 0; k < 6; ++k) {
            reflected.segment<2>(2 * ((6 - k) % 6)) =
                Eigen::Vector2d(pattern[2 * k], -pattern[2 * k + 1]);
        }
        sixth.col(m) = basis * turned(1, pattern);
        mirror.col(m) = basis * reflected;
    }
    // characters: of one-dimensional rows themselves, of planes the trace 2 cos(60° or 120°), 0 under a mirror
    const auto [name, size, under_sixth, under_mirror] =
        GENERATE(table<std::string, int, double, double>({{"isotropic", 1, 1, 1},
                                                          {"rotation", 1, 1, -1},
                                                          {"trigonal", 1, -1, 1},
                                                          {"translation_u", 2, 1, 0},
                                                          {"zigzag0", 3, 0, -1},
                                                          {"shear0", 2, -1, 0},
                                                          {"sliding_u", 2, -1, 0}}));
    CAPTURE(name);
    const auto at = row(name);
    for (const auto& [operation, character] :
         {std::pair{sixth, under_sixth}, std::pair{mirror, under_mirror}}) {
        CHECK(operation.block(at, at, size, size).trace() == Approx(character).margin(1e-12));
        CHECK(operation.middleCols(at, size).norm() == Approx(std::sqrt(size)));
        CHECK(operation.block(at, at, size, size).norm() == Approx(std::sqrt(size)));
    }
}

TEST_CASE("the symmetry descriptor is linear, keeps lengths, and needs only the first shell",
          "[descriptors]") {
    const Eigen::VectorXd x = noise(24, 0.01, 2), y = noise(24, 0.01, 3), r = ideal(12);
    const auto s = [](const Eigen::VectorXd& v) { return described(Descriptor::symmetry, v); };
    CHECK(s(r + x + 3 * y).isApprox(s(r + x) + 3 * s(r + y), 1e-12));
    CHECK(s(r + x).norm() == Approx(x.head<12>().norm()));
    CHECK(s(r + x).isApprox(symmetry_basis() * x.head<12>(), 1e-12));
}

TEST_CASE("distances and angles change along and across the bond", "[descriptors]") {
    const Eigen::VectorXd r = ideal(12) + noise(24, 0.01, 4);
    const double step_nm = 1e-6;
    for (Eigen::Index d = 0; d < 24; ++d) {
        Eigen::VectorXd more = r, less = r;
        more[d] += step_nm;
        less[d] -= step_nm;
        const auto slope = [&](Descriptor descriptor) -> Eigen::VectorXd {
            return (described(descriptor, more) - described(descriptor, less)) / (2 * step_nm);
        };
        const Eigen::Vector2d bond = r.segment<2>(d / 2 * 2);
        const Eigen::VectorXd only = Eigen::VectorXd::Unit(12, d / 2);
        const double across = d % 2 == 0 ? -bond.y() : bond.x();
        CHECK(slope(Descriptor::distances).isApprox(bond[d % 2] / bond.norm() * only, 1e-6));
        CHECK(slope(Descriptor::angles).isApprox(across / bond.squaredNorm() * only, 1e-6));
    }
}

TEST_CASE("six sixths of a turn are none, and the lattice turns into itself", "[descriptors]") {
    const int n = GENERATE(6, 12, 18, 24);
    const int steps = GENERATE(range(-7, 8));
    CAPTURE(n, steps);
    CHECK(turned(steps, ideal(n)).isApprox(ideal(n), 1e-13));
    const Eigen::VectorXd r = ideal(n) + noise(2 * n, 0.02, 5);
    CHECK(turned(-steps, turned(steps, r)).isApprox(r, 1e-13));
    CHECK(turned(6 + steps, r) == turned(steps, r));
    CHECK(turned(1, turned(steps, r)).isApprox(turned(steps + 1, r), 1e-13));
    // the same bonds, only in another order
    const Eigen::VectorXd by_rotation = rotated(steps * M_PI / 3, r), by_turn = turned(steps, r);
    for (Eigen::Index k = 0; k < n; ++k) {
        const auto target = (k % 6 + steps + 12) % 6 + k / 6 * 6;
        CHECK(by_turn.segment<2>(2 * target).isApprox(by_rotation.segment<2>(2 * k), 1e-12));
    }
}

TEST_CASE("a sixth of a turn makes each zigzag the next one", "[descriptors]") {
    const auto& z = ideal_patterns().zigzag;
    CHECK(turned(1, z[0]).isApprox(z[1], 1e-13));
    CHECK(turned(1, z[1]).isApprox(z[2], 1e-13));
    CHECK(turned(1, z[2]).isApprox(-z[0], 1e-13));
}

TEST_CASE("hexatic and tetratic order of a hexagon, a square and a crowd", "[descriptors]") {
    const double angle = GENERATE(-0.4, 0.0, 0.1, 0.5);  // within ±30 degrees
    CAPTURE(angle);
    const Eigen::VectorXd hexagon = rotated(angle, ideal(12));  // only six of them count
    CHECK(std::abs(bond_order(6, hexagon)) == Approx(1));
    CHECK(std::arg(bond_order(6, hexagon)) / 6 == Approx(angle).margin(1e-12));
    CHECK(std::abs(bond_order(4, hexagon)) < 1e-12);

    Eigen::VectorXd square(12);
    square << 1, 0, 0, 1, -1, 0, 0, -1, 2, 0, 0, 2;
    CHECK(std::abs(bond_order(4, rotated(angle, square))) == Approx(1));
    CHECK(std::arg(bond_order(4, rotated(angle, square))) / 4 == Approx(angle).margin(1e-12));
    CHECK(std::abs(bond_order(6, square)) == Approx(0).margin(1e-12));

    const auto disordered = bond_order(6, noise(12, 1, 6));
    CHECK(std::abs(disordered) < 0.9);
}

TEST_CASE("nothing known gives finite descriptors, and describing does not allocate",
          "[descriptors]") {
    const int n = GENERATE(6, 24);
    const Eigen::VectorXd nothing = Eigen::VectorXd::Zero(2 * n);
    for (const auto descriptor : kAll) {
        Eigen::VectorXd out(dimension(descriptor, n));
        describe(descriptor, nothing, kA_nm, out);
        CHECK(out.allFinite());
        CHECK(testing::allocations_in([&] { describe(descriptor, nothing, kA_nm, out); }) == 0);
    }
    CHECK(std::isfinite(std::abs(bond_order(6, nothing))));
    Eigen::VectorXd out(2 * n);
    CHECK(testing::allocations_in([&] { turn_60(2, nothing, out); }) == 0);
}
