// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <Eigen/SparseCholesky>

#include <vector>

namespace dwellmap {

/// Springs between the sites of a crystal with free edges. Each site wants to be larger or smaller by its own strain;
/// relax() finds where all sites then rest. To first order in the strains:
///
///   minimise Σ_bonds ((u_j − u_i)·e_ij − g_ij)²,   g_ij = length (ε_i + ε_j)/2   ⇒   BᵀB u = Bᵀg
///
/// The constructor factorises BᵀB once (sparse LDLᵀ); relax() costs two triangular solves.
class SpringNetwork {
public:
    struct Bond {
        int from = 0, to = 0;
        Eigen::Vector2d direction{1, 0};  ///< unit vector from `from` to `to`
    };

    SpringNetwork(int sites, std::vector<Bond> bonds, double length_nm);

    /// @param strain [sites] of each site's own size, 0: fits the lattice
    /// @return [sites × 2] displacements, nm, without rigid translation and rotation
    Eigen::MatrixX2d relax(const Eigen::VectorXd& strain) const;

private:
    std::vector<Bond> bonds_;
    double length_nm_;
    Eigen::SimplicialLDLT<Eigen::SparseMatrix<double>> stiffness_;
};

}  // namespace dwellmap
