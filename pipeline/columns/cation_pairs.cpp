// SPDX-License-Identifier: Apache-2.0
#include "columns/cation_pairs.hpp"

#include "base/lattice.hpp"

#include <Eigen/LU>

#include <algorithm>
#include <cmath>

namespace dwellmap {

/// Each pair once, at the first of its two.
void CationPairs::add(const std::vector<Atom>& atoms, const Cells& cells, std::size_t first,
                      std::size_t last) noexcept {
    for (std::size_t n = first; n < last; ++n) {
        const Atom& a = atoms[n];
        if (a.site != Site::cation || !usable(a)) {
            continue;
        }
        for (std::size_t s = 0; s < 3; ++s) {
            const int k =
                cells.at(a.i + kSixNeighbours[s][0], a.j + kSixNeighbours[s][1], cells.cation_site);
            if (k < 0 || !usable(atoms[static_cast<std::size_t>(k)])) {
                continue;
            }
            const Atom& b = atoms[static_cast<std::size_t>(k)];
            const double x = static_cast<double>(b.x_px) - a.x_px,
                         y = static_cast<double>(b.y_px) - a.y_px;
            sums_[s] += Eigen::Vector3d(x, y, x * x + y * y);
            ++count_[static_cast<Eigen::Index>(s)];
        }
    }
}

CationPairs& CationPairs::operator+=(const CationPairs& other) noexcept {
    for (std::size_t s = 0; s < sums_.size(); ++s) {
        sums_[s] += other.sums_[s];
    }
    count_ += other.count_;
    return *this;
}

void CationPairs::fit(Lattice& lattice) const noexcept {
    Eigen::Matrix2d normal = Eigen::Matrix2d::Zero(), right = Eigen::Matrix2d::Zero();
    double squares = 0;
    for (std::size_t s = 0; s < 3; ++s) {
        const Eigen::Vector2d index(kSixNeighbours[s][0], kSixNeighbours[s][1]);
        normal += count_[static_cast<Eigen::Index>(s)] * index * index.transpose();
        right += index * sums_[s].head<2>().transpose();
        squares += sums_[s].z();
    }
    const double pairs = count_.sum();
    const Eigen::Matrix2d fit = normal.inverse() * right;
    if (pairs < 6 || !fit.allFinite()) {
        return;
    }
    lattice.a1_px = fit.row(0);
    lattice.a2_px = fit.row(1);
    describe(lattice);
    const double residual = std::max(0.0, squares - fit.cwiseProduct(right).sum());
    lattice.se_a_px = std::sqrt(residual / (2 * pairs) / pairs);
}

}  // namespace dwellmap
