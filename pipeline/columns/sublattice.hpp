// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/cells.hpp"
#include "base/helper.hpp"
#include "dwellmap/config.hpp"
#include "dwellmap/types.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace dwellmap {

/// Which sublattice holds the cations, and which sites are vacant.
///
/// A sublattice is there if more than half of its columns are significant (3 standard errors); the columns of one that is not
/// are removed. The cations are the brighter one (or, where the configuration says so, the next). A site is vacant if its
/// amplitude is below 30 % of its sublattice's median, and by three standard errors: a faint column in a noisy image is no
/// vacancy. Cost linear. The constructor allocates, run() does not.
class SublatticeSorter {
public:
    SublatticeSorter(const SpecimenConfig& specimen, std::size_t max_atoms);

    /// @param atoms  in: i, j, amplitude and its error, flags; out: site, species (first, anion, vacancy, unknown)
    /// @param cells  out: cation_site; columns that were removed are gone, others renumbered
    void run(std::vector<Atom>& atoms, Cells& cells) noexcept;

    /// Before a frame whose columns are expected, and so their sublattices.
    void begin() noexcept;

    /// Its columns [first, last) against the amplitudes of the frame before; each column once. Two halves may run at the same time.
    /// @param atoms  out: species, as above
    void find_vacancies(int half, const Cells& cells, std::size_t first, std::size_t last,
                        std::vector<Atom>& atoms) noexcept;

    /// The amplitudes of its sublattices, for the next one.
    void measure() noexcept;

    /// Bits of Note, of the sublattices measured last.
    std::uint32_t notes() const noexcept;

private:
    struct alignas(kCacheLine) Sublattice {
        std::vector<float> amplitudes;
        std::size_t significant = 0;
    };

    using Sample = std::array<Sublattice, Cells::sites>;

    static void add(int site, const Atom& a, Sample& sample) noexcept;
    float brightness(const Sublattice& s) noexcept;
    std::array<float, Cells::sites> in_order() const noexcept;

    void label(int site, Atom& a) const noexcept;

    bool cations_are_darker_;
    std::array<float, Cells::sites> typical_{};  // amplitude of each sublattice, 0: it is not there
    std::array<Sample, 2> samples_;              // of the two halves
    std::vector<std::int8_t> site_;              // [atoms] of its cell, -1: none
    std::vector<float> scratch_;
};

}  // namespace dwellmap
