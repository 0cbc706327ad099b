// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/simulated_elasticity.hpp"
#include "dwellmap/types.hpp"

#include <Eigen/Core>

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

namespace dwellmap {

/// Amplitude of the zigzag around a cation with n Re neighbours: A = alpha + beta n + gamma x.
/// The zigzag score of a Re site in a random alloy is then |D| = a n + b x + d, with
/// a = 8/3 beta, b = 4 gamma + 6 beta, d = 4 alpha + 2 beta. The defaults give b/(6a) = 1/2 exactly.
struct ZigzagLaw {
    double alpha_nm = -0.434e-3;
    double beta_nm = 0.62e-3;
    double gamma_nm = 0.31e-3;
};

struct CrystalConfig {
    double composition = 0.55;   ///< [0, 1]     fraction x of Re
    double lattice_nm = 0.3184;  ///< [0.1, 2]   of the pure host
    double angle_rad = 0.2;      ///< of a1 against +x, counter-clockwise on screen
    double width_nm = 10.24;     ///< of the field of view
    double height_nm = 10.24;
    double margin_nm = 1.4;  ///< >= 0.7     crystal beyond the field of view, on each side
    double misfit =
        -0.06;  ///< linear size of Re against Mo, minus 1; large, so that breathing leads
    double residual_strain = 0.026;  ///< rms of the smooth strain field before relaxation
    double residual_length_nm = 2;   ///< its correlation length
    ZigzagLaw zigzag;
    double domain_nm = 12;      ///< size of the zigzag's domains
    double minor_fraction = 0;  ///< [0, 1]     of the domains: their rows run in another direction
    double disorder_nm = 1e-3;  ///< rms of each column's static displacement, each axis
    double sulfur_vacancies = 0;  ///< [0, 1]     probability that a S atom is missing
    std::uint64_t seed = 1;
};

/// A column of the crystal, with what is true of it. Scores are those of Scores in types.hpp, against the
/// lattice of the pure host; NaN where neighbours are missing (only in the margin).
struct CrystalColumn {
    Site site = Site::cation;
    std::int8_t species = species_first;
    std::int8_t atoms = 1;             ///< S: 0, 1, 2
    std::int8_t n = -1;                ///< Re among the six neighbours
    std::int8_t zigzag_sign = 0;       ///< of the displacement: domain × (−1)^row; 0 for anions
    std::int8_t zigzag_direction = 0;  ///< which of the three row directions
    Eigen::Vector2d ideal_nm{0,
                             0};  ///< (x, y), y down, from the top-left corner of the field of view
    Eigen::Vector2d position_nm{0, 0};
    double isotropic_nm = std::numeric_limits<double>::quiet_NaN();
    std::array<double, 3> zigzag_nm{isotropic_nm, isotropic_nm, isotropic_nm};
};

/// A monolayer of Mo(1-x)Re(x)S2, displaced from the ideal lattice by u = elastic + zigzag + disorder:
///
///   elastic   springs relaxed around Re, which is smaller, and in a smooth residual strain: even under inversion
///   zigzag    ± (−1)^row A(n, x), perpendicular to the rows: odd under inversion, the symmetry breaking
///   disorder  white
///
/// S2 columns stand at the centroid of their three cations, in one of the two kinds of triangle.
class SimulatedCrystal {
public:
    explicit SimulatedCrystal(const CrystalConfig& config);

    /// Cations first, then anions. The index is a column's name for life.
    const std::vector<CrystalColumn>& columns() const noexcept { return columns_; }
    int cations() const noexcept { return static_cast<int>(neighbours_.size()); }

    /// The six neighbours of a cation, counter-clockwise on screen from +a1; -1 where the crystal ends.
    const std::array<int, 6>& neighbours(int cation) const {
        return neighbours_[static_cast<std::size_t>(cation)];
    }

    const Eigen::Vector2d& a1_nm() const noexcept { return a1_nm_; }
    const Eigen::Vector2d& a2_nm() const noexcept {
        return a2_nm_;
    }  ///< 60° counter-clockwise on screen from a1
    const CrystalConfig& config() const noexcept { return config_; }

    void switch_species(int cation);                ///< Mo <-> Re
    void remove_sulfur(int anion);                  ///< one S of the column, if any is left
    void set_zigzag_gain(int cation, double gain);  ///< factor on A, 1 at first
    void set_offset(int cation, const Eigen::Vector2d& offset_nm);  ///< added to u, 0 at first

    /// Positions and scores after the changes above. Cost: a triangular solve, O(columns).
    void relax();

private:
    struct Cell {
        int i = 0, j = 0;
    };
    struct Cation {
        Eigen::Vector2d disorder_nm{0, 0}, offset_nm{0, 0};
        double strain = 0, gain = 1;
    };

    std::vector<Cell> cut_lattice();
    void link(const std::vector<Cell>& cells);
    void add_anions();
    void add_springs();
    void draw_species();
    void draw_fields(const std::vector<Cell>& cells);
    Eigen::Vector2d zigzag_displacement(std::size_t cation) const;
    void score(std::size_t cation);

    CrystalConfig config_;
    Eigen::Vector2d a1_nm_, a2_nm_;
    std::vector<CrystalColumn> columns_;
    std::vector<Cation> cation_;                      ///< [cations]
    std::vector<std::array<int, 6>> neighbours_;      ///< [cations]
    std::vector<std::array<int, 3>> triangles_;       ///< [anions] the three cations around
    std::vector<Eigen::Vector2d> anion_disorder_nm_;  ///< [anions]
    std::unique_ptr<const SpringNetwork> springs_;
};

}  // namespace dwellmap
