// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "atoms/mixture.hpp"
#include "base/helper.hpp"
#include "dwellmap/config.hpp"
#include "dwellmap/types.hpp"

#include <initializer_list>
#include <vector>

namespace dwellmap {

/// Which cations are of the second species.
///
/// Contrast A (σ is common, so A σ² orders alike) of the cation sites: mixture of two Gaussians,
///   p(A) = (1−x) N(A; m_1, s_1²) + x N(A; m_2, s_2²),
/// with x the expected composition where it is given, else fitted and kept only if it is better by BIC and
/// the two are 3 sigma apart. The species is the more probable one: the paper's "threshold adjusted to the bulk
/// composition" done optimally. The literal rule (the fraction x of the brightest) is a choice, and a check that warns.
///
/// The search from several starts is for the first complete frame. From then on the fit goes on from the last complete
/// frame's, and the search is repeated where that no longer describes the contrasts: the two are not apart (free) or a mean has
/// moved by more than 2 sigma (given), or a column is less likely by e^0.1. One species stays one, without a search,
/// while skewness and kurtosis are within 4 standard errors of what they were when it was found.
/// Cost O(cations · iterations). The constructor allocates, run() does not.
class SpeciesSorter {
public:
    SpeciesSorter(const SpecimenConfig& specimen, const SpeciesConfig& config,
                  std::size_t max_atoms);

    /// @param composition  expected fraction of the second species, NaN: not given
    /// @param keep         a complete frame: the next ones go on from it
    /// @param generic      in: the specimen is not the configured one; out: also where the contrasts' ratio is not
    ///                     (Z_2/Z_1)^1.7 of the configured species. Then the second species is the minority
    /// @param atoms        in: cations are species_first; out: species, p_second
    /// @param notes        out: bits are added
    SpeciesResult run(double composition, bool keep, bool& generic, std::vector<Atom>& atoms,
                      std::uint32_t& notes, Helper& helper = no_helper()) noexcept;

private:
    struct Shape {
        double mean = 0, sigma = 0, skewness = 0, kurtosis = 0, count = 0;
    };
    /// What the last complete frame had.
    struct Known {
        int species = 0;  // 0: nothing is known
        Mixture mixture{};
        double likelihood = 0;  // log, a column
        Shape shape;            // of the one species when it was found
    };

    void collect(std::vector<Atom>& atoms, Helper& helper) noexcept;
    Shape shape() const noexcept;
    bool find_mixture(double bright, Known& found, Helper& helper) noexcept;
    bool go_on(double bright, Known& found, Helper& helper) const noexcept;
    Mixture best_mixture(std::initializer_list<double> fractions_bright,
                         bool fixed_weights) const noexcept;
    double quantile(double fraction_dark) noexcept;
    double set_threshold(const Mixture& m, bool second_is_bright, SpeciesResult& result) noexcept;
    struct Rule {
        LogOdds odds;
        bool second_is_bright;
        double threshold;
    };
    struct Count {
        std::int64_t all = 0, second = 0;  // cations
    };
    static Count label_part(const Rule& rule, std::size_t first, std::size_t last,
                            std::vector<Atom>& atoms) noexcept;
    static void label(const Mixture& m, bool second_is_bright, double threshold,
                      SpeciesResult& result, std::vector<Atom>& atoms, Helper& helper) noexcept;
    bool quantile_differs(const SpeciesResult& result) const noexcept;

    bool second_is_brighter_;
    double contrast_ratio_;  // second over first, from the atomic numbers
    bool literal_quantile_;
    std::vector<double> contrast_, scratch_;  // of the cations at hand
    Known known_;
};

}  // namespace dwellmap
