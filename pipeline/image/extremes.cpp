// SPDX-License-Identifier: Apache-2.0
#include "image/extremes.hpp"

#include "base/vec8.hpp"
#include "base/vectorise.hpp"

#include <algorithm>

namespace dwellmap {

DWELLMAP_VECTORISE void look_at(const float* counts, std::size_t n, std::size_t rows,
                                std::size_t stride, Extremes& extremes) noexcept {
    constexpr std::size_t ways = 4;  // one sum would wait for itself
    Vec8 least[ways], most[ways], bad[ways];
    for (std::size_t way = 0; way < ways; ++way) {
        least[way] = Vec8{} + extremes.least;
        most[way] = Vec8{} + extremes.most;
        bad[way] = Vec8{};
    }
    const auto take = [&](std::size_t way, const Vec8& x) {
        least[way] = x < least[way] ? x : least[way];
        most[way] = x > most[way] ? x : most[way];
        bad[way] += x - x;  // 0, but for infinities and what is no number
    };
    for (const float* row = counts; row < counts + rows * stride; row += stride) {
        std::size_t k = 0;
        for (; k + ways * kVec <= n; k += ways * kVec) {
            __builtin_prefetch(row + stride + k);
            __builtin_prefetch(row + stride + k + 2 * kVec);
            for (std::size_t way = 0; way < ways; ++way) {
                take(way, load8(row + k + way * kVec));
            }
        }
        for (; k < n; ++k) {
            take(0, Vec8{} + row[k]);
        }
    }
    for (std::size_t way = 0; way < ways; ++way) {
        for (int lane = 0; lane < kVec; ++lane) {
            extremes.least = std::min(extremes.least, least[way][lane]);
            extremes.most = std::max(extremes.most, most[way][lane]);
            extremes.all_finite = extremes.all_finite && bad[way][lane] == 0;
        }
    }
}

}  // namespace dwellmap
