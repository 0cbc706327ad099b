// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "atoms/patterns.hpp"
#include "dwellmap/field_of_view.hpp"

#include <cmath>
#include <numbers>
#include <random>

namespace dwellmap::testing {

/// Cations on a lattice with a breathing, and a zigzag of D = a n + b x + d that alternates from row to row, nm.
struct SyntheticField {
    double x = 0.5;
    int side = 40;  ///< cations
    int neighbours = 6;
    unsigned seed = 1;
    double a = 0.00165, b = 0.005, d = -0.00025;  ///< b/(6a) = 0.505
    double noise = 0.003;                         ///< of every offset
    double lattice = 0.3184;

    FieldOfView make() const {
        std::mt19937 random(seed);
        std::normal_distribution<double> normal;
        std::binomial_distribution<int> first(6, x), outer(12, x);
        std::bernoulli_distribution second(x);
        FieldOfView field;
        field.key = "field " + std::to_string(seed);
        field.name = field.key;
        field.unit = "nm";
        field.species_names = {"Mo", "Re", "S2", "vacancy"};
        field.composition = x;
        field.fraction_second = x;
        field.width = 1.5 * side * lattice;
        field.height = side * lattice;
        field.a = lattice;
        field.neighbours = neighbours;
        field.frames = 1;
        field.offsets.resize(2 * neighbours, side * side);
        for (int k = 0; k < side * side; ++k) {
            const int i = k % side, j = k / side;
            field.id.push_back(k);
            field.x.push_back(lattice * (i + 0.5 * j));
            field.y.push_back(lattice * std::numbers::sqrt3 / 2 * (side - 1 - j));
            field.i.push_back(static_cast<std::int16_t>(i));
            field.j.push_back(static_cast<std::int16_t>(j));
            field.species.push_back(second(random) ? 1 : 0);
            field.n.push_back(static_cast<std::int8_t>(first(random)));
            field.n_outer.push_back(static_cast<std::int8_t>(outer(random)));
            field.seen.push_back(1);
            field.se_score.push_back(static_cast<float>(noise));
            field.offsets.col(k) = offsets((j % 2 == 0 ? 1 : -1) * (a * field.n.back() + b * x + d),
                                           0.01 * normal(random), random);
        }
        return field;
    }

private:
    Eigen::VectorXd offsets(double zigzag, double breathing, std::mt19937& random) const {
        std::normal_distribution<double> normal(0, noise);
        const auto sites = neighbour_sites(neighbours);
        Eigen::VectorXd r(2 * neighbours);
        for (std::size_t s = 0; s < sites.size(); ++s) {
            const auto [i, j] = sites[s];
            r[static_cast<Eigen::Index>(2 * s)] = lattice * (i + 0.5 * j) + normal(random);
            r[static_cast<Eigen::Index>(2 * s + 1)] =
                lattice * std::numbers::sqrt3 / 2 * j + normal(random);
        }
        r.head<12>() +=
            zigzag * ideal_patterns().zigzag[0] + breathing * ideal_patterns().isotropic;
        return r;
    }
};

}  // namespace dwellmap::testing
