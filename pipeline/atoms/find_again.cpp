// SPDX-License-Identifier: Apache-2.0
#include "atoms/find_again.hpp"

#include "base/fisher_z.hpp"

#include <Eigen/LU>

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <cstdint>
#include <numbers>

namespace dwellmap {
namespace {

constexpr double kFewestMatched = 0.3;  // of the frame's cations
constexpr double kFewestPairs = 10;     // of either species
constexpr double kAdvantage = 5;        // standard errors of z
constexpr std::size_t kSample = 600;    // cations that decide between cells
constexpr double kFarthest = 2000;      // cells from the origin

/// A cation by its unit cell.
struct Cation {
    int i = 0, j = 0;
    std::uint8_t kind = 0;  // 1: second species
};

/// The cations of one lattice, their cells counted from its origin.
class Crystal {
public:
    /// @param at cells
    void add(const Eigen::Vector2d& at, std::int8_t species) {
        const bool known = species == species_first || species == species_second;
        if (known && at.cwiseAbs().maxCoeff() < kFarthest) {  // false for NaN
            places_.push_back(at);
            cations_.push_back({0, 0, static_cast<std::uint8_t>(species == species_second)});
            turn_i_ += std::polar(1.0, 2 * std::numbers::pi * at.x());
            turn_j_ += std::polar(1.0, 2 * std::numbers::pi * at.y());
        }
    }

    /// When all are there.
    void count_cells() {
        origin_ = Eigen::Vector2d(std::arg(turn_i_), std::arg(turn_j_)) / (2 * std::numbers::pi);
        for (std::size_t k = 0; k < cations_.size(); ++k) {
            const Eigen::Vector2d cell = places_[k] - origin_;
            Cation& c = cations_[k];
            c.i = static_cast<int>(std::lround(cell.x()));
            c.j = static_cast<int>(std::lround(cell.y()));
            least_ = least_.cwiseMin(Eigen::Vector2i(c.i, c.j));
            most_ = most_.cwiseMax(Eigen::Vector2i(c.i, c.j));
        }
    }

    const std::vector<Cation>& cations() const noexcept { return cations_; }
    const Eigen::Vector2d& origin() const noexcept { return origin_; }  // cells, in ±1/2
    const Eigen::Vector2i& least() const noexcept { return least_; }
    const Eigen::Vector2i& most() const noexcept { return most_; }

private:
    std::vector<Eigen::Vector2d> places_;
    std::vector<Cation> cations_;
    std::complex<double> turn_i_{0, 0}, turn_j_{0, 0};
    Eigen::Vector2d origin_{0, 0};
    Eigen::Vector2i least_{0, 0}, most_{0, 0};
};

/// Kinds of cations, to be looked up by cell.
class KindGrid {
public:
    static constexpr std::uint8_t nothing = 2;

    explicit KindGrid(const Crystal& crystal)
        : least_(crystal.least()), size_(crystal.most() - crystal.least() + Eigen::Vector2i(1, 1)) {
        kind_.assign(static_cast<std::size_t>(size_.x()) * static_cast<std::size_t>(size_.y()),
                     nothing);
        for (const Cation& c : crystal.cations()) {
            kind_[index(c.i - least_.x(), c.j - least_.y())] = c.kind;
        }
    }

    std::uint8_t at(int i, int j) const noexcept {
        i -= least_.x();
        j -= least_.y();
        const bool inside = i >= 0 && j >= 0 && i < size_.x() && j < size_.y();
        return inside ? kind_[index(i, j)] : nothing;
    }

private:
    std::size_t index(int i, int j) const noexcept {
        return static_cast<std::size_t>(i) * static_cast<std::size_t>(size_.y()) +
               static_cast<std::size_t>(j);
    }

