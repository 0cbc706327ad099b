// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/neighbourhood.hpp"

#include "dwellmap/patterns.hpp"

#include <cmath>

namespace dwellmap {
namespace {

constexpr int kMost = 24;

}  // namespace

Neighbourhoods::Neighbourhoods(int neighbours, std::size_t max_atoms)
    : neighbours_(neighbours), sites_(neighbour_sites(kMost)), ideal_(kMost) {
    complete_.reserve(max_atoms);
    offsets_.reserve(max_atoms * 2 * static_cast<std::size_t>(neighbours));
    index_.reserve(max_atoms * static_cast<std::size_t>(neighbours));
}

/// Offset in the lattice frame; false where the neighbour is missing, unusable or far from its site.
bool Neighbourhoods::offset_of(const std::vector<Atom>& atoms, const Atom& centre, int neighbour,
                               std::size_t site, Eigen::Vector2d& offset) const noexcept {
    if (neighbour < 0 || !usable(atoms[static_cast<std::size_t>(neighbour)])) {
        return false;
    }
    const Atom& other = atoms[static_cast<std::size_t>(neighbour)];
    const double dx = length_per_px_ * static_cast<double>(other.x_px - centre.x_px),
                 dy = length_per_px_ * static_cast<double>(other.y_px - centre.y_px);
    offset = {cos_ * dx - sin_ * dy, -sin_ * dx - cos_ * dy};
    return (offset - ideal_[site]).squaredNorm() < kTolerance * a_ * kTolerance * a_;
}

void Neighbourhoods::first_shell(const Cells& cells, std::vector<Atom>& atoms, std::size_t k,
                                 Scores& scores) const noexcept {
    Atom& centre = atoms[k];
    const Patterns& ideal = ideal_patterns();
    Patterns::Vector displacement;
    std::array<int, 6> neighbour{};
    int second = 0;
    bool known = true;
    for (std::size_t s = 0; s < 6; ++s) {
        neighbour[s] =
            cells.at(centre.i + sites_[s][0], centre.j + sites_[s][1], cells.cation_site);
        Eigen::Vector2d offset(0, 0);
        known = offset_of(atoms, centre, neighbour[s], s, offset) && known;
        if (neighbour[s] >= 0) {
            const auto species = atoms[static_cast<std::size_t>(neighbour[s])].species;
            second += species == species_second ? 1 : 0;
            known = known && (species == species_first || species == species_second);
        }
        displacement.segment<2>(2 * static_cast<Eigen::Index>(s)) = offset - ideal_[s];
    }
    if (!known) {
        return;
    }
    centre.n = static_cast<std::int8_t>(second);
    scores.isotropic = static_cast<float>(ideal.isotropic.dot(displacement));
    std::size_t strongest = 0;
    for (std::size_t r = 0; r < 3; ++r) {
        scores.zigzag[r] = static_cast<float>(ideal.zigzag[r].dot(displacement));
        strongest = std::abs(scores.zigzag[r]) > std::abs(scores.zigzag[strongest]) ? r : strongest;
    }
    scores.order_parameter = std::abs(scores.zigzag[strongest]);
    double var_iso = 0, var_zigzag = 0;
    Eigen::Vector2d sum_iso(0, 0), sum_zigzag(0, 0);
    const auto add = [&](const Atom& a, const Patterns::Vector& pattern, std::size_t s,
                         Eigen::Vector2d& sum, double& variance) {
        const Eigen::Vector2d p = pattern.segment<2>(2 * static_cast<Eigen::Index>(s));
        const double px = cos_ * p.x() - sin_ * p.y(), py = -sin_ * p.x() - cos_ * p.y();
        variance += std::pow(px * a.se_x_px, 2) + std::pow(py * a.se_y_px, 2);
        sum += Eigen::Vector2d(px, py);
    };
    for (std::size_t s = 0; s < 6; ++s) {
        const Atom& a = atoms[static_cast<std::size_t>(neighbour[s])];
        add(a, ideal.isotropic, s, sum_iso, var_iso);
        add(a, ideal.zigzag[strongest], s, sum_zigzag, var_zigzag);
    }
    const auto total = [&](const Eigen::Vector2d& sum, double variance) {
        return static_cast<float>(length_per_px_ *
                                  std::sqrt(variance + std::pow(sum.x() * centre.se_x_px, 2) +
                                            std::pow(sum.y() * centre.se_y_px, 2)));
    };
    scores.se_isotropic = total(sum_iso, var_iso);
    scores.se_order_parameter = total(sum_zigzag, var_zigzag);
}

void Neighbourhoods::run(const Cells& cells, const Lattice& lattice, double length_per_px,
                         std::vector<Atom>& atoms, std::vector<Scores>& scores) noexcept {
    length_per_px_ = length_per_px;
    a_ = lattice.a_px * length_per_px;
    cos_ = std::cos(lattice.rotation_rad);
    sin_ = std::sin(lattice.rotation_rad);
    for (std::size_t s = 0; s < sites_.size(); ++s) {
        const Eigen::Vector2d r =
            length_per_px * (sites_[s][0] * lattice.a1_px + sites_[s][1] * lattice.a2_px);
        ideal_[s] = {cos_ * r.x() - sin_ * r.y(), -sin_ * r.x() - cos_ * r.y()};
    }
    const auto n = static_cast<std::size_t>(neighbours_);
    complete_.assign(atoms.size(), 0);
    offsets_.resize(atoms.size() * 2 * n);
    index_.resize(atoms.size() * n);
    scores.assign(atoms.size(), Scores());
    for (std::size_t k = 0; k < atoms.size(); ++k) {
        Atom& a = atoms[k];
        a.n = -1;
        a.complete = 0;
        if (a.site != Site::cation || !usable(a)) {
            continue;
        }
        first_shell(cells, atoms, k, scores[k]);
        std::size_t there = 0;
        Eigen::Vector2d offset;
        for (; there < sites_.size(); ++there) {
            const int neighbour =
                cells.at(a.i + sites_[there][0], a.j + sites_[there][1], cells.cation_site);
            if (!offset_of(atoms, a, neighbour, there, offset)) {
                break;
            }
            if (there < n) {
                index_[k * n + there] = neighbour;
                offsets_[2 * (k * n + there)] = offset.x();
                offsets_[2 * (k * n + there) + 1] = offset.y();
            }
        }
        a.complete = static_cast<std::uint8_t>((there >= 6 ? 1 : 0) | (there >= 12 ? 2 : 0) |
                                               (there >= 24 ? 4 : 0));
        complete_[k] = there >= n ? 1 : 0;
    }
}

double Neighbourhoods::projection_error(const std::vector<Atom>& atoms, std::size_t atom,
                                        const double* unit) const noexcept {
    const auto n = static_cast<std::size_t>(neighbours_);
    double variance = 0;
    Eigen::Vector2d sum(0, 0);
    for (std::size_t s = 0; s < n; ++s) {
        const Atom& a = atoms[static_cast<std::size_t>(index_[atom * n + s])];
        const double px = cos_ * unit[2 * s] - sin_ * unit[2 * s + 1],
                     py = -sin_ * unit[2 * s] - cos_ * unit[2 * s + 1];
        variance += std::pow(px * a.se_x_px, 2) + std::pow(py * a.se_y_px, 2);
        sum += Eigen::Vector2d(px, py);
    }
    const Atom& centre = atoms[atom];
    return length_per_px_ * std::sqrt(variance + std::pow(sum.x() * centre.se_x_px, 2) +
                                      std::pow(sum.y() * centre.se_y_px, 2));
}

}  // namespace dwellmap
