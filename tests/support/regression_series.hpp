// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "regression/regression.hpp"

#include <cmath>
#include <cstddef>
#include <random>
#include <vector>

namespace dwellmap::testing {

/// Truth of a simulated series of images; lengths in pm, which the estimators don't mind.
struct SeriesTruth {
    double a = 1.65, b = 5, c = 0, d = -0.25;
    double width = 5;         ///< sd of a well
    double width_per_n = 0;   ///< added to it for each n
    double block_factor = 0;  ///< rms of D's relative change from block to block
    int atoms = 1500;         ///< of an image
    std::vector<double> compositions = {0.15, 0.55, 0.78, 0.95};
};

/// Atoms of a series, with the storage behind a RegressionSample.
struct Series {
    std::vector<int> n, n_outer, image, block;
    std::vector<double> x, score;

    RegressionSample sample() const { return {n, n_outer, x, score, image, block}; }

    Series without(int left_out) const {
        return chosen([&](std::size_t i) { return image[i] != left_out; });
    }
    Series only(int of_image, int of_block) const {
        return chosen([&](std::size_t i) { return image[i] == of_image && block[i] == of_block; });
    }
    template <class Predicate>
    Series chosen(const Predicate& wanted) const {
        Series part;
        for (std::size_t i = 0; i < n.size(); ++i) {
            if (wanted(i)) {
                part.push(n[i], n_outer[i], x[i], score[i], image[i], block[i]);
            }
        }
        return part;
    }

    void push(int n_i, int outer_i, double x_i, double score_i, int image_i, int block_i) {
        n.push_back(n_i);
        n_outer.push_back(outer_i);
        x.push_back(x_i);
        score.push_back(score_i);
        image.push_back(image_i);
        block.push_back(block_i);
    }
};

/// Random alloys, 16 blocks an image; every score is ±D with equal odds and its well's width.
inline Series simulate_series(const SeriesTruth& truth, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<double> normal;
    std::bernoulli_distribution coin;
    Series series;
    for (std::size_t image = 0; image < truth.compositions.size(); ++image) {
        const double x = truth.compositions[image];
        std::binomial_distribution<int> inner(6, x), outer(12, x);
        for (int block = 0; block < 16; ++block) {
            const double factor = 1 + truth.block_factor * normal(random);
            for (int k = 0; k < truth.atoms / 16; ++k) {
                const int n = inner(random), n_outer = outer(random);
                const double separation =
                    factor * (truth.a * n + truth.b * x + truth.c * n_outer + truth.d);
                const double width = truth.width + truth.width_per_n * n;
                series.push(n, n_outer, x,
                            (coin(random) ? 1 : -1) * separation + width * normal(random),
                            static_cast<int>(image), block);
            }
        }
    }
    return series;
}

struct Spread {
    double mean, sd;
};

inline Spread spread_of(const std::vector<double>& values) {
    double mean = 0, squares = 0;
    for (const double v : values) {
        mean += v / static_cast<double>(values.size());
    }
    for (const double v : values) {
        squares += (v - mean) * (v - mean);
    }
    return {mean, std::sqrt(squares / static_cast<double>(values.size() - 1))};
}

}  // namespace dwellmap::testing
