// SPDX-License-Identifier: Apache-2.0
#include "classes/kmeans.hpp"

#include "atoms/patterns.hpp"
#include "classes/silhouette.hpp"
#include "support/allocations.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <random>

using namespace dwellmap;

namespace {

/// [12 × n] neighbourhoods of two signs of a zigzag, of none, and of a breathing, on white noise, nm.
/// @param groups  out: [n] which of the four
Eigen::MatrixXd neighbourhoods(Eigen::Index n, double noise, unsigned seed,
                               std::vector<std::int8_t>* groups = nullptr) {
    const auto& p = ideal_patterns();
    const std::vector<Patterns::Vector> centres{Patterns::Vector::Zero(), 0.02 * p.zigzag[0],
                                                -0.02 * p.zigzag[0], 0.02 * p.isotropic};
    std::mt19937 random(seed);
    std::discrete_distribution<int> group{4, 3, 2, 1};
    std::normal_distribution<double> normal;
    Eigen::MatrixXd x(12, n);
    for (auto column : x.colwise()) {
        const auto g = group(random);
        column = centres[static_cast<std::size_t>(g)];
        for (auto& v : column) {
            v += noise * normal(random);
        }
        if (groups != nullptr) {
            groups->push_back(static_cast<std::int8_t>(g));
        }
    }
    return x;
}

struct Classes {
    Eigen::MatrixXd centres;
    std::vector<std::int8_t> labels;
    double inertia;
};

/// Textbook Lloyd over the vectors that are there: every one against every centre at every step.
Classes plain_lloyd(const Eigen::MatrixXd& x, const std::vector<bool>& there,
                    const Eigen::MatrixXd& from, int most_steps) {
    Classes c{from, std::vector<std::int8_t>(there.size(), -1), 0};
    for (int step = 0; step < most_steps; ++step) {
        const auto before = c.labels;
        Eigen::MatrixXd sums = Eigen::MatrixXd::Zero(x.rows(), from.cols());
        Eigen::VectorXd counts = Eigen::VectorXd::Zero(from.cols());
        c.inertia = 0;
        for (std::size_t i = 0; i < there.size(); ++i) {
            const auto at = static_cast<Eigen::Index>(i);
            if (there[i]) {
                Eigen::Index label = 0;
                c.inertia +=
                    (c.centres.colwise() - x.col(at)).colwise().squaredNorm().minCoeff(&label);
                c.labels[i] = static_cast<std::int8_t>(label);
                sums.col(label) += x.col(at);
                counts[label] += 1;
            }
        }
        if (c.labels == before) {
            break;
        }
        for (Eigen::Index k = 0; k < from.cols(); ++k) {
            c.centres.col(k) =
                counts[k] > 0 ? Eigen::VectorXd(sums.col(k) / counts[k]) : c.centres.col(k);
        }
    }
    return c;
}

/// The best of ten plain runs from random vectors.
Classes batch(const Eigen::MatrixXd& x, Eigen::Index k, unsigned seed) {
    std::mt19937 random(seed);
    Classes best{{}, {}, 1e300};
    for (int start = 0; start < 10; ++start) {
        Eigen::MatrixXd from(x.rows(), k);
        for (auto centre : from.colwise()) {
            centre = x.col(static_cast<Eigen::Index>(random() % static_cast<unsigned>(x.cols())));
        }
        const std::vector<bool> all(static_cast<std::size_t>(x.cols()), true);
        auto other = plain_lloyd(x, all, from, 300);
        best = other.inertia < best.inertia ? other : best;
    }
    return best;
}

/// Adjusted Rand index of two labellings [Hubert 1985].
double adjusted_rand(const std::vector<std::int8_t>& a, const std::vector<std::int8_t>& b) {
    std::map<std::pair<int, int>, double> both;
    std::map<int, double> rows, cols;
    for (std::size_t i = 0; i < a.size(); ++i) {
        ++both[{a[i], b[i]}];
        ++rows[a[i]];
        ++cols[b[i]];
    }
    const auto pairs = [](const auto& counts) {
        double sum = 0;
        for (const auto& [key, n] : counts) {
            sum += n * (n - 1) / 2;
        }
        return sum;
    };
    const auto n = static_cast<double>(a.size());
    const double expected = pairs(rows) * pairs(cols) / (n * (n - 1) / 2);
    return (pairs(both) - expected) / ((pairs(rows) + pairs(cols)) / 2 - expected);
}

double textbook_silhouette(const Eigen::MatrixXd& x, const std::vector<std::int8_t>& labels) {
    double sum = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        std::map<int, std::pair<double, double>> to;  // class: Σ of distances, how many
        for (std::size_t j = 0; j < labels.size(); ++j) {
            if (i != j) {
                auto& [total, n] = to[labels[j]];
                total += (x.col(static_cast<Eigen::Index>(i)) - x.col(static_cast<Eigen::Index>(j)))
                             .norm();
                ++n;
            }
        }
        if (to.count(labels[i]) == 0) {
            continue;
        }
        const double a = to[labels[i]].first / to[labels[i]].second;
        double b = 1e300;
        for (const auto& [label, s] : to) {
            b = label == labels[i] ? b : std::min(b, s.first / s.second);
        }
        sum += (b - a) / std::max(a, b);
    }
    return sum / static_cast<double>(labels.size());
}

