// SPDX-License-Identifier: Apache-2.0
// How SiteFinder grows the first sublattice: from peak to peak, part after part, and over the gaps.
#include "columns/sites.hpp"

#include <Eigen/LU>

#include <algorithm>
#include <cmath>

namespace dwellmap {
namespace {

constexpr float kLinkTolerance = 0.25F;  // of a: other sublattices are 0.577 a away
constexpr float kVectorGain = 0.3F;      // how fast the local vectors follow what is found
constexpr int kGapNeighbours = 3;

}  // namespace

/// Indices of the lattice site that a peak stands at, to within 0.25 a.
bool SiteFinder::site_of(const Peak& peak, const Lattice& lattice, int& i, int& j) const noexcept {
    Eigen::Matrix2d basis;
    basis << lattice.a1_px, lattice.a2_px;
    const Eigen::Vector2d r = Eigen::Vector2d(peak.x_px, peak.y_px) - origin_px_;
    const Eigen::Vector2d index = basis.inverse() * r;
    i = static_cast<int>(std::lround(index.x()));
    j = static_cast<int>(std::lround(index.y()));
    return (r - basis * Eigen::Vector2d(i, j)).norm() < kLinkTolerance * lattice.a_px;
}

/// The free peak with the most lattice neighbours (at least four, six for a further part) that is, together with them, the highest above
/// background; -1: none. Once a part of the lattice is known, only peaks near its other sites are looked at.
int SiteFinder::seed(const std::vector<Peak>& peaks, const Lattice& lattice) const noexcept {
    const Eigen::Vector2f a1 = lattice.a1_px.cast<float>(), a2 = lattice.a2_px.cast<float>();
    const auto tolerance = static_cast<float>(kLinkTolerance * lattice.a_px);
    const auto at = [&](std::size_t k) -> const Peak& { return peaks[k]; };
    const auto free = [&](std::size_t k) { return taken_[k] == 0; };
    int best = -1, best_support = queue_.empty() ? 3 : 5;  // must be beaten
    float best_height = 0;
    for (std::size_t k = 0; k < peaks.size(); ++k) {
        int i0 = 0, j0 = 0;
        if (taken_[k] != 0 || (!queue_.empty() && !site_of(peaks[k], lattice, i0, j0))) {
            continue;
        }
        const auto height = [&](const Peak& p) {
            return p.height - background_.at(p.x_px, p.y_px);
        };
        int support = 0;
        float sum = height(peaks[k]);
        for (const auto& [i, j] : kSixNeighbours) {
            const Eigen::Vector2f want = Eigen::Vector2f(peaks[k].x_px, peaks[k].y_px) +
                                         static_cast<float>(i) * a1 + static_cast<float>(j) * a2;
            const int neighbour = peak_grid_.nearest(want.x(), want.y(), tolerance, at, free);
            if (neighbour >= 0) {
                ++support;
                sum += height(peaks[static_cast<std::size_t>(neighbour)]);
            }
        }
        if (support > best_support || (support == best_support && sum > best_height)) {
            best = static_cast<int>(k);
            best_support = support;
            best_height = sum;
        }
    }
    return best;
}

/// Begins a part of the lattice at the best free peak. @return false: there is none
bool SiteFinder::begin_part(const std::vector<Peak>& peaks, const Lattice& lattice,
                            std::vector<Atom>& atoms, Cells& cells) noexcept {
    const int first = seed(peaks, lattice);
    int i = 0, j = 0;
    if (first < 0) {
        return false;
    }
    const Peak& p = peaks[static_cast<std::size_t>(first)];
    if (!queue_.empty()) {
        site_of(p, lattice, i, j);
    }
    taken_[static_cast<std::size_t>(first)] = 1;
    const auto atom = static_cast<std::int32_t>(atoms.size());
    if (!cells.contains(i, j) || cells.at(i, j, 0) >= 0 ||
        !add(p.x_px, p.y_px, Site::cation, i, j, atoms)) {
        return true;  // that peak is spent; the next call looks further
    }
    origin_px_ = queue_.empty() ? Eigen::Vector2d(p.x_px, p.y_px) : origin_px_;
    cells.set(i, j, 0, atom);
    queue_.push_back({atom, lattice.a1_px.cast<float>(), lattice.a2_px.cast<float>()});
    return true;
}

void SiteFinder::try_step(const std::vector<Peak>& peaks, const Lattice& lattice, const Node& from,
                          const std::array<int, 2>& step, std::vector<Atom>& atoms,
                          Cells& cells) noexcept {
    const Atom& start = atoms[static_cast<std::size_t>(from.atom)];
    const int i = start.i + step[0], j = start.j + step[1];
    if (!cells.contains(i, j) || cells.at(i, j, 0) >= 0) {
        return;
    }
    const Eigen::Vector2f vector =
        static_cast<float>(step[0]) * from.a1 + static_cast<float>(step[1]) * from.a2;
    const Eigen::Vector2f want = position(start) + vector;
    const auto at = [&](std::size_t k) -> const Peak& { return peaks[k]; };
    const auto free = [&](std::size_t k) { return taken_[k] == 0; };
    const auto a = static_cast<float>(lattice.a_px);
    const int found = peak_grid_.nearest(want.x(), want.y(), kLinkTolerance * a, at, free);
    if (found < 0) {
        return;
    }
    const Peak& p = peaks[static_cast<std::size_t>(found)];
    const Eigen::Vector2f surprise = kVectorGain * (Eigen::Vector2f(p.x_px, p.y_px) - want);
    Node node = from;
    const auto both = static_cast<float>(step[0] * step[0] + step[1] * step[1]);
    const auto follow = [&](Eigen::Vector2f& local, const Eigen::Vector2d& global, int sign) {
        local += static_cast<float>(sign) / both * surprise;
        const Eigen::Vector2f away = local - global.cast<float>();
        local -= away * std::max(0.0F, 1 - 0.15F * a /
                                               std::max(away.norm(),
                                                        1e-6F));  // never far from the global one
    };
    follow(node.a1, lattice.a1_px, step[0]);
    follow(node.a2, lattice.a2_px, step[1]);
    node.atom = static_cast<std::int32_t>(atoms.size());
    if (add(p.x_px, p.y_px, Site::cation, i, j, atoms)) {
        taken_[static_cast<std::size_t>(found)] = 1;
        cells.set(i, j, 0, node.atom);
        queue_.push_back(node);
    }
}

void SiteFinder::grow(const std::vector<Peak>& peaks, const Lattice& lattice,
                      std::vector<Atom>& atoms, Cells& cells) noexcept {
    for (std::size_t head = grown_; head < queue_.size(); ++head) {
        const Node node = queue_[head];
        for (const auto& step : kSixNeighbours) {
            try_step(peaks, lattice, node, step, atoms, cells);
        }
    }
    grown_ = queue_.size();
}

/// Sites without a peak, predicted by the mean of the known neighbours: two rounds, so that pairs of gaps close.
void SiteFinder::fill_gaps(const Lattice& lattice, std::vector<Atom>& atoms,
                           Cells& cells) noexcept {
    const auto a = static_cast<float>(lattice.a_px);
    for (int round = 0; round < 2; ++round) {
        const std::size_t known = queue_.size();
        for (std::size_t k = 0; k < known; ++k) {
            for (const auto& step : kSixNeighbours) {
                const Atom from = atoms[static_cast<std::size_t>(queue_[k].atom)];
                const int i = from.i + step[0], j = from.j + step[1];
                if (!cells.contains(i, j) || cells.at(i, j, 0) >= 0) {
                    continue;
                }
                Node node{static_cast<std::int32_t>(atoms.size()), Eigen::Vector2f::Zero(),
                          Eigen::Vector2f::Zero()};
                Eigen::Vector2f sum(0, 0);
                int n = 0;
                for (const auto& [di, dj] : kSixNeighbours) {
                    const int neighbour = cells.at(i + di, j + dj, 0);
                    if (neighbour >= 0 && static_cast<std::size_t>(neighbour) < queue_.size()) {
                        const Node& other = queue_[static_cast<std::size_t>(neighbour)];
                        sum += position(atoms[static_cast<std::size_t>(neighbour)]) -
                               static_cast<float>(di) * other.a1 -
                               static_cast<float>(dj) * other.a2;
                        node.a1 += other.a1;
                        node.a2 += other.a2;
                        ++n;
                    }
                }
                const Eigen::Vector2f at = sum / static_cast<float>(n);
                const float edge = std::min({at.x(), at.y(), static_cast<float>(cols_px_) - at.x(),
                                             static_cast<float>(rows_in_) - at.y()});
                if (n >= (edge < a ? 2 : kGapNeighbours) &&
                    add(at.x(), at.y(), Site::cation, i, j, atoms)) {
                    node.a1 /= static_cast<float>(n);
                    node.a2 /= static_cast<float>(n);
                    cells.set(i, j, 0, node.atom);
                    queue_.push_back(node);
                }
            }
        }
    }
}

/// Least squares r = r0 + i a1 + j a2 over the first sublattice.
void SiteFinder::fit_lattice(const std::vector<Atom>& atoms, Lattice& lattice) noexcept {
    Eigen::Matrix3d normal = Eigen::Matrix3d::Zero();
    Eigen::Matrix<double, 3, 2> right = Eigen::Matrix<double, 3, 2>::Zero();
    for (const Node& node : queue_) {
        const Atom& a = atoms[static_cast<std::size_t>(node.atom)];
        const Eigen::Vector3d row(1, a.i, a.j);
        normal += row * row.transpose();
        right += row * Eigen::RowVector2d(a.x_px, a.y_px);
    }
    const Eigen::Matrix<double, 3, 2> fit = normal.inverse() * right;
    if (queue_.size() >= kFewestCations && fit.allFinite()) {
        origin_px_ = fit.row(0);
        lattice.a1_px = fit.row(1);
        lattice.a2_px = fit.row(2);
        describe(lattice);
    }
}

}  // namespace dwellmap
