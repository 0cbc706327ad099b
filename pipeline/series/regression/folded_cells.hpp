// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "regression/regression.hpp"

#include <Eigen/Core>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace dwellmap {

/// The atoms of a folded regression, sorted into cells that share all inputs, and which of the widths each cell has.
class FoldedCells {
public:
    static constexpr std::int64_t kMinAtoms = 25;  ///< of an (n, x), for a width of its own

    enum class Width { common, per_cell };  ///< one v, or one for each (n, x)
    enum class Shells { first, outer };  ///< outer: with n_outer; atoms where it is −1 are left out

    /// Atoms of one image with the same n and n_outer, hence the same D.
    struct Cell {
        Eigen::Vector4d inputs;  ///< n, x, n_outer, 1
        int image;
        Eigen::Index width;
        std::size_t begin, end;  ///< in scores()
        double sum_of_squares;
    };

    /// O(atoms). Allocates.
    void sort(const RegressionSample& sample, Width width, Shells shells);

    const std::vector<Cell>& cells() const noexcept { return cells_; }

    /// Of the atoms that are taken, cell by cell.
    const std::vector<double>& scores() const noexcept { return scores_; }

    /// Their places in the sample.
    const std::vector<std::int32_t>& atoms() const noexcept { return atoms_; }

    Eigen::Index widths() const noexcept { return widths_; }
    double mean_square() const noexcept;  ///< of all scores

    /// Which of (a, b, c, d) the cells can determine: those whose input varies, and the constant.
    /// @param without_image leaves its cells out; −1: none
    Eigen::Array4i determined(int without_image) const noexcept;

private:
    std::vector<std::size_t> sort_atoms(const RegressionSample& sample, bool outer);
    void find_cells(const RegressionSample& sample, bool outer,
                    const std::vector<std::size_t>& end);
    void assign_widths(Width width);

    std::vector<double> scores_;
    std::vector<std::int32_t> atoms_;
    std::vector<Cell> cells_;
    Eigen::Index widths_ = 0;
};

}  // namespace dwellmap
