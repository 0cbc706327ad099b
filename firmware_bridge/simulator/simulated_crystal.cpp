// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/simulated_crystal.hpp"

#include "dwellmap/simulated_noise.hpp"
#include "simulator/simulated_disorder.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <utility>

namespace dwellmap {
namespace {

using Eigen::Vector2d;
using std::numbers::pi;

/// Random streams 0…7 are the crystal's, 8 the changes', from 16 on the scan's: one seed does for all.
enum Stream : std::uint64_t {
    for_origin,
    for_species,
    for_strain,
    for_domains,
    for_disorder,
    for_sulfur
};

/// Lattice indices (i, j) of the six neighbours, counter-clockwise from a1.
constexpr std::array<std::array<int, 2>, 6> kNeighbour{
    {{1, 0}, {0, 1}, {-1, 1}, {-1, 0}, {0, -1}, {1, -1}}};

/// Unit vector at an angle counter-clockwise on screen; y points down.
Vector2d on_screen(double angle_rad) { return {std::cos(angle_rad), -std::sin(angle_rad)}; }

Vector2d white(Noise& noise, double rms) {
    const double x = noise.normal();
    return rms * Vector2d(x, noise.normal());
}

}  // namespace

SimulatedCrystal::SimulatedCrystal(const CrystalConfig& config)
    : config_(config),
      a1_nm_(config.lattice_nm * on_screen(config.angle_rad)),
      a2_nm_(config.lattice_nm * on_screen(config.angle_rad + pi / 3)) {
    const auto cells = cut_lattice();
    link(cells);
    add_springs();
    draw_species();
    draw_fields(cells);
    add_anions();
    relax();
}

/// All cells whose cation may come into the field of view or its margin, once the crystal has shrunk.
std::vector<SimulatedCrystal::Cell> SimulatedCrystal::cut_lattice() {
    const double shrunk = 1 + std::min(0.0, config_.misfit * config_.composition);
    const Vector2d centre(config_.width_nm / 2, config_.height_nm / 2);
    const Vector2d half = (centre.array() + config_.margin_nm) / shrunk;
    Noise noise(config_.seed, for_origin);
    const double across = noise.uniform();
    const double along = noise.uniform();
    const Vector2d origin = centre + across * a1_nm_ + along * a2_nm_;

    std::vector<Cell> cells;
    const int reach = static_cast<int>(half.norm() / (config_.lattice_nm * std::sqrt(0.75))) + 2;
    for (int i = -reach; i <= reach; ++i) {
        for (int j = -reach; j <= reach; ++j) {
            CrystalColumn cation;
            cation.ideal_nm = origin + i * a1_nm_ + j * a2_nm_;
            if (((cation.ideal_nm - centre).cwiseAbs().array() < half.array()).all()) {
                cells.push_back({i, j});
                columns_.push_back(cation);
            }
        }
    }
    return cells;
}

void SimulatedCrystal::link(const std::vector<Cell>& cells) {
    std::map<std::pair<int, int>, int> at;
    for (std::size_t k = 0; k < cells.size(); ++k) {
        at[{cells[k].i, cells[k].j}] = static_cast<int>(k);
    }
    const auto find = [&](int i, int j) {
        const auto found = at.find({i, j});
        return found == at.end() ? -1 : found->second;
    };
    neighbours_.resize(cells.size());
    cation_.resize(cells.size());
    for (std::size_t k = 0; k < cells.size(); ++k) {
        for (std::size_t q = 0; q < 6; ++q) {
            neighbours_[k][q] = find(cells[k].i + kNeighbour[q][0], cells[k].j + kNeighbour[q][1]);
        }
        const int right = neighbours_[k][0];
        const int up = neighbours_[k][1];
        if (right >= 0 && up >= 0) {
            triangles_.push_back({static_cast<int>(k), right, up});
        }
    }
}

void SimulatedCrystal::add_springs() {
    std::vector<SpringNetwork::Bond> bonds;
    for (std::size_t k = 0; k < neighbours_.size(); ++k) {
        for (std::size_t q = 0; q < 3; ++q) {  // the other three are those of the neighbours
            if (neighbours_[k][q] >= 0) {
                const double angle = config_.angle_rad + static_cast<double>(q) * pi / 3;
                bonds.push_back({static_cast<int>(k), neighbours_[k][q], on_screen(angle)});
            }
        }
    }
    springs_ = std::make_unique<SpringNetwork>(cations(), std::move(bonds), config_.lattice_nm);
}

void SimulatedCrystal::draw_species() {
    Noise species(config_.seed, for_species);
    Noise disorder(config_.seed, for_disorder);
    for (std::size_t k = 0; k < cation_.size(); ++k) {
        columns_[k].species =
            species.uniform() < config_.composition ? species_second : species_first;
        cation_[k].disorder_nm = white(disorder, config_.disorder_nm);
    }
}

/// What is frozen into the lattice before any atom is in it.
void SimulatedCrystal::draw_fields(const std::vector<Cell>& cells) {
    Eigen::MatrixX2d sites(cations(), 2);
    for (Eigen::Index k = 0; k < sites.rows(); ++k) {
        sites.row(k) = columns_[static_cast<std::size_t>(k)].ideal_nm.transpose();
    }
    Noise strain_noise(config_.seed, for_strain);
    Noise domain_noise(config_.seed, for_domains);
    const auto strain =
        smooth_field(sites, config_.residual_strain, config_.residual_length_nm, strain_noise);
    const auto domains =
        draw_domains(sites, config_.domain_nm, config_.minor_fraction, domain_noise);
    for (std::size_t k = 0; k < cells.size(); ++k) {
        const auto [sign, direction] = domains[k];
        const auto [i, j] = cells[k];
        const std::array<int, 3> row{j, i, i + j};  // of the rows along a1, a2 and a2 − a1
        const bool odd = row[static_cast<std::size_t>(direction)] % 2 != 0;
        cation_[k].strain = strain[static_cast<Eigen::Index>(k)];
        columns_[k].zigzag_direction = static_cast<std::int8_t>(direction);
        columns_[k].zigzag_sign = static_cast<std::int8_t>(odd ? -sign : sign);
    }
}

void SimulatedCrystal::add_anions() {
    Noise sulfur(config_.seed, for_sulfur);
    for (const auto& triangle : triangles_) {
        CrystalColumn anion;
        anion.site = Site::anion;
        anion.species = species_anion;
        anion.atoms = 2;
        anion.ideal_nm.setZero();
        for (const int k : triangle) {
            anion.ideal_nm += columns_[static_cast<std::size_t>(k)].ideal_nm / 3;
        }
        anion_disorder_nm_.push_back(white(sulfur, config_.disorder_nm));
        columns_.push_back(anion);
        for (int s = 0; s < 2; ++s) {
            if (sulfur.uniform() < config_.sulfur_vacancies) {
                remove_sulfur(static_cast<int>(columns_.size()) - 1);
            }
        }
    }
}

void SimulatedCrystal::switch_species(int cation) {
    auto& species = columns_.at(static_cast<std::size_t>(cation)).species;
    species = species == species_first ? species_second : species_first;
}

void SimulatedCrystal::remove_sulfur(int anion) {
    auto& column = columns_.at(static_cast<std::size_t>(anion));
    column.atoms = static_cast<std::int8_t>(std::max(0, column.atoms - 1));
    column.species = column.atoms > 0 ? species_anion : species_vacancy;
}

void SimulatedCrystal::set_zigzag_gain(int cation, double gain) {
    cation_.at(static_cast<std::size_t>(cation)).gain = gain;
}

void SimulatedCrystal::set_offset(int cation, const Vector2d& offset_nm) {
    cation_.at(static_cast<std::size_t>(cation)).offset_nm = offset_nm;
}

void SimulatedCrystal::relax() {
    Eigen::VectorXd strain(cations());
    for (std::size_t k = 0; k < cation_.size(); ++k) {
        const bool second = columns_[k].species == species_second;
        strain[static_cast<Eigen::Index>(k)] = cation_[k].strain + (second ? config_.misfit : 0);
        const auto& around = neighbours_[k];
        const bool complete =
            std::all_of(around.begin(), around.end(), [](int q) { return q >= 0; });
        const auto n = std::count_if(around.begin(), around.end(), [&](int q) {
            return q >= 0 && columns_[static_cast<std::size_t>(q)].species == species_second;
        });
        columns_[k].n = static_cast<std::int8_t>(complete ? n : -1);
    }
    const Eigen::MatrixX2d elastic = springs_->relax(strain);
    for (std::size_t k = 0; k < cation_.size(); ++k) {
        const Vector2d u = elastic.row(static_cast<Eigen::Index>(k)).transpose();
        columns_[k].position_nm = columns_[k].ideal_nm + u + zigzag_displacement(k) +
                                  cation_[k].disorder_nm + cation_[k].offset_nm;
    }
    for (std::size_t t = 0; t < triangles_.size(); ++t) {
        Vector2d centroid = anion_disorder_nm_[t];
        for (const int k : triangles_[t]) {
            centroid += columns_[static_cast<std::size_t>(k)].position_nm / 3;
        }
        columns_[cation_.size() + t].position_nm = centroid;
    }
    for (std::size_t k = 0; k < cation_.size(); ++k) {
        score(k);
    }
}

Vector2d SimulatedCrystal::zigzag_displacement(std::size_t cation) const {
    const auto& column = columns_[cation];
    const auto& law = config_.zigzag;
    const double amplitude = law.alpha_nm + law.beta_nm * std::max<int>(0, column.n) +
                             law.gamma_nm * config_.composition;
    const double across = config_.angle_rad + column.zigzag_direction * pi / 3 + pi / 2;
    return column.zigzag_sign * cation_[cation].gain * amplitude * on_screen(across);
}

/// Projections on unit patterns: breathing, every neighbour outwards by 1/√6; zigzag k, the four neighbours
/// that are not in row k by 1/2 across it.
void SimulatedCrystal::score(std::size_t cation) {
    auto& centre = columns_[cation];
    if (centre.n < 0) {
        return;
    }
    centre.isotropic_nm = 0;
    centre.zigzag_nm.fill(0);
    for (std::size_t q = 0; q < 6; ++q) {
        const auto& neighbour = columns_[static_cast<std::size_t>(neighbours_[cation][q])];
        const Vector2d d =
            neighbour.position_nm - centre.position_nm - (neighbour.ideal_nm - centre.ideal_nm);
        const double angle = config_.angle_rad + static_cast<double>(q) * pi / 3;
        centre.isotropic_nm += d.dot(on_screen(angle)) / std::sqrt(6.0);
        for (std::size_t k = 0; k < 3; ++k) {
            if (q % 3 != k) {
                const double across = config_.angle_rad + static_cast<double>(k) * pi / 3 + pi / 2;
                centre.zigzag_nm[k] += d.dot(on_screen(across)) / 2;
            }
        }
    }
}

}  // namespace dwellmap
