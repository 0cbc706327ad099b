// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/species.hpp"

#include "dwellmap/buffers.hpp"
#include "dwellmap/elements.hpp"
#include "nth_smallest.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace dwellmap {
namespace {

constexpr std::size_t kFewest = 20;  // cations: below, no mixture
constexpr double kContrastTolerance =
    0.6;  // of the expected ratio: beyond, these are other elements
constexpr double kContrastExponent = 1.7;  // contrast ~ Z^1.7
constexpr double kFarMean = 2;             // sigma: a mixture that moved so far is another one
constexpr double kWorse = 0.1;             // log likelihood, a column
constexpr double kSameShape = 4;           // standard errors
constexpr std::size_t kAtOnce = 64;        // cations

bool spoiled(const Atom& a) noexcept { return (a.flags & (flag_edge | flag_misfit)) != 0; }

}  // namespace

SpeciesSorter::SpeciesSorter(const SpecimenConfig& specimen, const SpeciesConfig& config,
                             std::size_t max_atoms)
    : second_is_brighter_(atomic_number(specimen.species[1]) >= atomic_number(specimen.species[0])),
      contrast_ratio_(std::pow(static_cast<double>(atomic_number(specimen.species[1])) /
                                   atomic_number(specimen.species[0]),
                               kContrastExponent)),
      literal_quantile_(config.rule == "quantile") {
    make_room(contrast_, max_atoms);
    make_room(scratch_, max_atoms);
}

void SpeciesSorter::collect(std::vector<Atom>& atoms, Helper& helper) noexcept {
    helper.halves(atoms.size(), [&](int half, std::size_t first, std::size_t last) {
        auto& contrast = half == 0 ? contrast_ : scratch_;
        contrast.clear();
        for (std::size_t k = first; k < last; ++k) {
            Atom& a = atoms[k];
            a.p_second = kNaN;
            if (a.species == species_first && !spoiled(a)) {
                contrast.push_back(a.amplitude);
            }
        }
    });
    contrast_.insert(contrast_.end(), scratch_.begin(), scratch_.end());
}

SpeciesSorter::Shape SpeciesSorter::shape() const noexcept {
    Shape s;
    s.count = static_cast<double>(contrast_.size());
    for (const double c : contrast_) {
        s.mean += c / s.count;
    }
    double m2 = 0, m3 = 0, m4 = 0;
    for (const double c : contrast_) {
        const double d = c - s.mean, d2 = d * d;
        m2 += d2;
        m3 += d * d2;
        m4 += d2 * d2;
    }
    const double variance = std::max(m2 / s.count, 1e-300);
    s.sigma = std::sqrt(variance);
    s.skewness = m3 / s.count / (variance * s.sigma);
    s.kurtosis = m4 / s.count / (variance * variance);
    return s;
}

/// The likeliest of the mixtures that the starts lead to: a rare species is not found from a cut in the middle.
Mixture SpeciesSorter::best_mixture(std::initializer_list<double> fractions_bright,
                                    bool fixed_weights) const noexcept {
    Mixture best{};
    bool first = true;
    for (const double fraction : fractions_bright) {
        Mixture m = cut(contrast_, fraction, fixed_weights ? 0.15 : 0.01);
        if (fixed_weights) {
            m.weight[0] = 1 - fraction;
            m.weight[1] = fraction;
        }
        maximise(contrast_, fixed_weights, m);
        if (first || m.log_likelihood > best.log_likelihood) {
            best = m;
            first = false;
        }
    }
    return best;
}

/// From the last complete frame's answer, if that still describes the contrasts.
bool SpeciesSorter::go_on(double bright, Known& found, Helper& helper) const noexcept {
    const bool given = std::isfinite(bright);
    found = known_;
    if (known_.species == 1 && !given) {
        const Shape now = shape();
        const double error2 =
            1 / now.count + 1 / known_.shape.count;  // of a Gaussian's: 6, 24 times
        return std::abs(now.skewness - known_.shape.skewness) <
                   kSameShape * std::sqrt(6 * error2) &&
               std::abs(now.kurtosis - known_.shape.kurtosis) < kSameShape * std::sqrt(24 * error2);
    }
    if (known_.species != 2) {
        return false;
    }
    Mixture& m = found.mixture;
    if (given) {
        m.weight[0] = 1 - bright;
        m.weight[1] = bright;
    }
    maximise(contrast_, given, m, helper);
    found.likelihood = m.log_likelihood / static_cast<double>(contrast_.size());
    const auto near = [&](int k) {
        return std::abs(m.mean[k] - known_.mixture.mean[k]) <
               kFarMean * std::sqrt(known_.mixture.variance[k]);
    };
    return found.likelihood > known_.likelihood - kWorse &&
           (given ? near(0) && near(1) : is_twofold(contrast_, m));
}

/// @param bright fraction of the brighter species, NaN: not given
/// @return false: there is one species
bool SpeciesSorter::find_mixture(double bright, Known& found, Helper& helper) noexcept {
    if (!go_on(bright, found, helper)) {
        const bool given = std::isfinite(bright);
        std::sort(contrast_.begin(), contrast_.end());
        const Mixture m = given ? best_mixture({bright}, true)
                                : best_mixture({-1, 0.01, 0.05, 0.95, 0.99}, false);
        found = {given || is_twofold(contrast_, m) ? 2 : 1, m,
                 m.log_likelihood / static_cast<double>(contrast_.size()), shape()};
    }
    return found.species == 2;
}

