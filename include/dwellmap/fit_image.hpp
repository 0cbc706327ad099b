// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/types.hpp"

#include <cstddef>
#include <vector>

namespace dwellmap {

/// Counts, model and weights (1/variance) of a frame, with a border around them where weights are 0, so that the
/// window of a column never has to be clipped. Rows that are lost have weight 0 too. The constructor allocates.
class FitImage {
public:
    static constexpr int border_px = 56;  ///< more than half the longest window

    FitImage(int rows_px, int cols_px)
        : rows_(rows_px),
          cols_(cols_px),
          stride_(cols_px + 2 * border_px),
          counts_(static_cast<std::size_t>(stride_) *
                  (static_cast<std::size_t>(rows_px) + 2 * border_px)),
          model_(counts_.size()),
          weight_(counts_.size()) {}

    float* counts(int x, int y) noexcept { return counts_.data() + offset(x, y); }
    float* model(int x, int y) noexcept { return model_.data() + offset(x, y); }
    float* weight(int x, int y) noexcept { return weight_.data() + offset(x, y); }
    const float* counts(int x, int y) const noexcept { return counts_.data() + offset(x, y); }
    const float* model(int x, int y) const noexcept { return model_.data() + offset(x, y); }
    const float* weight(int x, int y) const noexcept { return weight_.data() + offset(x, y); }

    std::ptrdiff_t stride() const noexcept { return stride_; }
    int rows() const noexcept { return rows_; }
    int cols() const noexcept { return cols_; }

private:
    std::ptrdiff_t offset(int x, int y) const noexcept {
        return (y + border_px) * stride_ + x + border_px;
    }

    int rows_, cols_;
    std::ptrdiff_t stride_;
    std::vector<float> counts_, model_, weight_;
};

}  // namespace dwellmap
