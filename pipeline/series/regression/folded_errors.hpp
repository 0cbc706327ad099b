// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "regression/folded_regression.hpp"

#include <cstddef>
#include <map>

namespace dwellmap {

/// Errors between blocks, and the range of the ratio without one image, of a folded regression whose sample changes. They add up from shares of the
/// images, and an image's share is kept until its next turn: the coefficients it was found at have hardly moved since.
class FoldedErrors {
public:
    /// Renews the shares of so many images, those of which nothing is known first, then in turn. Forgets images that are gone.
    /// @param sample of the regression's last fit() or refit()
    /// @param now    counts updates
    void renew(const FoldedRegression& regression, const RegressionSample& sample,
               std::size_t images, int now);

    /// Renews them all.
    void renew_all(const FoldedRegression& regression, const RegressionSample& sample, int now);

    /// Sets errors, range and errors_age of the regression's estimate, if all its images had their turn.
    void set(const FoldedRegression& regression, int now, RegressionEstimate& estimate) const;

private:
    struct Kept {
        FoldedRegression::ImageShare share;
        int made;
    };
    std::map<int, Kept> shares_;
};

}  // namespace dwellmap
