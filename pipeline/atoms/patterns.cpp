// SPDX-License-Identifier: Apache-2.0
#include "atoms/patterns.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace dwellmap {
namespace {

constexpr double kPi = std::numbers::pi;

Patterns make_patterns() {
    Patterns p;
    for (int k = 0; k < 6; ++k) {
        const double angle = k * kPi / 3;
        const Eigen::Vector2d r(std::cos(angle), std::sin(angle));
        p.isotropic.segment<2>(2 * k) = r;
        p.rotation.segment<2>(2 * k) = Eigen::Vector2d(-r.y(), r.x());
        p.shear[0].segment<2>(2 * k) = Eigen::Vector2d(r.x(), -r.y());
        p.shear[1].segment<2>(2 * k) = Eigen::Vector2d(r.y(), r.x());
        p.translation[0].segment<2>(2 * k) = Eigen::Vector2d(1, 0);
        p.translation[1].segment<2>(2 * k) = Eigen::Vector2d(0, 1);
        for (int row = 0; row < 3; ++row) {
            const double normal = row * kPi / 3 + kPi / 2;
            const bool in_row = k % 3 == row;
            p.zigzag[static_cast<std::size_t>(row)].segment<2>(2 * k) =
                in_row ? Eigen::Vector2d(0, 0)
                       : Eigen::Vector2d(std::cos(normal), std::sin(normal));
        }
    }
    p.isotropic.normalize();
    p.rotation.normalize();
    std::for_each(p.shear.begin(), p.shear.end(), [](auto& v) { v.normalize(); });
    std::for_each(p.translation.begin(), p.translation.end(), [](auto& v) { v.normalize(); });
    std::for_each(p.zigzag.begin(), p.zigzag.end(), [](auto& v) { v.normalize(); });
    return p;
}

}  // namespace

const Patterns& ideal_patterns() {
    static const Patterns patterns = make_patterns();
    return patterns;
}

std::vector<std::array<int, 2>> neighbour_sites(int neighbours) {
    struct Site {
        std::array<int, 2> at;
        int distance2;
        double angle;
    };
    std::vector<Site> sites;
    for (int i = -3; i <= 3; ++i) {
        for (int j = -3; j <= 3; ++j) {
            const int distance2 = i * i + i * j + j * j;
            const double angle = std::atan2(j * std::numbers::sqrt3 / 2, i + 0.5 * j);
            if (distance2 >= 1 && distance2 <= 7) {
                sites.push_back({{i, j}, distance2, angle < -1e-9 ? angle + 2 * kPi : angle});
            }
        }
    }
    if (neighbours == 24) {
        std::erase_if(sites, [](const Site& s) {
            return s.distance2 == 7 && std::fmod(s.angle + 1e-9, kPi / 3) > kPi / 6;
        });
    }
    std::sort(sites.begin(), sites.end(), [](const Site& a, const Site& b) {
        return a.distance2 != b.distance2 ? a.distance2 < b.distance2 : a.angle < b.angle;
    });
    std::vector<std::array<int, 2>> out;
    out.reserve(sites.size());
    for (const auto& s : sites) {
        out.push_back(s.at);
    }
    out.resize(static_cast<std::size_t>(neighbours));
    return out;
}

std::vector<int> antipodes(int neighbours) {
    const auto sites = neighbour_sites(neighbours);
    std::vector<int> out;
    out.reserve(sites.size());
    for (const auto& [i, j] : sites) {
        const auto at = std::find(sites.begin(), sites.end(), std::array<int, 2>{-i, -j});
        out.push_back(static_cast<int>(at - sites.begin()));
    }
    return out;
}

}  // namespace dwellmap
