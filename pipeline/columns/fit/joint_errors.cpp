// SPDX-License-Identifier: Apache-2.0
#include "fit/joint_errors.hpp"

#include <array>
#include <cmath>
#include <numbers>

namespace dwellmap {
namespace {

constexpr float kMostLost = 0.7F;  // of a column's information

struct Neighbour {
    int di, dj, site;
};

/// The six nearest columns of other sublattices for a column at site 0, 1, 2 of its cell.
constexpr std::array<std::array<Neighbour, 6>, Cells::sites> kNearest{
    {{{{0, 0, 1}, {-1, 0, 1}, {0, -1, 1}, {-1, -1, 2}, {-1, 0, 2}, {0, -1, 2}}},
     {{{0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {0, 0, 2}, {-1, 0, 2}, {0, -1, 2}}},
     {{{1, 1, 0}, {1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {1, 0, 1}, {0, 1, 1}}}}};

/// What `other` takes of the information on x and y of `a`, both columns of width σ.
void add_loss(const Atom& a, const Atom& other, const FrameFit& fit, float& loss_x,
              float& loss_y) noexcept {
    const auto sigma2 = static_cast<float>(fit.sigma_px * fit.sigma_px);
    const float dx = other.x_px - a.x_px, dy = other.y_px - a.y_px;
    const float half_way = std::exp(-(dx * dx + dy * dy) / (8 * sigma2));
    const float overlap = half_way * half_way;
    const float variance =
        static_cast<float>(fit.gain) * (a.background + half_way * (a.amplitude + other.amplitude)) +
        static_cast<float>(fit.read_variance);
    if (!(variance > 0)) {
        return;
    }
    const float common = overlap * std::numbers::pi_v<float> * sigma2 / variance;  // Σ w E E'
    const float to_amplitude = a.amplitude / (2 * sigma2) * common;                // · d
    const float to_place = a.amplitude * other.amplitude / (4 * sigma2 * sigma2) * common;
    const float xx = to_place * (2 * sigma2 - dx * dx), yy = to_place * (2 * sigma2 - dy * dy),
                xy = to_place * dx * dy;
    const float va = other.se_amplitude * other.se_amplitude, vx = other.se_x_px * other.se_x_px,
                vy = other.se_y_px * other.se_y_px;
    const float ax = to_amplitude * dx, ay = to_amplitude * dy;
    loss_x += ax * ax * va + xx * xx * vx + xy * xy * vy;
    loss_y += ay * ay * va + xy * xy * vx + yy * yy * vy;
}

}  // namespace

void add_neighbour_errors(const Cells& cells, const FrameFit& fit, std::size_t first,
                          std::size_t last, std::vector<Atom>& atoms) noexcept {
    for (std::size_t k = first; k < last; ++k) {
        Atom& a = atoms[k];
        const int site = cells.site_of(a, k);
        if (site < 0) {
            continue;
        }
        float loss_x = 0, loss_y = 0;
        for (const auto& [di, dj, other] : kNearest[static_cast<std::size_t>(site)]) {
            const int j = cells.at(a.i + di, a.j + dj, other);
            if (j >= 0) {
                add_loss(a, atoms[static_cast<std::size_t>(j)], fit, loss_x, loss_y);
            }
        }
        const auto raise = [](float se, float loss) {
            return se / std::sqrt(1 - std::min(kMostLost, loss * se * se));
        };
        a.se_x_px = raise(a.se_x_px, loss_x);
        a.se_y_px = raise(a.se_y_px, loss_y);
    }
}

}  // namespace dwellmap
