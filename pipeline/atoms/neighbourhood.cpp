// SPDX-License-Identifier: Apache-2.0
#include "atoms/neighbourhood.hpp"

#include "atoms/patterns.hpp"
#include "base/buffers.hpp"
#include "base/vectorise.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

namespace dwellmap {
namespace {

constexpr std::size_t kMost = 24;
constexpr std::uint8_t kNeither = 16;  // more than all of them can add up to

/// To be summed: a second-species cation is 1, a first-species one 0, anything else spoils the sum.
std::uint8_t kind_of(std::int8_t species) noexcept {
    return species == species_first ? 0 : species == species_second ? 1 : kNeither;
}

/// LatticeFrame::turn() of n offsets: stored as vectors, or whoever loads them as such has to wait.
DWELLMAP_VECTORISE void turn(const float* px, const LatticeFrame& frame, int n,
                             double* __restrict out) noexcept {
    const double c = frame.c, s = frame.s;
    for (int k = 0; k < n; ++k) {
        const double x = px[2 * k], y = px[2 * k + 1];
        out[2 * k] = c * x - s * y;
        out[2 * k + 1] = -s * x - c * y;
    }
}

}  // namespace

Neighbourhoods::Neighbourhoods(int neighbours, std::size_t max_atoms) : neighbours_(neighbours) {
    for (const auto& [i, j] : neighbour_sites(kMost)) {
        sites_.push_back({i, j, 0, 0});
    }
    make_room(there_, max_atoms);
    make_room(inner_, max_atoms);
    make_room(offsets_px_, max_atoms * dim());
    make_room(variances_px2_, max_atoms * (2 + dim()));
    make_room(kind_, max_atoms);
}

void Neighbourhoods::place_sites(const Lattice& lattice) noexcept {
    for (Place& site : sites_) {
        const Eigen::Vector2d r = site.i * lattice.a1_px + site.j * lattice.a2_px;
        site.x_px = static_cast<float>(r.x());
        site.y_px = static_cast<float>(r.y());
    }
    const auto reach_px = kTolerance * static_cast<float>(lattice.a_px);
    reach2_px2_ = reach_px * reach_px;
}

/// @return how many of the 24 sites have their column, up to the first that is missing, unusable or far from its site
int Neighbourhoods::gather_one(const Cells& cells, const std::vector<Atom>& atoms,
                               std::size_t k) noexcept {
    const Atom& centre = atoms[k];
    float* offset = offsets_px_.data() + k * dim();
    float* variance = variances_px2_.data() + k * (2 + dim());
    const auto put_variance = [&](const Atom& a) {
        *variance++ = a.se_x_px * a.se_x_px;
        *variance++ = a.se_y_px * a.se_y_px;
    };
    put_variance(centre);
    int there = 0;
    for (const Place& site : sites_) {
        const int neighbour = cells.at(centre.i + site.i, centre.j + site.j, cells.cation_site);
        const bool there_yet = static_cast<std::size_t>(neighbour) < atoms.size();  // not if -1
        if (!there_yet || !usable(atoms[static_cast<std::size_t>(neighbour)])) {
            break;
        }
        const Atom& other = atoms[static_cast<std::size_t>(neighbour)];
        const float x = other.x_px - centre.x_px, y = other.y_px - centre.y_px;
        const float dx = x - site.x_px, dy = y - site.y_px;
        if (!(dx * dx + dy * dy < reach2_px2_)) {
            break;
        }
        if (there < kInner) {
            inner_[k][static_cast<std::size_t>(there)] = neighbour;
        }
        if (there < neighbours_) {
            *offset++ = x;
            *offset++ = y;
            put_variance(other);
        }
        ++there;
    }
    return there;
}

void Neighbourhoods::gather(const Cells& cells, const Lattice& lattice,
                            const std::vector<Atom>& atoms, std::size_t first, std::size_t last,
                            Helper& helper) noexcept {
    if (there_.size() < last) {  // never shrinks: only the first frame pays for it
        there_.resize(last);
        inner_.resize(last);
        offsets_px_.resize(last * dim());
        variances_px2_.resize(last * (2 + dim()));
    }
    place_sites(lattice);
    helper.halves(last - first, [&](int, std::size_t from, std::size_t to) {
        for (std::size_t k = first + from; k < first + to; ++k) {
            const Atom& a = atoms[k];
            const int there = a.site == Site::cation && usable(a) ? gather_one(cells, atoms, k) : 0;
            there_[k] = static_cast<std::uint8_t>(there);
        }
    });
}

void Neighbourhoods::set_patterns(const Lattice& lattice) noexcept {
    const Patterns& ideal = ideal_patterns();
    Patterns::Vector perfect;
    for (Eigen::Index s = 0; s < 6; ++s) {
        const auto& [i, j, x, y] = sites_[static_cast<std::size_t>(s)];
        const Eigen::Vector2d r_px = i * lattice.a1_px + j * lattice.a2_px;
        perfect.segment<2>(2 * s) = frame_.turn(r_px.x(), r_px.y());
    }
    patterns_.clear(12);
    int lane = 0;
    for (const auto* p : {&ideal.isotropic, &ideal.zigzag[0], &ideal.zigzag[1], &ideal.zigzag[2]}) {
        patterns_.set(lane++, frame_, p->data(), p->dot(perfect));
    }
}

/// Second-species cations among the neighbours [first, last); -1: not all of them are there and of a known species.
int Neighbourhoods::count_second(std::size_t atom, int first, int last) const noexcept {
    if (there_[atom] < last) {
        return -1;
    }
    int sum = 0;
    for (int k = first; k < last; ++k) {
        sum += kind_[static_cast<std::size_t>(inner_[atom][static_cast<std::size_t>(k)])];
    }
    return sum < kNeither ? sum : -1;
}

float Neighbourhoods::se_zigzag(std::size_t atom) const noexcept {
    return std::sqrt(patterns_.variances(variances_px2(atom))[1]);
}

void Neighbourhoods::score(std::size_t atom, Scores& scores) const noexcept {
    const auto value = patterns_.values(offsets_px(atom));
    const auto variance = patterns_.variances(variances_px2(atom));
    std::size_t strongest = 0;
    for (std::size_t r = 0; r < 3; ++r) {
        scores.zigzag[r] = static_cast<float>(value[1 + r]);
        strongest = std::abs(scores.zigzag[r]) > std::abs(scores.zigzag[strongest]) ? r : strongest;
    }
    scores.isotropic = static_cast<float>(value[0]);
    scores.se_isotropic = std::sqrt(variance[0]);
    scores.order_parameter = std::abs(scores.zigzag[strongest]);
    scores.se_order_parameter = std::sqrt(variance[1 + strongest]);
}

void Neighbourhoods::measure_one(std::size_t atom, Atom& a) const noexcept {
    const int there = there_[atom];
    a.n = static_cast<std::int8_t>(count_second(atom, 0, 6));
    a.complete = static_cast<std::uint8_t>((there >= 6 ? 1 : 0) | (there >= 12 ? 2 : 0) |
                                           (there >= 24 ? 4 : 0));
}

Neighbourhoods::Clusters Neighbourhoods::measure(const Lattice& lattice, double length_per_px,
                                                 std::vector<Atom>& atoms,
                                                 Helper& helper) noexcept {
    frame_ = {length_per_px * std::cos(lattice.rotation_rad),
              length_per_px * std::sin(lattice.rotation_rad)};
    set_patterns(lattice);
    kind_.resize(atoms.size());
    helper.halves(atoms.size(), [&](int, std::size_t first, std::size_t last) {
        for (std::size_t k = first; k < last; ++k) {
            kind_[k] = kind_of(atoms[k].species);
        }
    });
    std::array<Clusters, 2> clusters{};
    helper.halves(atoms.size(), [&](int half, std::size_t first, std::size_t last) {
        Clusters& mine = clusters[static_cast<std::size_t>(half)];
        for (std::size_t k = first; k < last; ++k) {
            measure_one(k, atoms[k]);
            if (atoms[k].n >= 0 && kind_[k] < kNeither) {
                ++mine[static_cast<std::size_t>(atoms[k].n + kind_[k])];
            }
        }
    });
    std::transform(clusters[0].begin(), clusters[0].end(), clusters[1].begin(), clusters[0].begin(),
                   std::plus<>());
    return clusters[0];
}

Neighbourhoods::Offsets Neighbourhoods::offsets(std::size_t atom) const noexcept {
    Offsets r(2 * neighbours_);
    turn(offsets_px(atom), frame_, neighbours_, r.data());
    return r;
}

}  // namespace dwellmap