/// The vectors are the columns of x.
void classify(KMeans& classes, const Eigen::MatrixXd& x) {
    for (Eigen::Index i = 0; i < x.cols(); ++i) {
        classes.put(static_cast<std::size_t>(i), x.col(i));
    }
    classes.update();
}

}  // namespace

TEST_CASE("an update is plain Lloyd from the same centres, whatever comes, changes or goes",
          "[kmeans]") {
    const int k = GENERATE(1, 2, 4, 8);
    const double noise = GENERATE(0.002, 0.01);
    CAPTURE(k, noise);
    Eigen::MatrixXd x = neighbourhoods(1000, noise, 1);
    const Eigen::MatrixXd others = neighbourhoods(1000, noise, 2);
    std::vector<bool> there(800, true);
    KMeans classes(k, 12, 3);
    classify(classes, x.leftCols(800));
    std::mt19937 random(4);
    for (int frame = 0; frame < 30; ++frame) {
        const std::size_t changes = frame == 20 ? 1000 : 30;  // 20: nearly all of them at once
        for (std::size_t c = 0; c < changes; ++c) {
            const std::size_t i = std::min<std::size_t>(random() % 1000, there.size());
            const auto at = static_cast<Eigen::Index>(i);
            const bool goes = i < there.size() && random() % 8 == 0;
            if (goes) {
                classes.remove(i);
            } else {
                x.col(at) = 1.5 * others.col(static_cast<Eigen::Index>(random() % 1000));
                classes.put(i, x.col(at));
            }
            there.resize(std::max(there.size(), i + 1));
            there[i] = !goes;
        }
        const Classes expected = plain_lloyd(x, there, classes.centres(), KMeans::kWarmSteps);
        classes.update();
        CAPTURE(frame);
        REQUIRE((classes.labels() == expected.labels));
        REQUIRE(classes.centres().isApprox(expected.centres, 1e-12));
    }
    CHECK(classes.size() == std::count(there.begin(), there.end(), true));
}

TEST_CASE("a cold start is as good as ten batch runs, and its classes are the same", "[kmeans]") {
    const unsigned seed = GENERATE(range(1U, 6U));
    CAPTURE(seed);
    std::vector<std::int8_t> groups;
    const Eigen::MatrixXd x = neighbourhoods(1500, 0.002, seed, &groups);
    KMeans classes(4, 12, seed);
    classify(classes, x);
    const Classes expected = batch(x, 4, seed + 100);
    CHECK(classes.inertia() <= 1.001 * expected.inertia);
    CHECK(adjusted_rand(classes.labels(), expected.labels) >= 0.95);
    CHECK((classes.labels() == groups));  // numbered by decreasing population
    for (std::size_t c = 0; c < 4; ++c) {
        CHECK(classes.counts()[c] ==
              std::count(groups.begin(), groups.end(), static_cast<std::int8_t>(c)));
    }
}

TEST_CASE("classes keep their numbers while vectors stream in, through all the starts",
          "[kmeans]") {
    std::vector<std::int8_t> groups;
    const Eigen::MatrixXd x = neighbourhoods(3000, 0.002, 7, &groups);
    KMeans classes(4, 12, 1);
    for (Eigen::Index i = 0; i < x.cols(); ++i) {
        classes.put(static_cast<std::size_t>(i), x.col(i));
        if (i % 150 == 149) {
            classes.update();
            classes.restart();
            const auto seen = groups.begin() + i + 1;
            REQUIRE(std::equal(groups.begin(), seen, classes.labels().begin()));
        }
    }
}