    Eigen::Vector2i least_, size_;
    std::vector<std::uint8_t> kind_;
};

/// Cations that meet: [2 · kind in the field + kind in the frame].
class Pairs {
public:
    /// Every `stride`-th cation of the frame with the one of the field that is `shift` cells before it.
    Pairs(const KindGrid& field, const std::vector<Cation>& frame, std::size_t stride,
          const Eigen::Vector2i& shift) {
        std::array<int, 6> n{};
        for (std::size_t k = 0; k < frame.size(); k += stride) {
            const Cation& c = frame[k];
            ++n[std::size_t{2} * field.at(c.i - shift.x(), c.j - shift.y()) + c.kind];
        }
        std::copy_n(n.begin(), n_.size(), n_.begin());
    }

    double count() const noexcept { return n_[0] + n_[1] + n_[2] + n_[3]; }
    double fewest_alike() const noexcept { return std::min(n_[0], n_[3]); }
    double correlation() const noexcept {
        const double scale = std::sqrt((n_[0] + n_[1]) * (n_[2] + n_[3])) *
                             std::sqrt((n_[0] + n_[2]) * (n_[1] + n_[3]));
        return scale > 0 ? (n_[0] * n_[3] - n_[1] * n_[2]) / scale : 0;
    }
    double z() const noexcept { return fisher_z(correlation()); }
    double z_variance() const noexcept { return fisher_z_variance(count()); }

private:
    std::array<double, 4> n_{};
};

struct Candidate {
    Eigen::Vector2i shift{0, 0};  // cells
    double z = 0, variance = 1;
};

/// Every cell in which field and frame share enough.
std::vector<Candidate> candidates(const KindGrid& grid, const Crystal& field,
                                  const Crystal& frame) {
    const auto& cations = frame.cations();
    const std::size_t stride = cations.size() / kSample + 1;
    const std::size_t sampled = cations.size() / stride;
    const Eigen::Vector2i from = frame.least() - field.most(), to = frame.most() - field.least();
    std::vector<Candidate> all;
    for (int i = from.x(); i <= to.x(); ++i) {
        for (int j = from.y(); j <= to.y(); ++j) {
            const Pairs pairs(grid, cations, stride, {i, j});
            if (pairs.count() >= kFewestMatched * static_cast<double>(sampled)) {
                all.push_back({{i, j}, pairs.z(), pairs.z_variance()});
            }
        }
    }
    return all;
}

/// The most significant one, if it is clearly better than each of the others.
std::optional<Eigen::Vector2i> best_shift(const std::vector<Candidate>& all) {
    const auto best = std::max_element(all.begin(), all.end(), [](const auto& a, const auto& b) {
        return a.z / std::sqrt(a.variance) < b.z / std::sqrt(b.variance);
    });
    const auto rivals = std::count_if(all.begin(), all.end(), [&](const Candidate& c) {
        return best->z - c.z < kAdvantage * std::sqrt(best->variance + c.variance);
    });
    return rivals == 1 ? std::optional(best->shift) : std::nullopt;  // itself
}

}  // namespace

std::optional<Eigen::Vector2d> find_again(const FieldOfView& field, double length_per_px,
                                          const std::vector<Atom>& atoms, const Lattice& lattice) {
    Eigen::Matrix2d cell_px;
    cell_px << lattice.a1_px, lattice.a2_px;
    const Eigen::Matrix2d cells_per_px = cell_px.inverse();
    Crystal stored, frame;
    for (std::size_t k = 0; k < field.size(); ++k) {
        stored.add(cells_per_px * Eigen::Vector2d(field.x[k], field.y[k]) / length_per_px,
                   field.species[k]);
    }
    for (const Atom& a : atoms) {
        if (a.site == Site::cation && (a.flags & flag_edge) == 0) {
            frame.add(cells_per_px * Eigen::Vector2d(a.x_px, a.y_px), a.species);
        }
    }
    stored.count_cells();
    frame.count_cells();
    const KindGrid grid(stored);
    const auto shift = best_shift(candidates(grid, stored, frame));
    if (!shift) {
        return std::nullopt;
    }
    const Pairs pairs(grid, frame.cations(), 1, *shift);
    const bool same = pairs.fewest_alike() >= kFewestPairs;
    const Eigen::Vector2d cells = shift->cast<double>() + frame.origin() - stored.origin();
    return same ? std::optional<Eigen::Vector2d>(cell_px * cells) : std::nullopt;
}

}  // namespace dwellmap
