// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/library.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace dwellmap::testing {

/// A field with all its columns filled, some of them with what is hard to keep: NaN, −0, the smallest and largest numbers.
inline FieldOfView random_field(const std::string& key, int atoms, int neighbours, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<double> normal;
    std::uniform_int_distribution<int> small(0, 6);
    FieldOfView f;
    f.key = key;
    f.name = "specimen " + key;
    f.unit = "nm";
    f.species_names = {"Mo", "Re", "S2", "vacancy"};
    f.composition = 0.05 * small(random);
    f.fraction_second = 0.1 * std::abs(normal(random));
    f.a = 0.316 + 0.001 * normal(random);
    f.width = 16 + normal(random);
    f.height = 12 + normal(random);
    f.rotation_rad = normal(random);
    f.neighbours = neighbours;
    f.frames = 1 + small(random);
    for (int k = 0; k < atoms; ++k) {
        f.id.push_back(k + (std::int64_t{1} << 40));
        f.x.push_back(10 * normal(random));
        f.y.push_back(10 * normal(random));
        f.i.push_back(static_cast<std::int16_t>(k - 3));
        f.j.push_back(static_cast<std::int16_t>(-k));
        f.species.push_back(static_cast<std::int8_t>(small(random) % 2));
        f.n.push_back(static_cast<std::int8_t>(small(random)));
        f.n_outer.push_back(static_cast<std::int8_t>(2 * small(random) - 1));
        f.seen.push_back(1 + small(random));
        f.se_score.push_back(k % 5 == 0 ? std::numeric_limits<float>::quiet_NaN()
                                        : static_cast<float>(normal(random)));
    }
    f.offsets = Eigen::MatrixXd::NullaryExpr(2 * neighbours, atoms, [&] { return normal(random); });
    const std::vector<double> hard{std::numeric_limits<double>::quiet_NaN(), -0.0,
                                   std::numeric_limits<double>::denorm_min(),
                                   -std::numeric_limits<double>::max()};
    for (Eigen::Index k = 0; k < f.offsets.size(); k += 11) {
        f.offsets.data()[k] = hard[static_cast<std::size_t>(k) % hard.size()];
    }
    return f;
}

inline Library::FieldPtr shared(FieldOfView field) {
    return std::make_shared<const FieldOfView>(std::move(field));
}

template <class Values>
bool same_bits(const Values& a, const Values& b) {
    return a.size() == b.size() &&
           (a.size() == 0 ||
            std::memcmp(a.data(), b.data(),
                        sizeof(*a.data()) * static_cast<std::size_t>(a.size())) == 0);
}

/// Bit for bit, so that a NaN equals itself.
inline bool same(const FieldOfView& a, const FieldOfView& b) {
    const auto numbers = [](const FieldOfView& f) {
        return std::vector{f.composition,  f.fraction_second, f.a,
                           f.rotation_rad, f.width,           f.height};
    };
    return a.key == b.key && a.name == b.name && a.unit == b.unit &&
           a.species_names == b.species_names && a.neighbours == b.neighbours &&
           a.frames == b.frames && same_bits(numbers(a), numbers(b)) && same_bits(a.id, b.id) &&
           same_bits(a.x, b.x) && same_bits(a.y, b.y) && same_bits(a.i, b.i) &&
           same_bits(a.j, b.j) && same_bits(a.species, b.species) && same_bits(a.n, b.n) &&
           same_bits(a.n_outer, b.n_outer) && same_bits(a.seen, b.seen) &&
           same_bits(a.se_score, b.se_score) && a.offsets.rows() == b.offsets.rows() &&
           same_bits(a.offsets, b.offsets);
}

inline bool same(const Library& a, const Library& b) {
    return std::equal(a.fields().begin(), a.fields().end(), b.fields().begin(), b.fields().end(),
                      [](const auto& f, const auto& g) { return same(*f, *g); });
}

}  // namespace dwellmap::testing
