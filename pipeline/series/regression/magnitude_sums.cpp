// SPDX-License-Identifier: Apache-2.0
#include "regression/magnitude_sums.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace dwellmap {

MagnitudeSums::MagnitudeSums(const RegressionSample& sample) {
    for (std::size_t i = 0; i < sample.score.size(); ++i) {
        const auto at = static_cast<std::size_t>(sample.image[i]);
        if (at >= images_.size()) {
            images_.resize(at + 1);
        }
        Image& image = images_[at];
        const auto n = static_cast<std::size_t>(sample.n[i]);
        image.x = sample.x[i];
        image.count[n] += 1;
        image.sum[n] += std::abs(sample.score[i]);
    }
    find_cells();
    for (std::size_t i = 0; i < sample.score.size(); ++i) {
        Image& image = images_[static_cast<std::size_t>(sample.image[i])];
        const auto n = static_cast<std::size_t>(sample.n[i]);
        const auto at = static_cast<std::size_t>(sample.block[i]);
        if (at >= image.blocks.size()) {
            image.blocks.resize(at + 1);
        }
        const double residual = std::abs(sample.score[i]) - cells_[image.cell[n]].mean;
        image.residual[n] += residual;
        image.square[n] += residual * residual;
        image.blocks[at].filled = true;
        image.blocks[at].residual[n] += residual;
    }
    cells_ = cells();
}

/// Their inputs and means.
void MagnitudeSums::find_cells() {
    std::map<std::pair<double, std::size_t>, std::pair<double, double>> found;  // count, sum
    for (const Image& image : images_) {
        for (std::size_t n = 0; n < kCells; ++n) {
            if (image.count[n] > 0) {
                auto& [count, sum] = found[{image.x, n}];
                count += image.count[n];
                sum += image.sum[n];
            }
        }
    }
    for (const auto& [inputs, sums] : found) {
        const auto& [x, n] = inputs;
        cells_.push_back({static_cast<double>(n), x, 0, sums.second / sums.first, 0});
    }
    for (Image& image : images_) {
        for (std::size_t n = 0; n < kCells; ++n) {
            const auto at = found.find({image.x, n});
            image.cell[n] = static_cast<std::size_t>(std::distance(found.begin(), at));
        }
    }
}

/// Residuals about the mean m of all images: mean = m + Σr/count, squares Σr² − (Σr)²/count.
std::vector<ResponseCell> MagnitudeSums::cells(int without_image) const {
    std::vector<ResponseCell> out = cells_;
    std::vector<std::array<double, 3>> sums(out.size());  // count, Σr, Σr²
    for (std::size_t i = 0; i < images_.size(); ++i) {
        for (std::size_t n = 0; n < kCells && static_cast<int>(i) != without_image; ++n) {
            if (images_[i].count[n] > 0) {
                auto& [count, residual, square] = sums[images_[i].cell[n]];
                count += images_[i].count[n];
                residual += images_[i].residual[n];
                square += images_[i].square[n];
            }
        }
    }
    for (std::size_t c = 0; c < out.size(); ++c) {
        const auto& [count, residual, square] = sums[c];
        const double off = residual / std::max(count, 1.0);
        out[c].count = std::llround(count);
        out[c].mean += off;
        out[c].sum_of_squares = std::max(0.0, square - off * residual);
    }
    std::erase_if(out, [](const ResponseCell& c) { return c.count == 0; });
    return out;
}

std::vector<int> MagnitudeSums::images() const {
    std::vector<int> out;
    for (std::size_t i = 0; i < images_.size(); ++i) {
        if (!images_[i].blocks.empty()) {
            out.push_back(static_cast<int>(i));
        }
    }
    return out;
}

/// Residuals add up within a block as far as its atoms are alike.
double MagnitudeSums::design_effect() const noexcept {
    double between_blocks = 0, independent = 0;
    for (const Image& image : images_) {
        for (std::size_t n = 0; n < kCells; ++n) {
            independent += image.square[n];
            for (const Block& block : image.blocks) {
                between_blocks += block.residual[n] * block.residual[n];
            }
        }
    }
    return independent > 0 ? std::max(1.0, between_blocks / independent) : 1;
}

/// An atom moves the mean of its cell by its residual over the cell's count.
void MagnitudeSums::set_block_errors(LinearFit& fit) const {
    BlockCovariance blocks;
    for (const Image& image : images_) {
        for (const Block& block : image.blocks) {
            Eigen::Vector3d influence = Eigen::Vector3d::Zero();
            for (std::size_t n = 0; n < kCells && block.filled; ++n) {
                if (image.count[n] > 0) {
                    const auto count = static_cast<double>(cells_[image.cell[n]].count);
                    influence += fit.map.col(static_cast<Eigen::Index>(image.cell[n])) *
                                 (block.residual[n] / count);
                }
            }
            if (block.filled) {
                blocks.add({influence[0], influence[1], 0, influence[2]});
            }
        }
    }
    set_errors(blocks.covariance(), fit.estimate);
}

Range leave_one_image_out(const MagnitudeSums& sums,
                          const std::function<LinearFit(std::span<const ResponseCell>)>& regress) {
    Range range;
    for (const int image : sums.images()) {
        range.add(regress(sums.cells(image)).estimate.ratio);
    }
    return range;
}

}  // namespace dwellmap
