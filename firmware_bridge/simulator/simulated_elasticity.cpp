// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/simulated_elasticity.hpp"

#include <utility>

namespace dwellmap {
namespace {

/// Rigid motions cost no energy. This holds them without being felt: the softest strain wave of
/// a 40 nm field has a stiffness of 1e-3.
constexpr double kHold = 1e-8;

}  // namespace

SpringNetwork::SpringNetwork(int sites, std::vector<Bond> bonds, double length_nm)
    : bonds_(std::move(bonds)), length_nm_(length_nm) {
    std::vector<Eigen::Triplet<double>> entries;
    entries.reserve(bonds_.size() * 16 + static_cast<std::size_t>(sites) * 2);
    for (const auto& bond : bonds_) {
        const int from = 2 * bond.from;
        const int to = 2 * bond.to;
        const Eigen::Matrix2d block = bond.direction * bond.direction.transpose();
        for (int r = 0; r < 2; ++r) {
            for (int c = 0; c < 2; ++c) {
                entries.emplace_back(from + r, from + c, block(r, c));
                entries.emplace_back(to + r, to + c, block(r, c));
                entries.emplace_back(from + r, to + c, -block(r, c));
                entries.emplace_back(to + r, from + c, -block(r, c));
            }
        }
    }
    const int unknowns = 2 * sites;
    for (int k = 0; k < unknowns; ++k) {
        entries.emplace_back(k, k, kHold);
    }
    Eigen::SparseMatrix<double> stiffness(unknowns, unknowns);
    stiffness.setFromTriplets(entries.begin(), entries.end());
    stiffness_.compute(stiffness);
}

Eigen::MatrixX2d SpringNetwork::relax(const Eigen::VectorXd& strain) const {
    Eigen::VectorXd force = Eigen::VectorXd::Zero(2 * strain.size());
    for (const auto& bond : bonds_) {
        const Eigen::Vector2d push =
            bond.direction * (length_nm_ * (strain[bond.from] + strain[bond.to]) / 2);
        force.segment<2>(Eigen::Index{2} * bond.to) += push;
        force.segment<2>(Eigen::Index{2} * bond.from) -= push;
    }
    const Eigen::VectorXd u = stiffness_.solve(force);
    return u.reshaped<Eigen::RowMajor>(strain.size(), 2);
}

}  // namespace dwellmap
