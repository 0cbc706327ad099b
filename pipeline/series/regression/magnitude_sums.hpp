// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "regression/linear_regression.hpp"

#include <Eigen/Core>

#include <array>
#include <cstddef>
#include <vector>

namespace dwellmap {

/// |score| of a sample about the mean of its cell (n, x), summed over each image, over its blocks and its n: all that least squares
/// need for values, for errors between blocks and for the range without an image, as exactly as from the atoms.
/// Cost of the constructor O(atoms), 0.4 ms for 60,000; of everything else O(blocks).
class MagnitudeSums {
public:
    static constexpr int kNoImage = -1;

    /// @param sample images and blocks counted from 0; gaps cost memory
    explicit MagnitudeSums(const RegressionSample& sample);

    /// Cells of |score| over (n, x) that have atoms, by x, then n.
    std::vector<ResponseCell> cells(int without_image = kNoImage) const;

    std::vector<int> images() const;  ///< those that have atoms

    /// By how much the variance of a cell's mean exceeds that of independent atoms, all cells pooled; 1 or more.
    double design_effect() const noexcept;

    /// Adds the errors between blocks.
    /// @param fit made from cells()
    void set_block_errors(LinearFit& fit) const;

private:
    static constexpr std::size_t kCells = 7;  // of an image: n = 0 to 6
    struct Block {
        bool filled = false;
        std::array<double, kCells> residual{};
    };
    struct Image {
        double x = 0;
        std::array<std::size_t, kCells> cell{};  // in cells_
        std::array<double, kCells> count{}, sum{}, residual{}, square{};
        std::vector<Block> blocks;
    };

    void find_cells();

    std::vector<Image> images_;
    std::vector<ResponseCell> cells_;
};

/// Range of the ratio b/(6a) that `regress` finds with one image left out. Costs a regression an image.
Range leave_one_image_out(const MagnitudeSums& sums,
                          const std::function<LinearFit(std::span<const ResponseCell>)>& regress);

}  // namespace dwellmap
