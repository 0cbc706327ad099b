// SPDX-License-Identifier: Apache-2.0
#include "regression/folded_cells.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace dwellmap {
namespace {

constexpr int kInner = 7, kOuter = 13;  // values n and n_outer can have

}  // namespace

void FoldedCells::sort(const RegressionSample& sample, Width width, Shells shells) {
    const bool outer = shells == Shells::outer;
    find_cells(sample, outer, sort_atoms(sample, outer));
    assign_widths(width);
}

/// By image, n and n_outer.
/// @return where the atoms of each of these end
std::vector<std::size_t> FoldedCells::sort_atoms(const RegressionSample& sample, bool outer) {
    const auto key = [&](std::size_t i) {
        const int shells = outer ? sample.n[i] * kOuter + sample.n_outer[i] : sample.n[i];
        return static_cast<std::size_t>(sample.image[i] * (outer ? kInner * kOuter : kInner) +
                                        shells);
    };
    const auto counts = [&](std::size_t i) { return !outer || sample.n_outer[i] >= 0; };
    std::vector<std::size_t> end;
    for (std::size_t i = 0; i < sample.score.size(); ++i) {
        if (counts(i)) {
            end.resize(std::max(end.size(), key(i) + 1));
            ++end[key(i)];
        }
    }
    std::size_t atoms = 0;
    for (auto& size : end) {
        atoms += std::exchange(size, atoms);
    }
    scores_.resize(atoms);
    atoms_.resize(atoms);
    for (std::size_t i = 0; i < sample.score.size(); ++i) {
        if (counts(i)) {
            const std::size_t to = end[key(i)]++;
            scores_[to] = sample.score[i];
            atoms_[to] = static_cast<std::int32_t>(i);
        }
    }
    return end;
}

void FoldedCells::find_cells(const RegressionSample& sample, bool outer,
                             const std::vector<std::size_t>& end) {
    cells_.clear();
    std::size_t begin = 0;
    for (const std::size_t last : end) {
        if (last > begin) {
            const auto i = static_cast<std::size_t>(atoms_[begin]);
            double squares = 0;
            for (std::size_t k = begin; k < last; ++k) {
                squares += scores_[k] * scores_[k];
            }
            const double n_outer = outer ? sample.n_outer[i] : 0;
            cells_.push_back({{static_cast<double>(sample.n[i]), sample.x[i], n_outer, 1},
                              sample.image[i],
                              0,
                              begin,
                              last,
                              squares});
        }
        begin = last;
    }
}

/// One width, or one for each (n, x) with enough atoms and one for all others.
void FoldedCells::assign_widths(Width width) {
    widths_ = 1;
    if (width == Width::common) {
        return;
    }
    struct Group {
        std::int64_t atoms = 0;
        Eigen::Index width = 0;
    };
    std::map<std::pair<double, double>, Group> groups;
    const auto group_of = [&](const Cell& c) -> Group& {
        return groups[{c.inputs[1], c.inputs[0]}];
    };
    for (const auto& c : cells_) {
        group_of(c).atoms += static_cast<std::int64_t>(c.end - c.begin);
    }
    const bool rest = std::any_of(groups.begin(), groups.end(),
                                  [](const auto& g) { return g.second.atoms < kMinAtoms; });
    widths_ = rest ? 1 : 0;
    for (auto& [inputs, g] : groups) {
        g.width = g.atoms < kMinAtoms ? 0 : widths_++;
    }
    for (auto& c : cells_) {
        c.width = group_of(c).width;
    }
}

double FoldedCells::mean_square() const noexcept {
    double squares = 0;
    for (const auto& c : cells_) {
        squares += c.sum_of_squares / static_cast<double>(scores_.size());
    }
    return squares;
}

Eigen::Array4i FoldedCells::determined(int without_image) const noexcept {
    Eigen::Array4i known = Eigen::Array4i::Zero();
    const Cell* first = nullptr;
    for (const auto& c : cells_) {
        if (c.image != without_image) {
            first = first == nullptr ? &c : first;
            known = known.max((c.inputs.array() != first->inputs.array()).cast<int>());
            known[3] = 1;
        }
    }
    return known;
}

}  // namespace dwellmap
