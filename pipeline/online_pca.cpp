// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/online_pca.hpp"

#include "dwellmap/patterns.hpp"

#include <Eigen/Eigenvalues>
#include <Eigen/SVD>

#include <algorithm>
#include <cmath>

namespace dwellmap {
namespace {

/// Breathing is positive outwards, a zigzag along its pattern, anything else at its largest loading, the first of those that
/// are equal but for rounding: antipodes always are.
template <class Vector>
double conventional_sign(const Vector& v) noexcept {
    const Patterns& ideal = ideal_patterns();
    const double largest = v.cwiseAbs().maxCoeff();
    double decisive = *std::find_if(v.begin(), v.end(), [&](double loading) {
        return std::abs(loading) >= (1 - 1e-6) * largest;
    });
    for (const auto* pattern :
         {&ideal.isotropic, &ideal.zigzag[0], &ideal.zigzag[1], &ideal.zigzag[2]}) {
        const double overlap = pattern->dot(v.template head<12>());
        if (std::abs(overlap) > 0.7 * v.template head<12>().norm()) {
            decisive = overlap;
            break;
        }
    }
    return decisive < 0 ? -1 : 1;
}

}  // namespace

OnlinePca::OnlinePca(int neighbours, bool parity)
    : parity_(parity), antipode_(antipodes(neighbours)) {
    modes_.neighbours = neighbours;
    modes_.mean = Eigen::VectorXd::Zero(2 * neighbours);
    modes_.loadings = Eigen::MatrixXd::Zero(2 * neighbours, kModes);
}

/// (C + P C Pᵀ)/2: P swaps antipodes and changes the sign, which cancels in the product.
void OnlinePca::average_over_inversion(Square& c) const noexcept {
    const Square original = c;
    for (Eigen::Index a = 0; a < c.rows(); ++a) {
        for (Eigen::Index b = 0; b < c.cols(); ++b) {
            const auto pa = 2 * antipode_[static_cast<std::size_t>(a / 2)] + a % 2;
            const auto pb = 2 * antipode_[static_cast<std::size_t>(b / 2)] + b % 2;
            c(a, b) = 0.5 * (original(a, b) + original(pa, pb));
        }
    }
}

/// Odd under inversion: a displacement and its antipode's are equal (breathing and shear have them opposite).
bool OnlinePca::is_odd(const Eigen::Ref<const Column>& v) const noexcept {
    double same = 0;
    for (std::size_t k = 0; k < antipode_.size(); ++k) {
        same += v.segment<2>(2 * static_cast<Eigen::Index>(k)).dot(v.segment<2>(2 * antipode_[k]));
    }
    return same > 0;
}

/// For each previous mode the fresh one that resembles it most, best pairs first.
std::array<int, kModes> OnlinePca::successors(const Basis& fresh) const noexcept {
    const Basis previous = modes_.loadings;  // of bounded size: the product needs no heap
    Eigen::Matrix<double, kModes, kModes> overlap = (fresh.transpose() * previous).cwiseAbs();
    std::array<int, kModes> source{};
    for (int n = 0; n < kModes; ++n) {
        Eigen::Index from = 0, to = 0;
        overlap.maxCoeff(&from, &to);
        source[static_cast<std::size_t>(to)] = static_cast<int>(from);
        overlap.row(from).setConstant(-1);
        overlap.col(to).setConstant(-1);
    }
    return source;
}

/// Blocks of fresh modes that the data can't tell apart: of like parity, gap below 4 sampling errors.
std::array<int, kModes> OnlinePca::blocks(const Basis& fresh,
                                          const std::array<double, kModes>& variance,
                                          std::int64_t count) const noexcept {
    const double error = std::sqrt(2.0 / static_cast<double>(count));
    std::array<int, kModes> block{};
    for (std::size_t k = 0; k < kModes; ++k) {
        block[k] = static_cast<int>(k);
        for (std::size_t m = k; m-- > 0;) {
            const bool close =
                variance[m] - variance[k] < 4 * error * std::hypot(variance[m], variance[k]);
            const auto a = static_cast<Eigen::Index>(m), b = static_cast<Eigen::Index>(k);
            if (close && (!parity_ || is_odd(fresh.col(a)) == is_odd(fresh.col(b)))) {
                block[k] = block[m];
                break;
            }
        }
    }
    return block;
}

void OnlinePca::align(Basis& fresh, std::array<double, kModes>& variance,
                      std::int64_t count) const noexcept {
    using Overlaps = Eigen::Matrix<double, kModes, kModes>;
    const auto source = successors(fresh);
    const auto block = blocks(fresh, variance, count);
    const Basis unordered = fresh;
    const auto unordered_variance = variance;
    for (int b = 0; b < kModes; ++b) {
        std::array<Eigen::Index, kModes> slots{};
        Eigen::Index size = 0;
        Basis mine = Basis::Zero(fresh.rows(), kModes), target = mine;
        for (std::size_t to = 0; to < kModes; ++to) {
            const auto from = static_cast<std::size_t>(source[to]);
            if (block[from] == b) {
                mine.col(size) = unordered.col(static_cast<Eigen::Index>(from));
                target.col(size) = modes_.loadings.col(static_cast<Eigen::Index>(to));
                variance[to] = unordered_variance[from];
                slots[static_cast<std::size_t>(size++)] = static_cast<Eigen::Index>(to);
            }
        }
        if (size == 0) {
            continue;
        }
        // identity outside the block keeps the size fixed and changes nothing inside it
        Overlaps product = Overlaps::Identity();
        product.topLeftCorner(size, size) = mine.leftCols(size).transpose() * target.leftCols(size);
        const Eigen::JacobiSVD<Overlaps> svd(product, Eigen::ComputeFullU | Eigen::ComputeFullV);
        const Overlaps rotation = svd.matrixU() * svd.matrixV().transpose();
        for (Eigen::Index s = 0; s < size; ++s) {
            fresh.col(slots[static_cast<std::size_t>(s)]) =
                mine.leftCols(size) * rotation.topLeftCorner(size, size).col(s);
        }
    }
}

void OnlinePca::name() noexcept {
    const Patterns& ideal = ideal_patterns();
    for (int k = 0; k < kModes; ++k) {
        const auto m = static_cast<std::size_t>(k);
        Patterns::Vector first = modes_.loadings.col(k).head<12>();
        first /= std::max(first.norm(), 1e-12);
        struct Candidate {
            ModeName name;
            double overlap;
        };
        const auto plane = [&](const auto& pair) {
            return std::hypot(pair[0].dot(first), pair[1].dot(first));
        };
        const double zigzag =
            std::max({std::abs(ideal.zigzag[0].dot(first)), std::abs(ideal.zigzag[1].dot(first)),
                      std::abs(ideal.zigzag[2].dot(first))});
        const std::array<Candidate, 5> candidates{
            {{ModeName::isotropic, std::abs(ideal.isotropic.dot(first))},
             {ModeName::symmetry_breaking, zigzag},
             {ModeName::shear, plane(ideal.shear)},
             {ModeName::translation, plane(ideal.translation)},
             {ModeName::rotation, std::abs(ideal.rotation.dot(first))}}};
        const auto best =
            *std::max_element(candidates.begin(), candidates.end(),
                              [](const auto& a, const auto& b) { return a.overlap < b.overlap; });
        modes_.name[m] = best.overlap > 0.7 ? best.name : ModeName::unnamed;
        modes_.overlap[m] = best.overlap;
    }
}

bool OnlinePca::update(const OnlineCovariance& set) noexcept {
    if (set.count() < kMinCount) {
        return false;
    }
    Square c = set.scatter() / static_cast<double>(set.count() - 1);
    if (parity_) {
        average_over_inversion(c);
    }
    const Eigen::SelfAdjointEigenSolver<Square> solver(c);
    Basis fresh(c.rows(), kModes);
    std::array<double, kModes> variance{};
    for (int k = 0; k < kModes; ++k) {
        const auto from = c.rows() - 1 - k;
        fresh.col(k) = solver.eigenvectors().col(from);
        variance[static_cast<std::size_t>(k)] = std::max(0.0, solver.eigenvalues()[from]);
        fresh.col(k) *= conventional_sign(fresh.col(k));
    }
    if (modes_.count > 0) {
        align(fresh, variance, set.count());
    }
    const double total = std::max(c.trace(), 1e-300);
    modes_.count = set.count();
    modes_.mean = set.mean();
    modes_.loadings = fresh;
    modes_.variance = variance;
    for (std::size_t k = 0; k < kModes; ++k) {
        modes_.explained[k] = variance[k] / total;
    }
    name();
    return true;
}

}  // namespace dwellmap
