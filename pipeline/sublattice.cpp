// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/sublattice.hpp"

#include <algorithm>
#include <array>

namespace dwellmap {
namespace {

constexpr float kAlike = 0.9F;     // of the brighter sublattice's amplitude
constexpr float kAbsent = 0.3F;    // of its sublattice's amplitude
constexpr float kSignificant = 3;  // standard errors

/// Of the three sites of its cell, the one this column stands at; -1: at none.
int site_of(const Atom& a, std::size_t index, const Cells& cells) noexcept {
    for (int site = 0; a.site != Site::other && site < Cells::sites; ++site) {
        if (cells.at(a.i, a.j, site) == static_cast<int>(index)) {
            return site;
        }
    }
    return -1;
}

}  // namespace

SublatticeSorter::SublatticeSorter(const SpecimenConfig& specimen, std::size_t max_atoms)
    : cations_are_darker_(specimen.brighter == "anions") {
    amplitudes_.reserve(max_atoms);
}

/// Median amplitude of a sublattice; 0: it is not there.
float SublatticeSorter::brightness(const std::vector<Atom>& atoms, const Cells& cells,
                                   int site) noexcept {
    amplitudes_.clear();
    std::size_t significant = 0;
    for (std::size_t k = 0; k < atoms.size(); ++k) {
        if (site_of(atoms[k], k, cells) == site) {
            amplitudes_.push_back(atoms[k].amplitude);
            significant += (atoms[k].flags & flag_weak) == 0 ? 1 : 0;
        }
    }
    if (2 * significant <= amplitudes_.size()) {
        return 0;
    }
    const auto middle = amplitudes_.begin() + static_cast<std::ptrdiff_t>(amplitudes_.size() / 2);
    std::nth_element(amplitudes_.begin(), middle, amplitudes_.end());
    return *middle;
}

void SublatticeSorter::run(std::vector<Atom>& atoms, Cells& cells, std::uint32_t& notes) noexcept {
    auto& bright = typical_;
    for (int site = 0; site < Cells::sites; ++site) {
        bright[static_cast<std::size_t>(site)] = brightness(atoms, cells, site);
    }
    auto order = bright;
    std::sort(order.rbegin(), order.rend());
    const float cation = cations_are_darker_ && order[1] > 0 ? order[1] : order[0];
    cells.cation_site =
        static_cast<int>(std::find(bright.begin(), bright.end(), cation) - bright.begin());
    if (order[1] == 0) {
        notes |= note_no_anions;
    } else if (order[1] > kAlike * order[0]) {
        notes |= note_sublattices_alike;
    }
    std::size_t kept = 0;
    for (std::size_t k = 0; k < atoms.size(); ++k) {
        Atom a = atoms[k];
        const int site = site_of(a, k, cells);
        if (site >= 0 && site != cells.cation_site && bright[static_cast<std::size_t>(site)] == 0) {
            cells.set(a.i, a.j, site, -1);
            continue;
        }
        a.species = species_unknown;
        if (site >= 0) {
            cells.set(a.i, a.j, site, static_cast<int>(kept));
            a.site = site == cells.cation_site ? Site::cation : Site::anion;
            label(site, a);
        }
        atoms[kept++] = a;
    }
    atoms.resize(kept);
}

void SublatticeSorter::label(int site, Atom& a) const noexcept {
    const float typical = typical_[static_cast<std::size_t>(site)];
    const bool absent =
        a.amplitude < kAbsent * typical && a.amplitude < typical - kSignificant * a.se_amplitude;
    a.species = absent ? species_vacancy : a.site == Site::cation ? species_first : species_anion;
    a.flags = static_cast<std::uint16_t>(a.flags | (absent ? flag_weak : 0));
}

void SublatticeSorter::find_vacancies(const Cells& cells, std::vector<Atom>& atoms) const noexcept {
    for (std::size_t k = 0; k < atoms.size(); ++k) {
        const int site = site_of(atoms[k], k, cells);
        if (site >= 0) {
            label(site, atoms[k]);
        }
    }
}

}  // namespace dwellmap
