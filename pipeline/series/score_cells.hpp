// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mixtures/score_mixture.hpp"
#include "regression/regression.hpp"
#include "regression/response_cell.hpp"

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
    bool stale = true;      ///< the mixture is of earlier scores
    int age = 0;            ///< updates since it has been
};

/// A sample sorted into cells by (x, n), and the mixture in each of them, which starts from the one before.
/// An update fits cells that have changed until it has fitted kAtOnce scores; the others keep their mixture and take their turn in the next
/// updates. So a frame of a few thousand atoms is taken in at once, and one that joins a large library within some frames.
/// Every kCheck updates one cell is also fitted from nothing, against lesser maxima. Of cells of more than kColdAtMost scores an
/// update tries the fixed starts on so many of them only, others every time, and goes on from the best with all. Allocates while cells grow.
class ScoreCells {
public:
    static constexpr std::size_t kAtOnce = 3000;
    static constexpr int kCheck = 16;
    static constexpr std::size_t kColdAtMost = 300;

    /// @param components of the mixtures; 0: as many as BIC prefers
    explicit ScoreCells(int components) : components_(components) {}

    /// @param changed compositions whose atoms have changed, come or gone; the mixtures of the others stay as they are
    /// @param all     the scores of all compositions have changed
    void update(const ScoreSample& sample, std::span<const double> changed, bool all);

    /// The cells of a composition that is given (or measured) as another one from now on, with their mixtures. Of a composition
    /// that has cells already nothing is changed.
    void rename(double from, double to);

    /// Everything from the start, at once.
    void fit(const ScoreSample& sample);

    const std::vector<ScoreCell>& cells() const noexcept { return cells_; }  ///< by x, then n

private:
    void sort(const ScoreSample& sample, std::span<const double> changed, bool all);
    void make_cells(const ScoreSample& sample);
    ScoreMixture begin(const ScoreCell& cell);
    void fit(ScoreCell& cell);
    void check(ScoreCell& cell);

    int components_;
    std::vector<ScoreCell> cells_;
    std::vector<double> compositions_;
    std::size_t turn_ = 0;  // the cell to begin with
    int updates_ = 0;
    std::size_t begun_ = 0;  // large cells
};

}  // namespace dwellmap
