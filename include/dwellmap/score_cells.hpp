// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/regression.hpp"
#include "dwellmap/response_cell.hpp"
#include "dwellmap/score_mixture.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace dwellmap {

/// The atoms of a composition series with their scores, one entry each in every vector.
struct ScoreSample {
    std::vector<int> n, n_outer, image, block;
    std::vector<double> x, score;
    std::vector<float> error;  ///< standard error of the score

    void clear() noexcept;
    std::size_t size() const noexcept { return n.size(); }
    RegressionSample view() const noexcept { return {n, n_outer, x, score, image, block}; }
};

/// The scores of the atoms of one composition with as many second-species neighbours.
struct ScoreCell {
    double x = 0;
    int n = 0;
    std::vector<double> scores;
    std::vector<float> errors;
    ScoreMixture mixture;
    ResponseCell response;  ///< of |score|
};

/// A sample sorted into cells by (x, n), and the mixture in each of them, which starts from the one before.
/// Cost: O(atoms) to sort, and a fit for each cell that has changed. Allocates while cells grow.
class ScoreCells {
public:
    /// @param components of the mixtures; 0: as many as BIC prefers
    explicit ScoreCells(int components) : components_(components) {}

    /// @param changed compositions whose atoms have changed; the mixtures of the others stay as they are
    /// @param anew    forget the earlier mixtures: all scores have changed
    void update(const ScoreSample& sample, std::span<const double> changed, bool anew);

    /// Starts every mixture from nothing and keeps the better one: guards against lesser maxima.
    void check();

    const std::vector<ScoreCell>& cells() const noexcept { return cells_; }  ///< by x, then n

private:
    void sort(const ScoreSample& sample);

    int components_;
    std::vector<ScoreCell> cells_;
    std::vector<double> compositions_;
};

}  // namespace dwellmap
