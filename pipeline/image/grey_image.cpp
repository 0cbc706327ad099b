// SPDX-License-Identifier: Apache-2.0
#include "image/grey_image.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace dwellmap {
namespace {

/// Mean of the valid rows of each block; NaN where there is none.
Image block_means(const Frame& frame, int factor) {
    const auto rows = frame.counts.rows(), cols = frame.counts.cols();
    Image out((rows + factor - 1) / factor, (cols + factor - 1) / factor);
    for (Eigen::Index y = 0; y < out.rows(); ++y) {
        const auto y_end = std::min<Eigen::Index>((y + 1) * factor, rows);
        out.row(y).setZero();
        int valid = 0;
        for (Eigen::Index row = y * factor; row < y_end; ++row) {
            if (frame.row_valid[static_cast<std::size_t>(row)] == 0)
                continue;
            ++valid;
            for (Eigen::Index x = 0; x < out.cols(); ++x)
                out(y, x) +=
                    frame.counts.row(row)
                        .segment(x * factor, std::min<Eigen::Index>(factor, cols - x * factor))
                        .mean();
        }
        out.row(y) /= static_cast<float>(valid);  // 0/0 is the NaN we want
    }
    return out;
}

float percentile(std::vector<float>& values, double fraction) {
    const auto k = static_cast<std::ptrdiff_t>(fraction * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), values.begin() + k, values.end());
    return values[static_cast<std::size_t>(k)];
}

}  // namespace

void make_grey(const Frame& frame, int max_side_px, GreyImage& into) {
    const auto side = static_cast<int>(std::max(frame.counts.rows(), frame.counts.cols()));
    into.factor = std::max(1, (side + max_side_px - 1) / max_side_px);
    const Image means = block_means(frame, into.factor);
    into.width = static_cast<int>(means.cols());
    into.height = static_cast<int>(means.rows());

    std::vector<float> seen;
    seen.reserve(static_cast<std::size_t>(means.size()));
    for (const float v : means.reshaped<Eigen::RowMajor>())
        if (std::isfinite(v))
            seen.push_back(v);
    into.low = seen.empty() ? 0 : percentile(seen, 0.005);
    into.high = seen.empty() ? 0 : percentile(seen, 0.997);

    const float gain = into.high > into.low ? 255.0F / (into.high - into.low) : 0.0F;
    into.pixels.clear();
    for (const float v : means.reshaped<Eigen::RowMajor>()) {
        const float grey = (v - into.low) * gain;
        into.pixels.push_back(grey > 0 ? static_cast<std::uint8_t>(std::min(grey + 0.5F, 255.0F))
                                       : 0);  // NaN: 0
    }
}

}  // namespace dwellmap
