// SPDX-License-Identifier: Apache-2.0
#include "series/series_regression.hpp"

#include "regression/linear_regression.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>
#include <utility>

namespace dwellmap {
namespace {

constexpr int kMostSecond = 6;
constexpr std::size_t kAtoms = 3, kProcess = 4, kTurns = 5;  // the folded planes are the first
constexpr int kCurveSteps = 4;                               // a neighbour
constexpr std::int64_t kResolved = 30;  // atoms of a cell, for its separation to count

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

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

using Regress = LinearFit (*)(std::span<const ResponseCell>);

/// Least squares on |score|, with all errors: the paper's own way, and its exact versions.
RegressionEstimate compare_magnitudes(const MagnitudeSums& sums, Regress regress) {
    LinearFit fit = regress(sums.cells());
    if (fit.map.cols() > 0) {
        sums.set_block_errors(fit);
        const Range range = leave_one_image_out(sums, regress);
        fit.estimate.ratio_low = range.low;
        fit.estimate.ratio_high = range.high;
    }
    return fit.estimate;
}

}  // namespace

SeriesRegression::SeriesRegression()
    : folded_{Folded{{Width::common, Shells::first}}, Folded{{Width::per_cell, Shells::first}},
              Folded{{Width::common, Shells::outer}}} {}

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

/// Of the composition whose cells begin at `first`, if it has enough of them.
std::optional<ResponseCurve> SeriesRegression::curve_of(const std::vector<ScoreCell>& cells,
                                                        std::size_t first) const {
    const auto begin = cells.begin() + static_cast<std::ptrdiff_t>(first);
    GaussianProcess process;
    if (!process.fit(responses({begin, begin + kMostSecond + 1}))) {
        return std::nullopt;
    }
    ResponseCurve curve;
    curve.x = begin->x;
    for (int k = 0; k <= kMostSecond * kCurveSteps; ++k) {
        curve.n.push_back(static_cast<double>(k) / kCurveSteps);
        const auto at = process.predict(curve.n.back(), curve.x);
        curve.mean.push_back(at.mean);
        curve.sd.push_back(at.sd * std::sqrt(design_effect_));
    }
    return curve;
}

/// One that there was not, and one in turn. Those of compositions that are gone go.
void SeriesRegression::renew_curves(const std::vector<ScoreCell>& cells) {
    std::map<double, std::optional<ResponseCurve>> kept;
    for (auto& curve : curves_) {
        ++curve.age;
        kept[curve.x] = std::move(curve);
    }
    curves_.clear();
    const std::size_t compositions = cells.size() / (kMostSecond + 1);
    const std::size_t mine = compositions > 0 ? curve_turn_++ % compositions : 0;
    bool added = false;
    for (std::size_t c = 0; c < compositions; ++c) {
        const std::size_t first = c * (kMostSecond + 1);
        const auto old = kept.find(cells[first].x);
        const bool is_new = old == kept.end();
        auto curve = is_new || c == mine ? std::nullopt : old->second;
        if (c == mine || (is_new && !added)) {
            curve = curve_of(cells, first);
            added = added || (is_new && curve);
        }
        if (curve) {
            curves_.push_back(std::move(*curve));
        }
    }
}

bool SeriesRegression::is_turn_of(std::size_t item, const ScoreSample& sample) const noexcept {
    return sample.size() <= kAtOnce || static_cast<std::size_t>(updates_) % kTurns == item;
}

/// The planes of maximum likelihood.
void SeriesRegression::renew_folded(const ScoreSample& sample) {
    for (std::size_t k = 0; k < folded_.size(); ++k) {
        auto& [regression, errors, estimate] = folded_[k];
        ++estimate.age;
        ++estimate.errors_age;
        if (is_turn_of(k, sample) || estimate.name.empty()) {
            regression.refit(sample.view());
            estimate = regression.estimate();
            errors.renew(regression, sample.view(), 1, updates_);
            errors.set(regression, updates_, estimate);
        }
    }
}

/// The plane through the process, and its ratio without the image whose turn is longest ago.
void SeriesRegression::renew_process(const MagnitudeSums& sums) {
    LinearFit fit = regress_predictions(sums.cells(), process_);
    sums.set_block_errors(fit);
    const std::vector<int> images = sums.images();
    std::erase_if(process_without_, [&](const auto& kept) {
        return !std::binary_search(images.begin(), images.end(), kept.first);
    });
    for (const int image : images) {
        process_without_.try_emplace(image, WithoutImage{kUnknown, -1});
    }
    const auto first_made = [&] {
        return std::min_element(
            process_without_.begin(), process_without_.end(),
            [](const auto& a, const auto& b) { return a.second.made < b.second.made; });
    };
    const auto mine = first_made();
    GaussianProcess without = process_;
    const auto rest = sums.cells(mine->first);
    const bool known = without.refit(rest);
    mine->second = {known ? regress_predictions(rest, without).estimate.ratio : kUnknown, updates_};
    if (const int oldest = first_made()->second.made; oldest >= 0) {
        Range range;
        for (const auto& [image, kept] : process_without_) {
            range.add(kept.ratio);
        }
        fit.estimate.ratio_low = range.low;
        fit.estimate.ratio_high = range.high;
        fit.estimate.errors_age = updates_ - oldest;
    }
    magnitudes_[2] = fit.estimate;
}

void SeriesRegression::update(const ScoreSample& sample, const std::vector<ScoreCell>& cells) {
    ++updates_;
    for (auto& estimate : magnitudes_) {
        ++estimate.age;
        ++estimate.errors_age;
    }
    const bool known = process_.refit(responses(cells));
    renew_magnitudes(sample);
    draw_surface(known);
    renew_curves(cells);
    renew_folded(sample);
    publish(cells);
}

/// The design effect, and the planes on |score|.
void SeriesRegression::renew_magnitudes(const ScoreSample& sample) {
    const bool first = magnitudes_[0].name.empty();
    const bool atoms = first || is_turn_of(kAtoms, sample);
    const bool process = process_.known() && (first || is_turn_of(kProcess, sample));
    if (!atoms && !process) {
        return;
    }
    const MagnitudeSums sums(sample.view());
    design_effect_ = sums.design_effect();
    if (atoms) {
        magnitudes_[0] = compare_magnitudes(sums, regress_atoms);
        magnitudes_[1] = compare_magnitudes(sums, regress_cells);
    }
    if (process) {
        renew_process(sums);
    }
}

/// Those that are known, in the order of the report.
void SeriesRegression::publish(const std::vector<ScoreCell>& cells) {
    estimates_.clear();
    for (const Folded& folded : folded_) {
        estimates_.push_back(folded.estimate);
    }
    estimates_.push_back(separations(cells));
    std::copy_if(magnitudes_.begin(), magnitudes_.end(), std::back_inserter(estimates_),
                 [](const auto& estimate) { return !estimate.name.empty(); });
}

void SeriesRegression::finish(const ScoreSample& sample, const std::vector<ScoreCell>& cells) {
    const MagnitudeSums sums(sample.view());
    design_effect_ = sums.design_effect();
    draw_surface(process_.fit(responses(cells)));
    curves_.clear();
    for (std::size_t first = 0; first < cells.size(); first += kMostSecond + 1) {
        if (auto curve = curve_of(cells, first)) {
            curves_.push_back(std::move(*curve));
        }
    }
    for (auto& [regression, errors, estimate] : folded_) {
        regression.fit(sample.view());
        estimate = regression.estimate();
        errors.renew_all(regression, sample.view(), updates_);
        errors.set(regression, updates_, estimate);
    }
    magnitudes_ = {compare_magnitudes(sums, regress_atoms), compare_magnitudes(sums, regress_cells),
                   compare_magnitudes(sums, regress_process)};
    process_without_.clear();
    publish(cells);
}

}  // namespace dwellmap