/// Between the given fraction of the darkest and the others.
double SpeciesSorter::quantile(double fraction_dark) noexcept {
    const auto n = contrast_.size();
    const auto dark = static_cast<std::size_t>(std::clamp(
        std::lround(fraction_dark * static_cast<double>(n)), 0L, static_cast<long>(n) - 1));
    const auto [below, above] = nth_smallest(contrast_, dark, scratch_);
    return 0.5 * (below + above);
}

/// @return the contrast between them, counts
double SpeciesSorter::set_threshold(const Mixture& m, bool second_is_bright,
                                    SpeciesResult& result) noexcept {
    const int first = second_is_bright ? 0 : 1, second = 1 - first;
    result.mean_first = m.mean[first];
    result.sigma_first = std::sqrt(m.variance[first]);
    result.mean_second = m.mean[second];
    result.sigma_second = std::sqrt(m.variance[second]);
    const LogOdds log_odds_bright(m);
    double low = m.mean[0], high = m.mean[1];
    for (int k = 0; k < 60; ++k) {
        const double middle = 0.5 * (low + high);
        (log_odds_bright(middle) > 0 ? high : low) = middle;
    }
    double threshold = 0.5 * (low + high);
    const double x = result.expected_second;
    if (std::isfinite(x)) {
        result.quantile_threshold = quantile(second_is_bright ? 1 - x : x);
        threshold = literal_quantile_ ? result.quantile_threshold : threshold;
    }
    result.threshold = threshold / result.mean_first;
    return threshold;
}

/// Species of the cations, and the fraction of the second one.
void SpeciesSorter::label(const Mixture& m, bool second_is_bright, double threshold,
                          SpeciesResult& result, std::vector<Atom>& atoms,
                          Helper& helper) noexcept {
    const Rule rule{LogOdds(m), second_is_bright, threshold};
    std::array<Count, 2> halves;
    helper.halves(atoms.size(), [&](int half, std::size_t first, std::size_t last) {
        halves[static_cast<std::size_t>(half)] = label_part(rule, first, last, atoms);
    });
    const auto all = halves[0].all + halves[1].all, second = halves[0].second + halves[1].second;
    result.fraction_second = all > 0 ? static_cast<double>(second) / static_cast<double>(all) : 0;
}

SpeciesSorter::Count SpeciesSorter::label_part(const Rule& rule, std::size_t first,
                                               std::size_t last,
                                               std::vector<Atom>& atoms) noexcept {
    Count count;
    std::array<std::size_t, kAtOnce> at{};
    std::array<float, kAtOnce> contrast{}, p_second{};
    for (std::size_t k = first; k < last;) {
        std::size_t n = 0;
        for (; k < last && n < kAtOnce; ++k) {
            if (atoms[k].site == Site::cation && atoms[k].species != species_vacancy) {
                contrast[n] = atoms[k].amplitude;
                at[n++] = k;
            }
        }
        rule.odds.probabilities(contrast.data(), n, rule.second_is_bright, p_second.data());
        for (std::size_t c = 0; c < n; ++c) {
            Atom& a = atoms[at[c]];
            const bool second = (a.amplitude > rule.threshold) == rule.second_is_bright;
            a.species = second ? species_second : species_first;
            a.p_second = p_second[c];
            count.all += spoiled(a) ? 0 : 1;
            count.second += second && !spoiled(a) ? 1 : 0;
        }
    }
    return count;
}

/// Would the literal rule label more than 1 % otherwise?
bool SpeciesSorter::quantile_differs(const SpeciesResult& result) const noexcept {
    std::size_t differ = 0;
    const double mixture = result.threshold * result.mean_first;
    for (const double c : contrast_) {
        differ += (c > mixture) != (c > result.quantile_threshold) ? 1 : 0;
    }
    return 100 * differ > contrast_.size();
}

SpeciesResult SpeciesSorter::run(double composition, bool keep, bool& generic,
                                 std::vector<Atom>& atoms, std::uint32_t& notes,
                                 Helper& helper) noexcept {
    SpeciesResult result;
    result.expected_second = composition;
    collect(atoms, helper);
    const bool given = std::isfinite(composition);
    const bool pure = given && (composition <= 0 || composition >= 1);
    if (contrast_.size() < kFewest || pure) {
        notes |= note_one_species;
        result.fraction_second = pure ? composition : 0;
        for (Atom& a : atoms) {
            a.species = a.species == species_first && pure && composition >= 1
                            ? static_cast<std::int8_t>(species_second)
                            : a.species;
        }
        return result;
    }
    Known found;
    const bool two =
        find_mixture(second_is_brighter_ ? composition : 1 - composition, found, helper);
    known_ = keep ? found : known_;
    if (!two) {
        const Shape one = shape();
        notes |= note_one_species;
        result.fraction_second = 0;
        result.mean_first = one.mean;
        result.sigma_first = one.sigma;
        return result;
    }
    const Mixture& m = found.mixture;
    const double ratio = second_is_brighter_ ? m.mean[1] / m.mean[0] : m.mean[0] / m.mean[1];
    generic = generic || !(ratio > kContrastTolerance * contrast_ratio_ &&
                           ratio < contrast_ratio_ / kContrastTolerance);
    const bool second_is_bright =
        generic && !given ? m.weight[1] <= m.weight[0] : second_is_brighter_;
    const double threshold = set_threshold(m, second_is_bright, result);
    label(m, second_is_bright, threshold, result, atoms, helper);
    if (given && quantile_differs(result)) {
        notes |= note_quantile_differs;
    }
    return result;
}

}  // namespace dwellmap
