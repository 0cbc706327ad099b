// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/types.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace dwellmap {

/// Counts, model and weights (1/variance) of a frame, with a border around them where weights are 0, so that the
/// window of a column never has to be clipped. Rows that are lost have weight 0 too.
///
/// Of a frame that is fitted while it is scanned only the last rows are in use: earlier ones leave them their place, and what
/// is worked on stays in the cache however large the frame is. The weights of the rows of the border are then the user's affair:
/// other rows have been in their place. The constructor allocates.
class FitImage {
public:
    static constexpr int border_px = 56;  ///< more than half the longest window

    FitImage(int rows_px, int cols_px)
        : rows_(rows_px),
          cols_(cols_px),
          stride_(cols_px + 2 * border_px),
          row_start_(static_cast<std::size_t>(rows_px) + 2 * border_px),
          counts_(row_start_.size() * static_cast<std::size_t>(stride_)),
          model_(counts_.size()),
          weight_(counts_.size()) {
        keep(rows_px + 2 * border_px);
    }

    /// Any `rows` rows below one another are kept, those of the border among them; others may be where they are.
    void keep(int rows) noexcept {
        const auto n = std::min(static_cast<std::size_t>(rows), row_start_.size());
        for (std::size_t y = 0; n != kept_ && y < row_start_.size(); ++y) {
            row_start_[y] = static_cast<std::ptrdiff_t>(y % n) * stride_;
        }
        kept_ = n;
    }

    float* counts(int x, int y) noexcept { return counts(x) + *row_starts(y); }
    float* model(int x, int y) noexcept { return model(x) + *row_starts(y); }
    float* weight(int x, int y) noexcept { return weight(x) + *row_starts(y); }
    const float* counts(int x, int y) const noexcept { return counts(x) + *row_starts(y); }
    const float* model(int x, int y) const noexcept { return model(x) + *row_starts(y); }

    /// The pixel (x, y) is at counts(x)[row_starts(y)[0]], the one below it at counts(x)[row_starts(y)[1]].
    const std::ptrdiff_t* row_starts(int y) const noexcept {
        return row_start_.data() + y + border_px;
    }
    float* counts(int x) noexcept { return counts_.data() + x + border_px; }
    float* model(int x) noexcept { return model_.data() + x + border_px; }
    float* weight(int x) noexcept { return weight_.data() + x + border_px; }
    const float* counts(int x) const noexcept { return counts_.data() + x + border_px; }
    const float* model(int x) const noexcept { return model_.data() + x + border_px; }
    const float* weight(int x) const noexcept { return weight_.data() + x + border_px; }

    int rows() const noexcept { return rows_; }
    int cols() const noexcept { return cols_; }

private:
    int rows_, cols_;
    std::ptrdiff_t stride_;
    std::size_t kept_ = 0;
    std::vector<std::ptrdiff_t> row_start_;  // [rows and border]
    std::vector<float> counts_, model_, weight_;
};

}  // namespace dwellmap
