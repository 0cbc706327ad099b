// SPDX-License-Identifier: Apache-2.0
#include "series/score_cells.hpp"

#include <algorithm>
#include <cmath>

namespace dwellmap {
namespace {

constexpr std::size_t kCells = 7;  // a composition: n = 0 to 6

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
void ScoreCells::make_cells(const ScoreSample& sample) {
    compositions_.clear();
    for (const double x : sample.x) {  // atoms of one image follow each other
        if (compositions_.empty() || compositions_.back() != x) {
            compositions_.push_back(x);
        }
    }
    std::sort(compositions_.begin(), compositions_.end());
    compositions_.erase(std::unique(compositions_.begin(), compositions_.end()),
                        compositions_.end());
    std::erase_if(cells_, [&](const ScoreCell& cell) {
        return !std::binary_search(compositions_.begin(), compositions_.end(), cell.x);
    });
    for (std::size_t c = 0; c < compositions_.size(); ++c) {
        if (c * kCells < cells_.size() && cells_[c * kCells].x == compositions_[c]) {
            continue;
        }
        const auto at = cells_.begin() + static_cast<std::ptrdiff_t>(c * kCells);
        const auto first = cells_.insert(at, kCells, ScoreCell{});
        for (int n = 0; n < static_cast<int>(kCells); ++n) {
            first[n].x = compositions_[c];
            first[n].n = n;
        }
    }
}

void ScoreCells::sort(const ScoreSample& sample, std::span<const double> changed, bool all) {
    make_cells(sample);
    std::vector<bool> renew(compositions_.size());
    for (std::size_t c = 0; c < compositions_.size(); ++c) {
        renew[c] =
            all || std::find(changed.begin(), changed.end(), compositions_[c]) != changed.end();
        for (std::size_t k = c * kCells; renew[c] && k < (c + 1) * kCells; ++k) {
            cells_[k].scores.clear();
            cells_[k].errors.clear();
            cells_[k].response = {static_cast<double>(cells_[k].n), cells_[k].x, 0, 0, 0};
            cells_[k].stale = true;
        }
    }
    std::size_t c = 0;
    for (std::size_t k = 0; k < sample.size(); ++k) {
        if (compositions_[c] != sample.x[k]) {
            c = static_cast<std::size_t>(
                std::lower_bound(compositions_.begin(), compositions_.end(), sample.x[k]) -
                compositions_.begin());
        }
        if (renew[c]) {
            ScoreCell& cell = cells_[c * kCells + static_cast<std::size_t>(sample.n[k])];
            cell.scores.push_back(sample.score[k]);
            cell.errors.push_back(sample.error[k]);
            cell.response.add(std::abs(sample.score[k]));
        }
    }
}

void ScoreCells::rename(double from, double to) {
    const auto is_of = [](double x) { return [x](const ScoreCell& cell) { return cell.x == x; }; };
    if (std::any_of(cells_.begin(), cells_.end(), is_of(to))) {
        return;
    }
    for (ScoreCell& cell : cells_) {
        cell.x = cell.x == from ? to : cell.x;
    }
    std::stable_sort(cells_.begin(), cells_.end(),
                     [](const ScoreCell& a, const ScoreCell& b) { return a.x < b.x; });
}

ScoreMixture ScoreCells::begin(const ScoreCell& cell) {
    const std::size_t step = cell.scores.size() / kColdAtMost + 1;
    if (step == 1) {
        return fit_mixture(cell.scores, cell.errors, nullptr, components_);
    }
    std::vector<double> scores;
    std::vector<float> errors;
    for (std::size_t k = begun_++ % step; k < cell.scores.size(); k += step) {
        scores.push_back(cell.scores[k]);
        errors.push_back(cell.errors[k]);
    }
    const ScoreMixture of_some = fit_mixture(scores, errors, nullptr, components_);
    return fit_mixture(cell.scores, cell.errors, &of_some, components_);
}

void ScoreCells::fit(ScoreCell& cell) {
    cell.mixture = cell.mixture.best > 0
                       ? fit_mixture(cell.scores, cell.errors, &cell.mixture, components_)
                       : begin(cell);
    cell.stale = false;
    cell.age = 0;
}

void ScoreCells::check(ScoreCell& cell) {
    const ScoreMixture cold = begin(cell);
    for (std::size_t k = 0; k < cold.fits.size(); ++k) {
        if (cold.fits[k].log_likelihood > cell.mixture.fits[k].log_likelihood + 1e-6) {
            cell.mixture = cold;
            return;
        }
    }
}

void ScoreCells::update(const ScoreSample& sample, std::span<const double> changed, bool all) {
    sort(sample, changed, all);
    std::size_t fitted = 0;
    for (std::size_t k = 0; k < cells_.size() && fitted < kAtOnce; ++k) {
        ScoreCell& cell = cells_[turn_++ % cells_.size()];
        if (cell.stale) {
            fit(cell);
            fitted += cell.scores.size();
        }
    }
    for (ScoreCell& cell : cells_) {
        cell.age += cell.stale ? 1 : 0;
    }
    if (!cells_.empty() && ++updates_ % kCheck == 0) {
        check(cells_[static_cast<std::size_t>(updates_ / kCheck) % cells_.size()]);
    }
}

void ScoreCells::fit(const ScoreSample& sample) {
    cells_.clear();
    sort(sample, {}, true);
    for (ScoreCell& cell : cells_) {
        cell.mixture = fit_mixture(cell.scores, cell.errors, nullptr, components_);
        cell.stale = false;
    }
}

}  // namespace dwellmap
