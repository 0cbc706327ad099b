// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/species.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <numbers>
#include <string_view>

namespace dwellmap {
namespace {

constexpr std::size_t kFewest = 20;  // cations: below, no mixture
constexpr double kContrastTolerance =
    0.6;  // of the expected ratio: beyond, these are other elements
constexpr double kContrastExponent = 1.7;  // contrast ~ Z^1.7

double log_normal(double x, double mean, double variance) noexcept {
    return -0.5 * (std::log(2 * std::numbers::pi * variance) + (x - mean) * (x - mean) / variance);
}

}  // namespace

int atomic_number(const std::string& name) noexcept {
    constexpr std::array<std::string_view, 103> symbols{
        "H",  "He", "Li", "Be", "B",  "C",  "N",  "O",  "F",  "Ne", "Na", "Mg", "Al", "Si", "P",
        "S",  "Cl", "Ar", "K",  "Ca", "Sc", "Ti", "V",  "Cr", "Mn", "Fe", "Co", "Ni", "Cu", "Zn",
        "Ga", "Ge", "As", "Se", "Br", "Kr", "Rb", "Sr", "Y",  "Zr", "Nb", "Mo", "Tc", "Ru", "Rh",
        "Pd", "Ag", "Cd", "In", "Sn", "Sb", "Te", "I",  "Xe", "Cs", "Ba", "La", "Ce", "Pr", "Nd",
        "Pm", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu", "Hf", "Ta", "W",  "Re",
        "Os", "Ir", "Pt", "Au", "Hg", "Tl", "Pb", "Bi", "Po", "At", "Rn", "Fr", "Ra", "Ac", "Th",
        "Pa", "U",  "Np", "Pu", "Am", "Cm", "Bk", "Cf", "Es", "Fm", "Md", "No", "Lr"};
    const bool two = name.size() > 1 && std::islower(static_cast<unsigned char>(name[1])) != 0;
    const auto at =
        std::find(symbols.begin(), symbols.end(), std::string_view(name).substr(0, two ? 2 : 1));
    return at == symbols.end() ? 0 : static_cast<int>(at - symbols.begin()) + 1;
}

SpeciesSorter::SpeciesSorter(const SpecimenConfig& specimen, const SpeciesConfig& config,
                             std::size_t max_atoms)
    : second_is_brighter_(atomic_number(specimen.species[1]) >= atomic_number(specimen.species[0])),
      contrast_ratio_(std::pow(static_cast<double>(atomic_number(specimen.species[1])) /
                                   atomic_number(specimen.species[0]),
                               kContrastExponent)),
      literal_quantile_(config.rule == "quantile") {
    contrast_.reserve(max_atoms);
}

/// Two halves of the sorted contrasts, cut where the mean spread inside them is least; `fraction_bright` places the
/// cut to within `margin`, a negative one leaves it free.
SpeciesSorter::Mixture SpeciesSorter::start(double fraction_bright, double margin) const noexcept {
    const auto n = contrast_.size();
    std::size_t low = 1, high = n - 1;
    if (fraction_bright >= 0) {
        low = static_cast<std::size_t>(
            std::clamp((1 - fraction_bright - margin) * static_cast<double>(n), 1.0,
                       static_cast<double>(n - 1)));
        high = static_cast<std::size_t>(
            std::clamp((1 - fraction_bright + margin) * static_cast<double>(n), 1.0,
                       static_cast<double>(n - 1)));
    }
    double total = 0, total2 = 0, left = 0, left2 = 0, best = 0;
    for (const double c : contrast_) {
        total += c;
        total2 += c * c;
    }
    Mixture m{};
    bool found = false;
    for (std::size_t k = 1; k <= high; ++k) {
        left += contrast_[k - 1];
        left2 += contrast_[k - 1] * contrast_[k - 1];
        const auto a = static_cast<double>(k), b = static_cast<double>(n - k);
        const double within =
            (left2 - left * left / a) + (total2 - left2 - (total - left) * (total - left) / b);
        if (k >= low && (!found || within < best)) {
            found = true;
            best = within;
            m = {{a / static_cast<double>(n), b / static_cast<double>(n)},
                 {left / a, (total - left) / b},
                 {left2 / a - left * left / (a * a),
                  (total2 - left2) / b - (total - left) * (total - left) / (b * b)}};
        }
    }
    return m;
}

/// Expectation-maximisation until the means stand still.
void SpeciesSorter::maximise(Mixture& m, bool fixed_weights) const noexcept {
    const auto n = static_cast<double>(contrast_.size());
    double sum = 0, sum2 = 0;
    for (const double c : contrast_) {
        sum += c;
        sum2 += c * c;
    }
    const double spread2 = std::max(sum2 / n - sum * sum / (n * n), 1e-300);
    for (double& v : m.variance) {
        v = std::max(v, 1e-4 * spread2);
    }
    for (int iteration = 0; iteration < 200; ++iteration) {
        double n1 = 0, s0 = 0, s1 = 0, q0 = 0, q1 = 0;
        m.log_likelihood = 0;
        const double base0 =
            std::log(m.weight[0]) - 0.5 * std::log(2 * std::numbers::pi * m.variance[0]);
        const double base1 =
            std::log(m.weight[1]) - 0.5 * std::log(2 * std::numbers::pi * m.variance[1]);
        for (const double c : contrast_) {
            const double l0 = base0 - 0.5 * (c - m.mean[0]) * (c - m.mean[0]) / m.variance[0];
            const double l1 = base1 - 0.5 * (c - m.mean[1]) * (c - m.mean[1]) / m.variance[1];
            const double e = std::exp(-std::abs(l1 - l0));
            const double p = l1 > l0 ? 1 / (1 + e) : e / (1 + e);
            m.log_likelihood += std::max(l0, l1) + std::log1p(e);
            n1 += p;
            s1 += p * c;
            q1 += p * c * c;
            s0 += (1 - p) * c;
            q0 += (1 - p) * c * c;
        }
        const double n0 = std::max(n - n1, 1e-9);
        n1 = std::max(n1, 1e-9);
        const double moved = std::max(std::abs(s0 / n0 - m.mean[0]), std::abs(s1 / n1 - m.mean[1]));
        m.mean[0] = s0 / n0;
        m.mean[1] = s1 / n1;
        m.variance[0] = std::max(q0 / n0 - m.mean[0] * m.mean[0], 1e-4 * spread2);
        m.variance[1] = std::max(q1 / n1 - m.mean[1] * m.mean[1], 1e-4 * spread2);
        if (!fixed_weights) {
            m.weight[0] = n0 / n;
            m.weight[1] = n1 / n;
        }
        if (moved * moved < 1e-14 * spread2) {
            break;
        }
    }
}

/// The likeliest of the mixtures that the starts lead to: a rare species is not found from a cut in the middle.
SpeciesSorter::Mixture SpeciesSorter::best_mixture(std::initializer_list<double> fractions_bright,
                                                   bool fixed_weights) const noexcept {
    Mixture best{};
    bool first = true;
    for (const double fraction : fractions_bright) {
        Mixture m = start(fraction, fixed_weights ? 0.15 : 0.01);
        if (fixed_weights) {
            m.weight[0] = 1 - fraction;
            m.weight[1] = fraction;
        }
        maximise(m, fixed_weights);
        if (first || m.log_likelihood > best.log_likelihood) {
            best = m;
            first = false;
        }
    }
    return best;
}

/// Is the mixture better than one Gaussian by BIC, and are its parts apart?
bool SpeciesSorter::two_species(const Mixture& m) const noexcept {
    const auto n = static_cast<double>(contrast_.size());
    double mean = 0, variance = 0;
    for (const double c : contrast_) {
        mean += c / n;
    }
    for (const double c : contrast_) {
        variance += (c - mean) * (c - mean) / n;
    }
    double one = 0;
    for (const double c : contrast_) {
        one += log_normal(c, mean, variance);
    }
    const bool better = -2 * m.log_likelihood + 5 * std::log(n) < -2 * one + 2 * std::log(n) - 10;
    const bool apart =
        m.mean[1] - m.mean[0] > 3 * std::sqrt(std::max(m.variance[0], m.variance[1]));
    return better && apart && std::min(m.weight[0], m.weight[1]) * n > 2.5;
}

void SpeciesSorter::label(const Mixture& m, bool second_is_bright, SpeciesResult& result,
                          std::vector<Atom>& atoms) const noexcept {
    const int first = second_is_bright ? 0 : 1, second = 1 - first;
    result.mean_first = m.mean[first];
    result.sigma_first = std::sqrt(m.variance[first]);
    result.mean_second = m.mean[second];
    result.sigma_second = std::sqrt(m.variance[second]);
    const auto log_odds_bright = [&](double c) {
        const double inside =
            std::clamp(c, m.mean[0], m.mean[1]);  // beyond the means it can only get surer
        return std::log(m.weight[1] / m.weight[0]) + log_normal(inside, m.mean[1], m.variance[1]) -
               log_normal(inside, m.mean[0], m.variance[0]);
    };
    double low = m.mean[0], high = m.mean[1];
    for (int k = 0; k < 60; ++k) {
        const double middle = 0.5 * (low + high);
        (log_odds_bright(middle) > 0 ? high : low) = middle;
    }
    double threshold = 0.5 * (low + high);
    const double x = result.expected_second;
    if (std::isfinite(x)) {
        const double dark = (second_is_bright ? 1 - x : x) * static_cast<double>(contrast_.size());
        const auto k = static_cast<std::size_t>(
            std::clamp(std::lround(dark), 0L, static_cast<long>(contrast_.size()) - 1));
        result.quantile_threshold =
            k == 0 ? contrast_.front() : 0.5 * (contrast_[k - 1] + contrast_[k]);
        threshold = literal_quantile_ ? result.quantile_threshold : threshold;
    }
    result.threshold = threshold / result.mean_first;
    std::int64_t cations = 0, seconds = 0;
    for (Atom& a : atoms) {
        if (a.site != Site::cation || a.species == species_vacancy) {
            continue;
        }
        const bool bright = a.amplitude > threshold;
        a.species = bright == second_is_bright ? species_second : species_first;
        const double p_bright = 1 / (1 + std::exp(-log_odds_bright(a.amplitude)));
        a.p_second = static_cast<float>(second_is_bright ? p_bright : 1 - p_bright);
        if ((a.flags & (flag_edge | flag_misfit)) == 0) {
            ++cations;
            seconds += a.species == species_second ? 1 : 0;
        }
    }
    result.fraction_second =
        cations > 0 ? static_cast<double>(seconds) / static_cast<double>(cations) : 0;
}

SpeciesResult SpeciesSorter::run(double composition, bool& generic, std::vector<Atom>& atoms,
                                 std::uint32_t& notes) noexcept {
    SpeciesResult result;
    result.expected_second = composition;
    contrast_.clear();
    for (Atom& a : atoms) {
        a.p_second = kNaN;
        if (a.species == species_first && (a.flags & (flag_edge | flag_misfit)) == 0) {
            contrast_.push_back(a.amplitude);
        }
    }
    std::sort(contrast_.begin(), contrast_.end());
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
    const double bright = second_is_brighter_ ? composition : 1 - composition;
    const Mixture m =
        given ? best_mixture({bright}, true) : best_mixture({-1, 0.01, 0.05, 0.95, 0.99}, false);
    if (!given && !two_species(m)) {
        notes |= note_one_species;
        result.fraction_second = 0;
        double sum = 0, sum2 = 0;
        for (const double c : contrast_) {
            sum += c;
            sum2 += c * c;
        }
        const auto n = static_cast<double>(contrast_.size());
        result.mean_first = sum / n;
        result.sigma_first =
            std::sqrt(std::max(0.0, sum2 / n - result.mean_first * result.mean_first));
        return result;
    }
    const double ratio = second_is_brighter_ ? m.mean[1] / m.mean[0] : m.mean[0] / m.mean[1];
    generic = generic || !(ratio > kContrastTolerance * contrast_ratio_ &&
                           ratio < contrast_ratio_ / kContrastTolerance);
    const bool second_is_bright =
        generic && !given ? m.weight[1] <= m.weight[0] : second_is_brighter_;
    label(m, second_is_bright, result, atoms);
    if (given) {
        std::size_t differ = 0;
        const double mixture = result.threshold * result.mean_first;
        for (const double c : contrast_) {
            differ += (c > mixture) != (c > result.quantile_threshold) ? 1 : 0;
        }
        if (100 * differ > contrast_.size()) {
            notes |= note_quantile_differs;
        }
    }
    return result;
}

}  // namespace dwellmap
