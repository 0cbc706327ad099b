// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/extremes.hpp"

#include "vec8.hpp"
#include "vectorise.hpp"

#include <algorithm>

namespace dwellmap {

DWELLMAP_VECTORISE void look_at(const float* counts, std::size_t n, Extremes& extremes) noexcept {
    Vec8 least = Vec8{} + extremes.least, most = Vec8{} + extremes.most, bad{};
    std::size_t k = 0;
    const auto take = [&](const Vec8& x) {
        least = x < least ? x : least;
        most = x > most ? x : most;
        bad += x - x;  // 0, but for infinities and what is no number
    };
    for (; k + kVec <= n; k += kVec) {
        take(load8(counts + k));
    }
    for (; k < n; ++k) {
        take(Vec8{} + counts[k]);
    }
    for (int lane = 0; lane < kVec; ++lane) {
        extremes.least = std::min(extremes.least, least[lane]);
        extremes.most = std::max(extremes.most, most[lane]);
        extremes.all_finite = extremes.all_finite && bad[lane] == 0;
    }
}

}  // namespace dwellmap
