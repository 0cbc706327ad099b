// SPDX-License-Identifier: Apache-2.0
#include "views/cluster_statistics.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

using namespace dwellmap;

namespace {

/// Triangular lattice of side × side sites that closes on itself; 1 is the second species.
class Alloy {
public:
    Alloy(int side, double x, unsigned seed) : side_(side), random_(seed) {
        for (int site = 0; site < side * side; ++site) {
            species_.push_back(uniform_(random_) < x ? 1 : 0);
        }
    }

    int size() const { return side_ * side_; }

    int neighbour(int site, int direction) const {
        static constexpr int di[] = {1, 0, -1, -1, 0, 1}, dj[] = {0, 1, 1, 0, -1, -1};
        const int i = (site % side_ + di[direction] + side_) % side_;
        const int j = (site / side_ + dj[direction] + side_) % side_;
        return j * side_ + i;
    }

    int second_neighbours(int site) const {
        int n = 0;
        for (int direction = 0; direction < 6; ++direction) {
            n += at(neighbour(site, direction));
        }
        return n;
    }

    /// Kawasaki's exchanges of two atoms anywhere at the Metropolis rate, energy w/kT for each unlike bond.
    void anneal(double energy_kT, int exchanges_per_site) {
        std::uniform_int_distribution<int> any(0, size() - 1);
        for (int n = 0; n < exchanges_per_site * size(); ++n) {
            const int a = any(random_), b = any(random_);
            if (at(a) != at(b)) {
                const double before = unlike_bonds(a, b);
                exchange(a, b);
                if (uniform_(random_) >= std::exp(energy_kT * (before - unlike_bonds(a, b)))) {
                    exchange(a, b);
                }
            }
        }
    }

    ClusterCounts counts() const {
        ClusterCounts counts{};
        for (int site = 0; site < size(); ++site) {
            ++counts[static_cast<std::size_t>(at(site))]
                    [static_cast<std::size_t>(second_neighbours(site))];
        }
        return counts;
    }

private:
    int at(int site) const { return species_[static_cast<std::size_t>(site)]; }
    void exchange(int a, int b) {
        std::swap(species_[static_cast<std::size_t>(a)], species_[static_cast<std::size_t>(b)]);
    }
    /// Of two sites; a bond between them counts twice before and after.
    int unlike_bonds(int a, int b) const {
        const auto of = [&](int site) {
            return at(site) == 1 ? 6 - second_neighbours(site) : second_neighbours(site);
        };
        return of(a) + of(b);
    }

    int side_;
    std::mt19937 random_;
    std::uniform_real_distribution<double> uniform_;
    std::vector<int> species_;
};

double binomial_7(int k, double x) {
    return std::exp(std::lgamma(8) - std::lgamma(k + 1) - std::lgamma(8 - k) + k * std::log(x) +
                    (7 - k) * std::log(1 - x));
}

struct Moments {
    double sum = 0, square = 0;
    int n = 0;
    void add(double v) {
        sum += v;
        square += v * v;
        ++n;
    }
    double mean() const { return sum / n; }
    double sd() const { return std::sqrt(square / n - mean() * mean()); }
};

}  // namespace

TEST_CASE(
    "intervals hold the binomial truth of a random alloy in 68 % of images, though clusters "
    "overlap",
    "[cluster_statistics]") {
    const double x = GENERATE(0.1, 0.55, 0.8);
    constexpr int kImages = 250;
    int inside = 0, naive = 0, all = 0;
    Moments discrepancy;
    for (unsigned seed = 0; seed < kImages; ++seed) {
        const Alloy alloy(24, x, seed);
        const auto s = cluster_statistics(alloy.counts(), x);
        discrepancy.add(s.discrepancy);
        for (int k = 0; k < 8; ++k) {
            const auto i = static_cast<std::size_t>(k);
            const double truth = binomial_7(k, x);
            if (truth * s.independent[i] > 5) {
                inside += s.low[i] <= truth && truth <= s.high[i] ? 1 : 0;
                const double error =
                    std::sqrt(truth * (1 - truth) / static_cast<double>(s.clusters));
                naive += std::abs(s.measured[i] - truth) <= error ? 1 : 0;
                ++all;
            }
        }
    }
    CAPTURE(x, inside, naive, all, discrepancy.mean(), discrepancy.sd());
    CHECK(inside > 0.60 * all);
    CHECK(inside < 0.76 * all);
    CHECK(naive < 0.58 * all);  // the correction is needed
    CHECK(discrepancy.mean() == Approx(1).margin(0.15));
}

