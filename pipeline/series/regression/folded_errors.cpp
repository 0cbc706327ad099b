// SPDX-License-Identifier: Apache-2.0
#include "regression/folded_errors.hpp"

#include <algorithm>
#include <limits>
#include <vector>

namespace dwellmap {

void FoldedErrors::renew(const FoldedRegression& regression, const RegressionSample& sample,
                         std::size_t images, int now) {
    std::vector<int> order = regression.images();
    std::erase_if(shares_, [&](const auto& kept) {
        return !std::binary_search(order.begin(), order.end(), kept.first);
    });
    const auto made = [&](int image) {
        const auto kept = shares_.find(image);
        return kept == shares_.end() ? std::numeric_limits<int>::min() : kept->second.made;
    };
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return made(a) < made(b); });
    for (std::size_t k = 0; k < std::min(images, order.size()); ++k) {
        shares_[order[k]] = {regression.share_of(order[k], sample), now};
    }
}

void FoldedErrors::renew_all(const FoldedRegression& regression, const RegressionSample& sample,
                             int now) {
    shares_.clear();
    renew(regression, sample, std::numeric_limits<std::size_t>::max(), now);
}

void FoldedErrors::set(const FoldedRegression& regression, int now,
                       RegressionEstimate& estimate) const {
    if (!estimate.converged || shares_.size() != regression.images().size()) {
        return;
    }
    BlockCovariance slopes;
    Range range;
    int oldest = now;
    for (const auto& [image, kept] : shares_) {
        slopes.add(kept.share.slopes);
        range.add(kept.share.ratio_without);
        oldest = std::min(oldest, kept.made);
    }
    regression.set_block_errors(slopes, estimate);
    estimate.ratio_low = range.low;
    estimate.ratio_high = range.high;
    estimate.errors_age = now - oldest;
}

}  // namespace dwellmap