TEST_CASE("a restart leaves a poor optimum, and is not taken where there is nothing to gain",
          "[kmeans]") {
    std::mt19937 random(5);
    std::normal_distribution<double> normal(0, 0.1);
    const auto draw = [&](const std::array<double, 6>& groups) {
        Eigen::MatrixXd x(1, 600);
        for (Eigen::Index i = 0; i < x.cols(); ++i) {
            x(0, i) = groups[static_cast<std::size_t>(i % 6)] + normal(random);
        }
        return x;
    };
    KMeans classes(5, 1, 6);
    classify(classes, draw({-40, 60, -1, 1, 20, 20}));
    const auto numbers = classes.labels();
    // two groups merge and one splits: no Lloyd step leads out of that
    const Eigen::MatrixXd x = draw({-40, 60, 0, 0, 18, 22});
    for (Eigen::Index i = 0; i < x.cols(); ++i) {
        classes.put(static_cast<std::size_t>(i), x.col(i));
    }
    classes.update();
    const double stuck = classes.inertia();
    bool taken = false;
    for (int attempt = 0; attempt < 9 && !taken; ++attempt) {
        taken = classes.restart();
    }
    REQUIRE(taken);
    CHECK(classes.inertia() < 0.1 * stuck);
    const auto labels = classes.labels();
    for (std::size_t group : {0U, 1U}) {
        CHECK(labels[group] == numbers[group]);
    }
    CHECK(((labels[4] == numbers[4]) != (labels[5] == numbers[5])));
    for (int attempt = 0; attempt < 5; ++attempt) {
        CHECK_FALSE(classes.restart());
    }
    CHECK((classes.labels() == labels));
}

TEST_CASE("the silhouette is the textbook's, and tells how many classes there are", "[kmeans]") {
    const Eigen::MatrixXd x = neighbourhoods(400, 0.003, 8);
    double best = -1;
    int best_k = 0;
    for (int k = 2; k <= KMeans::kMaxClasses; ++k) {
        KMeans classes(k, 12, 1);
        classify(classes, x);
        CHECK(classes.silhouette() ==
              Approx(textbook_silhouette(x, classes.labels())).margin(1e-9));
        best_k = classes.silhouette() > best ? k : best_k;
        best = std::max(best, classes.silhouette());
    }
    CHECK(best_k == 4);
    KMeans many(4, 12, 1);  // more than the sample takes
    const Eigen::MatrixXd y = neighbourhoods(5000, 0.003, 9);
    classify(many, y);
    CHECK(many.silhouette() == Approx(mean_silhouette(y, many.labels())).margin(0.01));
}

TEST_CASE("too little to classify gives finite centres and no surprise", "[kmeans]") {
    const int n = GENERATE(0, 1, 3, 50);  // equal vectors
    CAPTURE(n);
    KMeans classes(4, 12, 1);
    classify(classes, Eigen::MatrixXd::Constant(12, n, 0.3));
    CHECK_FALSE(classes.restart());
    classes.update();
    CHECK(classes.centres().allFinite());
    CHECK(classes.counts() == std::vector<std::int64_t>{n, 0, 0, 0});
    CHECK(classes.inertia() == Approx(0).margin(1e-24));
    CHECK(classes.silhouette() == 0);
    classes.put(4, Eigen::VectorXd::Constant(12, 0.4));
    for (std::size_t i = 0; i < 60; ++i) {
        classes.remove(i);
    }
    classes.update();
    CHECK(classes.size() == 0);
    CHECK(classes.centres().allFinite());
    CHECK(std::count(classes.labels().begin(), classes.labels().end(), -1) ==
          static_cast<std::ptrdiff_t>(classes.labels().size()));
}

TEST_CASE("replacing vectors and updating the classes does not allocate", "[kmeans]") {
    const Eigen::MatrixXd x = neighbourhoods(500, 0.01, 10), y = neighbourhoods(500, 0.01, 11);
    KMeans classes(4, 12, 1);
    classify(classes, x);
    CHECK(testing::allocations_in([&] {
              for (Eigen::Index i = 0; i < 500; i += 3) {
                  classes.put(static_cast<std::size_t>(i), y.col(i));
              }
              classes.update();
          }) == 0);
}
