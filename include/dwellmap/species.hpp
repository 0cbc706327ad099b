// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/config.hpp"
#include "dwellmap/types.hpp"

#include <initializer_list>
#include <string>
#include <vector>

namespace dwellmap {

/// Atomic number of an element symbol ("Re"), of the first element in a column's name ("S2", "Se2"); 0: not one.
int atomic_number(const std::string& name) noexcept;

/// Which cations are of the second species.
///
/// Contrast A (σ is common, so A σ² orders alike) of the cation sites: mixture of two Gaussians,
///   p(A) = (1−x) N(A; m_1, s_1²) + x N(A; m_2, s_2²),
/// with x the expected composition where it is given, else fitted and kept only if it is better by BIC and
/// the two are 3 sigma apart. The species is the more probable one: the paper's "threshold adjusted to the bulk
/// composition" done optimally. The literal rule (the fraction x of the brightest) is a choice, and a check that warns.
/// Cost O(cations · iterations). The constructor allocates, run() does not.
class SpeciesSorter {
public:
    SpeciesSorter(const SpecimenConfig& specimen, const SpeciesConfig& config,
                  std::size_t max_atoms);

    /// @param composition  expected fraction of the second species, NaN: not given
    /// @param atoms        in: cations are species_first; out: species, p_second
    /// @param notes        out: bits are added
    /// @param generic      in: the specimen is not the configured one; out: also where the contrasts' ratio is not
    ///                     (Z_2/Z_1)^1.7 of the configured species. Then the second species is the minority
    SpeciesResult run(double composition, bool& generic, std::vector<Atom>& atoms,
                      std::uint32_t& notes) noexcept;

private:
    struct Mixture {
        double weight[2], mean[2], variance[2];  // 0: darker, 1: brighter
        double log_likelihood = 0;
    };

    Mixture start(double fraction_bright, double margin) const noexcept;
    Mixture best_mixture(std::initializer_list<double> fractions_bright,
                         bool fixed_weights) const noexcept;
    void maximise(Mixture& m, bool fixed_weights) const noexcept;
    bool two_species(const Mixture& m) const noexcept;
    void label(const Mixture& m, bool second_is_bright, SpeciesResult& result,
               std::vector<Atom>& atoms) const noexcept;

    bool second_is_brighter_;
    double contrast_ratio_;  // second over first, from the atomic numbers
    bool literal_quantile_;
    std::vector<double> contrast_;  // of the cations, ascending
};

}  // namespace dwellmap