TEST_CASE("the number of independent clusters is what the scatter of a random alloy says",
          "[cluster_statistics]") {
    constexpr double x = 0.3;
    constexpr int k = 2;
    Moments p;
    double independent = 0;
    for (unsigned seed = 0; seed < 1500; ++seed) {
        const auto s = cluster_statistics(Alloy(12, x, seed).counts(), x);
        p.add(s.measured[k]);
        independent = s.independent[k];
    }
    const double truth = binomial_7(k, x);
    CHECK(truth * (1 - truth) / (p.sd() * p.sd()) == Approx(independent).epsilon(0.12));
    CHECK(independent < 144 / 1.2);
}

TEST_CASE("short-range order of a random alloy is nought within its error",
          "[cluster_statistics]") {
    const double x = GENERATE(0.1, 0.5);
    Moments alpha, energy, alpha_se, energy_se;
    for (unsigned seed = 0; seed < 300; ++seed) {
        const auto s = cluster_statistics(Alloy(24, x, seed).counts(), x);
        alpha.add(s.alpha_1);
        energy.add(s.energy_kT);
        alpha_se.add(s.se_alpha_1);
        energy_se.add(s.se_energy_kT);
    }
    CAPTURE(x);
    CHECK(std::abs(alpha.mean()) < 0.006);
    CHECK(alpha.sd() == Approx(alpha_se.mean()).epsilon(0.12));
    CHECK(energy.sd() == Approx(energy_se.mean()).epsilon(0.2));
}

TEST_CASE(
    "the energy between neighbours is found again to a quarter of itself, with the right sign",
    "[cluster_statistics]") {
    const double w_in_kt = GENERATE(-0.2, -0.1, 0.1, 0.2);
    const double x = GENERATE(0.25, 0.5);
    Moments found, error, alpha, quasi_chemical, ideal;
    for (unsigned seed = 0; seed < 25; ++seed) {
        Alloy alloy(48, x, seed);
        alloy.anneal(w_in_kt, 12);
        const auto s = cluster_statistics(alloy.counts(), std::numeric_limits<double>::quiet_NaN());
        found.add(s.energy_kT);
        error.add(s.se_energy_kT);
        alpha.add(s.alpha_1);
        for (std::size_t k = 0; k < 8; ++k) {
            quasi_chemical.add(std::abs(s.quasi_chemical[k] - s.measured[k]));
            ideal.add(std::abs(s.ideal[k] - s.measured[k]));
        }
    }
    CAPTURE(w_in_kt, x, found.mean(), found.sd(), error.mean(), quasi_chemical.mean(),
            ideal.mean());
    CHECK(alpha.mean() * w_in_kt > 0);
    CHECK(std::abs(found.mean() - w_in_kt) < 1.3 * w_in_kt * w_in_kt + 0.015);
    CHECK(found.sd() == Approx(error.mean()).epsilon(0.4));
    CHECK(quasi_chemical.mean() < ideal.mean());
}

TEST_CASE("the quasi-chemical clusters have the pairs that were counted", "[cluster_statistics]") {
    Alloy alloy(32, 0.4, 1);
    alloy.anneal(-0.3, 10);
    const auto s = cluster_statistics(alloy.counts(), std::numeric_limits<double>::quiet_NaN());
    double sum = 0, mean = 0;
    for (std::size_t k = 0; k < 8; ++k) {
        sum += s.quasi_chemical[k];
        mean += static_cast<double>(k) * s.quasi_chemical[k];
    }
    CHECK(sum == Approx(1));
    CHECK(mean == Approx(7 * s.composition));
    // P_12² = e^(−2w/kT) P_11 P_22 with P_12 = x(1−x)(1−α)
    const double x = s.composition, unlike = x * (1 - x) * (1 - s.alpha_1);
    CHECK(unlike * unlike / ((1 - x - unlike) * (x - unlike)) ==
          Approx(std::exp(-2 * s.energy_kT)));
}

TEST_CASE("nothing, one cluster and one species give no false numbers", "[cluster_statistics]") {
    const auto none = cluster_statistics({}, 0.5);
    CHECK(none.clusters == 0);
    CHECK(std::isnan(none.measured[3]));
    CHECK(none.low[3] == 0);
    CHECK(none.high[3] == 1);
    CHECK(std::isnan(none.alpha_1));
    CHECK(std::isnan(none.discrepancy));
    CHECK(none.ideal[3] == Approx(35.0 / 128));

    ClusterCounts one{};
    one[1][2] = 1;
    const auto single = cluster_statistics(one, 0.5);
    CHECK(single.measured[3] == 1);
    CHECK(single.low[3] < 0.5);
    CHECK(std::isnan(single.energy_kT));  // no pair of the first species

    ClusterCounts pure{};
    pure[0][0] = 1000;
    const auto first = cluster_statistics(pure, 0);
    CHECK(first.measured[0] == 1);
    CHECK(first.ideal[0] == 1);
    CHECK(first.high[1] < 0.02);
    CHECK(std::isnan(first.alpha_1));
    CHECK(std::isnan(first.discrepancy));
}
