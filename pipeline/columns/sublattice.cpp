// SPDX-License-Identifier: Apache-2.0
#include "columns/sublattice.hpp"

#include "base/buffers.hpp"
#include "base/nth_smallest.hpp"

#include <algorithm>
#include <array>

namespace dwellmap {
namespace {

constexpr float kAlike = 0.9F;     // of the brighter sublattice's amplitude
constexpr float kAbsent = 0.3F;    // of its sublattice's amplitude
constexpr float kSignificant = 3;  // standard errors

}  // namespace

SublatticeSorter::SublatticeSorter(const SpecimenConfig& specimen, std::size_t max_atoms)
    : cations_are_darker_(specimen.brighter == "anions") {
    for (Sample& sample : samples_) {
        for (Sublattice& s : sample) {
            make_room(s.amplitudes, max_atoms);
        }
    }
    make_room(site_, max_atoms);
    make_room(scratch_, max_atoms);
}

void SublatticeSorter::begin() noexcept {
    for (Sample& sample : samples_) {
        for (Sublattice& s : sample) {
            s.amplitudes.clear();
            s.significant = 0;
        }
    }
}

void SublatticeSorter::add(int site, const Atom& a, Sample& sample) noexcept {
    Sublattice& s = sample[static_cast<std::size_t>(site)];
    s.amplitudes.push_back(a.amplitude);
    s.significant += (a.flags & flag_weak) == 0 ? 1 : 0;
}

/// Median amplitude of a sublattice; 0: it is not there.
float SublatticeSorter::brightness(const Sublattice& s) noexcept {
    return 2 * s.significant > s.amplitudes.size()
               ? nth_smallest(s.amplitudes, s.amplitudes.size() / 2, scratch_)[1]
               : 0;
}

void SublatticeSorter::measure() noexcept {
    for (std::size_t site = 0; site < typical_.size(); ++site) {
        Sublattice& all = samples_[0][site];
        const Sublattice& other = samples_[1][site];
        all.amplitudes.insert(all.amplitudes.end(), other.amplitudes.begin(),
                              other.amplitudes.end());
        all.significant += other.significant;
        typical_[site] = brightness(all);
    }
}

/// From the brightest on.
std::array<float, Cells::sites> SublatticeSorter::in_order() const noexcept {
    auto order = typical_;
    std::sort(order.rbegin(), order.rend());
    return order;
}

std::uint32_t SublatticeSorter::notes() const noexcept {
    const auto order = in_order();
    if (order[1] == 0) {
        return note_no_anions;
    }
    return order[1] > kAlike * order[0] ? note_sublattices_alike : 0U;
}

void SublatticeSorter::run(std::vector<Atom>& atoms, Cells& cells) noexcept {
    begin();
    site_.clear();
    for (std::size_t k = 0; k < atoms.size(); ++k) {
        const int site = cells.site_of(atoms[k], k);
        site_.push_back(static_cast<std::int8_t>(site));
        if (site >= 0) {
            add(site, atoms[k], samples_[0]);
        }
    }
    measure();
    const auto order = in_order();
    const float cation = cations_are_darker_ && order[1] > 0 ? order[1] : order[0];
    cells.cation_site =
        static_cast<int>(std::find(typical_.begin(), typical_.end(), cation) - typical_.begin());
    std::size_t kept = 0;
    for (std::size_t k = 0; k < atoms.size(); ++k) {
        const int site = site_[k];
        if (site >= 0 && site != cells.cation_site &&
            typical_[static_cast<std::size_t>(site)] == 0) {
            cells.set(atoms[k].i, atoms[k].j, site, -1);
            continue;
        }
        if (kept < k) {
            atoms[kept] = atoms[k];
        }
        Atom& a = atoms[kept];
        a.species = species_unknown;
        if (site >= 0) {
            cells.set(a.i, a.j, site, static_cast<int>(kept));
            a.site = site == cells.cation_site ? Site::cation : Site::anion;
            label(site, a);
        }
        ++kept;
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

void SublatticeSorter::find_vacancies(int half, const Cells& cells, std::size_t first,
                                      std::size_t last, std::vector<Atom>& atoms) noexcept {
    for (std::size_t k = first; k < last; ++k) {
        const int site = cells.site_of(atoms[k], k);
        if (site >= 0) {
            label(site, atoms[k]);
            add(site, atoms[k], samples_[static_cast<std::size_t>(half)]);
        }
    }
}

}  // namespace dwellmap
