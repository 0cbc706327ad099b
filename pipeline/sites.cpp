// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/sites.hpp"

#include "dwellmap/buffers.hpp"

#include <Eigen/LU>

#include <algorithm>
#include <cmath>

namespace dwellmap {
namespace {

constexpr float kLinkTolerance = 0.25F;  // of a: other sublattices are 0.577 a away
constexpr float kTakenRadius = 0.35F;    // of a: no further column so near to a site
constexpr float kVectorGain = 0.3F;      // how fast the local vectors follow what is found
constexpr int kGapNeighbours = 3;
constexpr int kMostParts = 32;  // of a lattice cut by lost rows, tears, holes
constexpr std::size_t kFewestCations = 7;

Eigen::Vector2f position(const Atom& a) noexcept { return {a.x_px, a.y_px}; }

}  // namespace

SiteFinder::SiteFinder(int rows_px, int cols_px, std::size_t max_peaks)
    : rows_px_(rows_px),
      cols_px_(cols_px),
      peak_grid_(rows_px, cols_px, 2.0, max_peaks),
      background_(rows_px, cols_px) {
    make_room(taken_, max_peaks);
    make_room(queue_, max_peaks);
}

float SiteFinder::value(const Image& f, float x_px, float y_px) const noexcept {
    const float fx = std::clamp(x_px, 0.0F, static_cast<float>(cols_px_ - 1));
    const float fy = std::clamp(y_px, 0.0F, static_cast<float>(rows_in_ - 1));
    const int x = std::min(static_cast<int>(fx), cols_px_ - 2),
              y = std::min(static_cast<int>(fy), rows_in_ - 2);
    const float u = fx - static_cast<float>(x), v = fy - static_cast<float>(y);
    return (1 - v) * ((1 - u) * f(y, x) + u * f(y, x + 1)) +
           v * ((1 - u) * f(y + 1, x) + u * f(y + 1, x + 1));
}

bool SiteFinder::add(float x_px, float y_px, Site site, int i, int j,
                     std::vector<Atom>& atoms) noexcept {
    const bool inside = x_px >= 0 && y_px >= 0 && x_px <= static_cast<float>(cols_px_ - 1) &&
                        y_px <= static_cast<float>(rows_in_ - 1);
    if (!inside || atoms.size() == atoms.capacity()) {
        return false;
    }
    Atom a;
    a.x_px = x_px;
    a.y_px = y_px;
    a.site = site;
    a.i = static_cast<std::int16_t>(i);
    a.j = static_cast<std::int16_t>(j);
    a.background = background_.at(x_px, y_px);
    a.amplitude = std::max(0.0F, value(*filtered_, x_px, y_px) - a.background);
    atoms.push_back(a);
    return true;
}

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

/// Mean of the corners of a triangle of the cell of `a`; false where one is missing.
bool SiteFinder::centre(const Atom& a, const Triangle& triangle, const std::vector<Atom>& atoms,
                        const Cells& cells, Eigen::Vector2f& at) noexcept {
    at.setZero();
    for (const auto& [di, dj] : triangle.corner) {
        const int k = cells.at(a.i + di, a.j + dj, 0);
        if (k < 0) {
            return false;
        }
        at += position(atoms[static_cast<std::size_t>(k)]) / 3;
    }
    return true;
}

/// Whether the centres of the triangles of one orientation hold columns: they are brighter than the other orientation's
/// centres (by 6 standard errors), or at least than the bridges half-way between two cations.
std::array<bool, 2> SiteFinder::occupied_triangles(const Image& filtered,
                                                   const std::vector<Atom>& atoms,
                                                   const Cells& cells) const noexcept {
    double sum = 0, sum2 = 0, n = 0;
    std::array<double, 2> over_bridge{};
    for (std::size_t k = 0; k < queue_.size(); ++k) {
        Eigen::Vector2f up, down;
        if (centre(atoms[k], kTriangles[0], atoms, cells, up) &&
            centre(atoms[k], kTriangles[1], atoms, cells, down)) {
            const double u = value(filtered, up.x(), up.y()),
                         d = value(filtered, down.x(), down.y());
            const Eigen::Vector2f middle = (up + down) / 2;  // of the edge the two triangles share
            const double bridge = value(filtered, middle.x(), middle.y());
            sum += u - d;
            sum2 += (u - d) * (u - d);
            over_bridge[0] += u - bridge;
            over_bridge[1] += d - bridge;
            ++n;
        }
    }
    if (n < 4) {
        return {false, false};
    }
    const double t =
        sum / std::sqrt(std::max(sum2 - sum * sum / n, 1e-30));  // mean over its standard error
    return {over_bridge[0] > 0 || t > 6, over_bridge[1] > 0 || t < -6};
}

/// A column at the centre of every triangle of this orientation, at its peak if it has one.
void SiteFinder::fill_triangles(const Triangle& triangle, const std::vector<Peak>& peaks,
                                const Lattice& lattice, std::vector<Atom>& atoms,
                                Cells& cells) noexcept {
    const auto at = [&](std::size_t k) -> const Peak& { return peaks[k]; };
    const auto free = [&](std::size_t k) { return taken_[k] == 0; };
    for (std::size_t k = 0; k < queue_.size(); ++k) {
        for (const auto& [ci, cj] :
             triangle
                 .corner) {  // from any of its corners: at the border the cell's own may be missing
            Atom cell = atoms[k];
            cell.i = static_cast<std::int16_t>(cell.i - ci);
            cell.j = static_cast<std::int16_t>(cell.j - cj);
            Eigen::Vector2f c;
            if (!cells.contains(cell.i, cell.j) || cells.at(cell.i, cell.j, triangle.site) >= 0 ||
                !centre(cell, triangle, atoms, cells, c)) {
                continue;
            }
            const int peak =
                peak_grid_.nearest(c.x(), c.y(), static_cast<float>(0.2 * lattice.a_px), at, free);
            if (peak >= 0) {
                taken_[static_cast<std::size_t>(peak)] = 1;
                c = {peaks[static_cast<std::size_t>(peak)].x_px,
                     peaks[static_cast<std::size_t>(peak)].y_px};
            }
            if (add(c.x(), c.y(), Site::anion, cell.i, cell.j, atoms)) {
                cells.set(cell.i, cell.j, triangle.site, static_cast<int>(atoms.size()) - 1);
            }
        }
    }
}

void SiteFinder::add_others(const std::vector<Peak>& peaks, const Lattice& lattice,
                            double threshold, std::vector<Atom>& atoms) noexcept {
    const auto at_peak = [&](std::size_t k) -> const Peak& { return peaks[k]; };
    const auto near = static_cast<float>(kTakenRadius * lattice.a_px);
    for (const Atom& a : atoms) {  // peaks near a column are part of it
        for (int k = 0; k >= 0;) {
            k = peak_grid_.nearest(a.x_px, a.y_px, near, at_peak,
                                   [&](std::size_t p) { return taken_[p] == 0; });
            if (k >= 0) {
                taken_[static_cast<std::size_t>(k)] = 1;
            }
        }
    }
    mean_height_ = 0;
    for (const Node& n : queue_) {
        mean_height_ +=
            atoms[static_cast<std::size_t>(n.atom)].amplitude / static_cast<double>(queue_.size());
    }
    for (std::size_t k = 0; k < peaks.size(); ++k) {
        const Peak& p = peaks[k];
        const float above = p.height - background_.at(p.x_px, p.y_px);
        if (taken_[k] == 0 && above > threshold * mean_height_) {
            add(p.x_px, p.y_px, Site::other, 0, 0, atoms);
        }
    }
}

bool SiteFinder::run(const Image& filtered, int rows_in, const std::vector<Peak>& peaks,
                     double threshold, Lattice& lattice, std::vector<Atom>& atoms,
                     Cells& cells) noexcept {
    rows_in_ = rows_in;
    filtered_ = &filtered;
    atoms.clear();
    cells.clear();
    queue_.clear();
    grown_ = 0;
    taken_.assign(peaks.size(), 0);
    if (peaks.empty() || !lattice.found || rows_in < 2) {
        return false;
    }
    background_.estimate(filtered, rows_in, lattice.a_px);
    peak_grid_.build(peaks.size(), 0.5 * lattice.a_px,
                     [&](std::size_t k) -> const Peak& { return peaks[k]; });
    // part after part: lost rows, tears and holes cut the lattice, but not its phase
    for (int part = 0; part < kMostParts && begin_part(peaks, lattice, atoms, cells); ++part) {
        grow(peaks, lattice, atoms, cells);
        fit_lattice(atoms, lattice);
    }
    if (queue_.empty()) {
        return false;
    }
    fill_gaps(lattice, atoms, cells);
    const auto occupied = occupied_triangles(filtered, atoms, cells);
    for (std::size_t kind = 0; kind < kTriangles.size(); ++kind) {
        if (occupied[kind]) {
            fill_triangles(kTriangles[kind], peaks, lattice, atoms, cells);
        }
    }
    add_others(peaks, lattice, threshold, atoms);
    return queue_.size() >= kFewestCations;
}

}  // namespace dwellmap
