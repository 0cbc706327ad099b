// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/series_regression.hpp"

#include "dwellmap/linear_regression.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <unordered_map>
#include <utility>

namespace dwellmap {
namespace {

constexpr int kMostSecond = 6;
constexpr std::size_t kRenewEffect = 32;  // updates
constexpr int kCurveSteps = 4;            // a neighbour
constexpr std::int64_t kResolved = 30;    // atoms of a cell, for its separation to count

using Width = FoldedRegression::Width;
using Shells = FoldedRegression::Shells;

std::vector<ResponseCell> responses(const std::vector<ScoreCell>& cells) {
    std::vector<ResponseCell> out;
    out.reserve(cells.size());
    for (const ScoreCell& cell : cells) {
        out.push_back(cell.response);
    }
    return out;
}

RegressionEstimate separations(const std::vector<ScoreCell>& cells) {
    std::vector<Separation> resolved;
    for (const ScoreCell& cell : cells) {
        const SymmetricMixture& pair = cell.mixture.symmetric;
        if (cell.mixture.count >= kResolved && std::isfinite(pair.se_separation)) {
            resolved.push_back(
                {static_cast<double>(cell.n), cell.x, pair.separation, pair.se_separation});
        }
    }
    return regress_separations(resolved);
}

LinearFit regress_process(std::span<const ResponseCell> cells) {
    GaussianProcess process;
    return process.fit(cells) ? regress_predictions(cells, process) : LinearFit{};
}

}  // namespace

SeriesRegression::SeriesRegression()
    : common_(Width::common, Shells::first),
      per_cell_(Width::per_cell, Shells::first),
      second_shell_(Width::common, Shells::outer) {}

void SeriesRegression::draw_surface(bool known) {
    surface_x_.clear();
    surface_.resize(kSurface, kMostSecond + 1);
    surface_sd_.resize(kSurface, kMostSecond + 1);
    for (int row = 0; known && row < kSurface; ++row) {
        surface_x_.push_back(row / (kSurface - 1.0));
        for (int n = 0; n <= kMostSecond; ++n) {
            const auto at = process_.predict(n, surface_x_.back());
            surface_(row, n) = at.mean;
            surface_sd_(row, n) = at.sd * std::sqrt(design_effect_);
        }
    }
}

/// Residuals of |score| add up within a block as far as its atoms are alike.
void SeriesRegression::find_design_effect(const ScoreSample& sample,
                                          const std::vector<ScoreCell>& cells) {
    std::unordered_map<std::uint64_t, double> sums;
    double independent = 0;
    std::size_t first = 0;  // cell of the composition
    for (std::size_t k = 0; k < sample.size(); ++k) {
        while (cells[first].x != sample.x[k]) {
            first = (first + kMostSecond + 1) % cells.size();
        }
        const std::size_t cell = first + static_cast<std::size_t>(sample.n[k]);
        const double residual = std::abs(sample.score[k]) - cells[cell].response.mean;
        const auto block = static_cast<std::uint32_t>(sample.block[k]);
        const auto place = static_cast<std::uint64_t>(sample.image[k]) << 3 |
                           static_cast<std::uint64_t>(sample.n[k]);
        sums[place << 32 | block] += residual;
        independent += residual * residual;
    }
    double between_blocks = 0;
    for (const auto& [block, sum] : sums) {
        between_blocks += sum * sum;
    }
    design_effect_ = independent > 0 ? std::max(1.0, between_blocks / independent) : 1;
}

void SeriesRegression::update(const ScoreSample& sample, const std::vector<ScoreCell>& cells) {
    if (sample.size() <= kAtOnce || turn_ % kRenewEffect == 0) {
        find_design_effect(sample, cells);
    }
    const std::vector<ResponseCell> now = responses(cells);
    const bool known = process_.refit(now);
    draw_surface(known);
    const std::array<FoldedRegression*, 3> folded{&common_, &per_cell_, &second_shell_};
    const bool all = estimates_.size() < folded.size() || sample.size() <= kAtOnce;
    estimates_.resize(folded.size());
    const std::size_t mine = turn_++ % folded.size();
    for (std::size_t k = 0; k < folded.size(); ++k) {
        if (all || k == mine) {
            folded[k]->refit(sample.view());
            estimates_[k] = folded[k]->estimate();
        }
    }
    if (known) {
        estimates_.push_back(regress_predictions(now, process_).estimate);
    }
}

/// The curves of single compositions, where they have cells enough.
void SeriesRegression::draw_curves(const std::vector<ScoreCell>& cells) {
    curves_.clear();
    for (std::size_t first = 0; first < cells.size(); first += kMostSecond + 1) {
        const std::vector<ScoreCell> of_one(
            cells.begin() + static_cast<std::ptrdiff_t>(first),
            cells.begin() + static_cast<std::ptrdiff_t>(first) + kMostSecond + 1);
        GaussianProcess process;
        if (!process.fit(responses(of_one))) {
            continue;
        }
        ResponseCurve curve;
        curve.x = cells[first].x;
        for (int k = 0; k <= kMostSecond * kCurveSteps; ++k) {
            curve.n.push_back(static_cast<double>(k) / kCurveSteps);
            const auto at = process.predict(curve.n.back(), curve.x);
            curve.mean.push_back(at.mean);
            curve.sd.push_back(at.sd * std::sqrt(design_effect_));
        }
        curves_.push_back(std::move(curve));
    }
}

/// Least squares on |score|: the paper's own way, and its exact versions.
void SeriesRegression::compare_magnitudes(const ScoreSample& sample) {
    const auto cells = magnitude_cells(sample.view());
    const auto add = [&](auto&& regress) {
        LinearFit fit = regress(std::span<const ResponseCell>(cells));
        if (fit.map.cols() == 0) {
            return;
        }
        add_block_errors(sample.view(), cells, fit);
        const Range range = leave_one_image_out(sample.view(), regress);
        fit.estimate.ratio_low = range.low;
        fit.estimate.ratio_high = range.high;
        estimates_.push_back(fit.estimate);
    };
    add(regress_atoms);
    add(regress_cells);
    add(regress_process);
}

void SeriesRegression::finish(const ScoreSample& sample, const std::vector<ScoreCell>& cells) {
    find_design_effect(sample, cells);
    draw_surface(process_.fit(responses(cells)));
    draw_curves(cells);
    estimates_.clear();
    for (FoldedRegression* folded : {&common_, &per_cell_, &second_shell_}) {
        folded->fit(sample.view());
        estimates_.push_back(folded->estimate_with_errors(sample.view()));
    }
    estimates_.push_back(separations(cells));
    compare_magnitudes(sample);
}

}  // namespace dwellmap
