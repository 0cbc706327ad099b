// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/score_cells.hpp"

#include <algorithm>
#include <cmath>

namespace dwellmap {
namespace {

constexpr int kNeighbours = 6;

}  // namespace

void ScoreSample::clear() noexcept {
    n.clear();
    n_outer.clear();
    image.clear();
    block.clear();
    x.clear();
    score.clear();
    error.clear();
}

/// Every composition has its seven cells, empty or not.
void ScoreCells::sort(const ScoreSample& sample) {
    compositions_ = sample.x;
    std::sort(compositions_.begin(), compositions_.end());
    compositions_.erase(std::unique(compositions_.begin(), compositions_.end()),
                        compositions_.end());
    const auto same = [&](const ScoreCell& cell, double x) { return cell.x == x; };
    std::erase_if(cells_, [&](const ScoreCell& cell) {
        return !std::binary_search(compositions_.begin(), compositions_.end(), cell.x);
    });
    for (std::size_t c = 0; c < compositions_.size(); ++c) {
        const auto at = static_cast<std::ptrdiff_t>(c * (kNeighbours + 1));
        if (static_cast<std::size_t>(at) < cells_.size() && same(cells_[c * 7], compositions_[c])) {
            continue;
        }
        for (int n = kNeighbours; n >= 0; --n) {
            cells_.insert(cells_.begin() + at, ScoreCell{compositions_[c], n, {}, {}, {}, {}});
        }
    }
    for (ScoreCell& cell : cells_) {
        cell.scores.clear();
        cell.errors.clear();
        cell.response = {static_cast<double>(cell.n), cell.x, 0, 0, 0};
    }
    std::size_t c = 0;
    for (std::size_t k = 0; k < sample.size(); ++k) {
        if (compositions_[c] != sample.x[k]) {  // atoms of one image follow each other
            c = static_cast<std::size_t>(
                std::lower_bound(compositions_.begin(), compositions_.end(), sample.x[k]) -
                compositions_.begin());
        }
        ScoreCell& cell = cells_[c * 7 + static_cast<std::size_t>(sample.n[k])];
        cell.scores.push_back(sample.score[k]);
        cell.errors.push_back(sample.error[k]);
        cell.response.add(std::abs(sample.score[k]));
    }
}

void ScoreCells::update(const ScoreSample& sample, std::span<const double> changed, bool anew) {
    sort(sample);
    for (ScoreCell& cell : cells_) {
        const bool fresh = anew || cell.mixture.count == 0;
        if (fresh || std::find(changed.begin(), changed.end(), cell.x) != changed.end()) {
            cell.mixture =
                fit_mixture(cell.scores, cell.errors, fresh ? nullptr : &cell.mixture, components_);
        }
    }
}

void ScoreCells::check() {
    for (ScoreCell& cell : cells_) {
        const ScoreMixture cold = fit_mixture(cell.scores, cell.errors, nullptr, components_);
        for (std::size_t k = 0; k < cold.fits.size(); ++k) {
            if (!(cell.mixture.fits[k].log_likelihood >= cold.fits[k].log_likelihood - 1e-6)) {
                cell.mixture = cold;
            }
        }
    }
}

}  // namespace dwellmap
