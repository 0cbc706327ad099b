// SPDX-License-Identifier: Apache-2.0
#include "columns/sites.hpp"

#include "base/buffers.hpp"

#include <algorithm>
#include <cmath>

namespace dwellmap {
namespace {

constexpr float kTakenRadius = 0.35F;  // of a: no further column so near to a site
constexpr int kMostParts = 32;         // of a lattice cut by lost rows, tears, holes

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
