// SPDX-License-Identifier: Apache-2.0
#include "atoms/online_pca.hpp"

#include "atoms/patterns.hpp"

#include <Eigen/Eigenvalues>
#include <Eigen/SVD>

#include <algorithm>
#include <cmath>

namespace dwellmap {
namespace {

constexpr double kMoreThanTranslation = 0.9;  // a pure translation overlaps a zigzag by 0.82

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
    for (int k = 0; k < neighbours; ++k) {
        if (k < antipode_[static_cast<std::size_t>(k)]) {
            pair_.push_back(k);
        }
    }
    modes_.neighbours = neighbours;
    modes_.mean = Eigen::VectorXd::Zero(2 * neighbours);
    modes_.loadings = Eigen::MatrixXd::Zero(2 * neighbours, kModes);
}

/// C on (x_k + sign x_k')/√2, k and k' antipodes: what (C + P C Pᵀ)/2 does to modes of that parity.
OnlinePca::Square OnlinePca::half(const Square& c, double sign) const noexcept {
    const auto pairs = static_cast<Eigen::Index>(pair_.size());
    Square out(2 * pairs, 2 * pairs);
    for (Eigen::Index p = 0; p < pairs; ++p) {
        for (Eigen::Index q = 0; q < pairs; ++q) {
            const Eigen::Index k = pair_[static_cast<std::size_t>(p)],
                               l = pair_[static_cast<std::size_t>(q)];
            const Eigen::Index k2 = antipode_[static_cast<std::size_t>(k)],
                               l2 = antipode_[static_cast<std::size_t>(l)];
            out.block<2, 2>(2 * p, 2 * q) =
                0.5 * (c.block<2, 2>(2 * k, 2 * l) + c.block<2, 2>(2 * k2, 2 * l2) +
                       sign * (c.block<2, 2>(2 * k, 2 * l2) + c.block<2, 2>(2 * k2, 2 * l)));
        }
    }
    return out;
}

OnlinePca::Basis OnlinePca::whole(const Basis& of_half, double sign) const noexcept {
    Basis out(2 * of_half.rows(), kModes);
    for (Eigen::Index p = 0; p < of_half.rows() / 2; ++p) {
        const Eigen::Index k = pair_[static_cast<std::size_t>(p)];
        const Eigen::Index k2 = antipode_[static_cast<std::size_t>(k)];
        out.middleRows<2>(2 * k) = of_half.middleRows<2>(2 * p) * std::sqrt(0.5);
        out.middleRows<2>(2 * k2) = sign * out.middleRows<2>(2 * k);
    }
    return out;
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

/// The leading modes of a symmetric matrix.
OnlinePca::Spectrum OnlinePca::solve(const Square& c, double count) const noexcept {
    const Eigen::SelfAdjointEigenSolver<Square> solver(c);
    const double error = std::sqrt(2.0 / count);
    const auto gap = [&](Eigen::Index a, Eigen::Index b) {
        const double va = solver.eigenvalues()[a], vb = solver.eigenvalues()[b];
        return std::abs(va - vb) / std::max(error * std::hypot(va, vb), 1e-300);
    };
    Spectrum out{Basis(c.rows(), kModes), {}, {}};
    for (std::size_t k = 0; k < kModes; ++k) {
        const auto from = c.rows() - 1 - static_cast<Eigen::Index>(k);
        out.vectors.col(static_cast<Eigen::Index>(k)) = solver.eigenvectors().col(from);
        out.variance[k] = std::max(0.0, solver.eigenvalues()[from]);
        out.gap_sigma[k] = std::min(k > 0 ? gap(from, from + 1) : HUGE_VAL,
                                    from > 0 ? gap(from, from - 1) : HUGE_VAL);
    }
    return out;
}

/// Blocks of fresh modes that the data can't tell apart: of like parity, gap below 4 sampling errors.
std::array<int, kModes> OnlinePca::blocks(const Spectrum& fresh, double count) const noexcept {
    const double error = std::sqrt(2.0 / count);
    const auto& variance = fresh.variance;
    std::array<int, kModes> block{};
    for (std::size_t k = 0; k < kModes; ++k) {
        block[k] = static_cast<int>(k);
        for (std::size_t m = k; m-- > 0;) {
            const bool close =
                variance[m] - variance[k] < 4 * error * std::hypot(variance[m], variance[k]);
            const auto a = static_cast<Eigen::Index>(m), b = static_cast<Eigen::Index>(k);
            if (close &&
                (!parity_ || is_odd(fresh.vectors.col(a)) == is_odd(fresh.vectors.col(b)))) {
                block[k] = block[m];
                break;
            }
        }
    }
    return block;
}

void OnlinePca::align(Spectrum& fresh, double count) const noexcept {
    using Overlaps = Eigen::Matrix<double, kModes, kModes>;
    const auto source = successors(fresh.vectors);
    const auto block = blocks(fresh, count);
    const Spectrum unordered = fresh;
    for (int b = 0; b < kModes; ++b) {
        std::array<Eigen::Index, kModes> slots{};
        Eigen::Index size = 0;
        Basis mine = Basis::Zero(unordered.vectors.rows(), kModes), target = mine;
        for (std::size_t to = 0; to < kModes; ++to) {
            const auto from = static_cast<std::size_t>(source[to]);
            if (block[from] == b) {
                mine.col(size) = unordered.vectors.col(static_cast<Eigen::Index>(from));
                target.col(size) = modes_.loadings.col(static_cast<Eigen::Index>(to));
                fresh.variance[to] = unordered.variance[from];
                fresh.gap_sigma[to] = unordered.gap_sigma[from];
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
            fresh.vectors.col(slots[static_cast<std::size_t>(s)]) =
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
            zigzag > kMoreThanTranslation
                ? candidates[1]
                : *std::max_element(candidates.begin(), candidates.end(),
                                    [](auto& a, auto& b) { return a.overlap < b.overlap; });
        modes_.name[m] = best.overlap > 0.7 ? best.name : ModeName::unnamed;
        modes_.overlap[m] = best.overlap;
    }
}

/// The even modes and the odd ones, merged by their variance.
OnlinePca::Spectrum OnlinePca::solve_halves(const Square& c, double count) const noexcept {
    std::array<Spectrum, 2> part;
    for (std::size_t odd = 0; odd < 2; ++odd) {
        const double sign = odd == 1 ? 1 : -1;
        part[odd] = solve(half(c, sign), count);
        part[odd].vectors = whole(part[odd].vectors, sign);
    }
    Spectrum out{Basis(c.rows(), kModes), {}, {}};
    std::array<std::size_t, 2> next{};
    for (std::size_t k = 0; k < kModes; ++k) {
        const std::size_t from = part[0].variance[next[0]] >= part[1].variance[next[1]] ? 0 : 1;
        const std::size_t source = next[from]++;
        out.vectors.col(static_cast<Eigen::Index>(k)) =
            part[from].vectors.col(static_cast<Eigen::Index>(source));
        out.variance[k] = part[from].variance[source];
        out.gap_sigma[k] = part[from].gap_sigma[source];
    }
    return out;
}

bool OnlinePca::update(const OnlineCovariance& set) noexcept {
    if (set.count() < kMinCount) {
        return false;
    }
    const Square c = set.scatter() / (set.count() - 1);
    Spectrum fresh = parity_ ? solve_halves(c, set.count()) : solve(c, set.count());
    for (int k = 0; k < kModes; ++k) {
        fresh.vectors.col(k) *= conventional_sign(fresh.vectors.col(k));
    }
    if (modes_.count > 0) {
        align(fresh, set.count());
    }
    const double total = std::max(c.trace(), 1e-300);
    modes_.count = std::llround(set.count());
    modes_.mean = set.mean();
    modes_.loadings = fresh.vectors;
    modes_.variance = fresh.variance;
    modes_.gap_sigma = fresh.gap_sigma;
    for (std::size_t k = 0; k < kModes; ++k) {
        modes_.explained[k] = modes_.variance[k] / total;
    }
    name();
    return true;
}

}  // namespace dwellmap
