// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace dwellmap {

/// How far intervals were from what they should have been: quantiles to 1/16, from a histogram of fixed size.
class IntervalErrors {
public:
    /// @param error_ns of one interval; its sign does not matter
    void add(std::int64_t error_ns) noexcept {
        const auto size = static_cast<std::uint64_t>(error_ns < 0 ? -error_ns : error_ns);
        ++counts_[bin_of(size)];
        ++count_;
        largest_ns_ = std::max(largest_ns_, size);
    }

    std::uint64_t count() const noexcept { return count_; }
    std::uint64_t largest_ns() const noexcept { return largest_ns_; }

    /// Of all but a fraction 1 - p of the intervals the error is at most this. @param p 0…1
    std::uint64_t quantile_ns(double p) const noexcept {
        const auto wanted = static_cast<std::uint64_t>(p * static_cast<double>(count_));
        std::uint64_t seen = 0;
        for (std::size_t bin = 0; bin < kBins; ++bin) {
            seen += counts_[bin];
            if (seen > wanted || seen == count_) {
                return std::min(upper_ns(bin), largest_ns_);
            }
        }
        return largest_ns_;
    }

private:
    static constexpr unsigned kParts = 16;  // of a factor of two
    static constexpr std::size_t kBins = std::size_t{kParts} * 61;

    static std::size_t bin_of(std::uint64_t ns) noexcept {
        if (ns < kParts) {
            return static_cast<std::size_t>(ns);
        }
        const auto octave = static_cast<unsigned>(std::bit_width(ns)) - 5U;  // ns >> octave: 16…31
        return octave * kParts + static_cast<std::size_t>(ns >> octave);
    }
    static std::uint64_t upper_ns(std::size_t bin) noexcept {
        if (bin < kParts) {
            return bin;
        }
        const auto octave = bin / kParts - 1;
        return ((bin - octave * kParts + 1) << octave) - 1;
    }

    std::array<std::uint64_t, kBins> counts_{};
    std::uint64_t count_ = 0, largest_ns_ = 0;
};

}  // namespace dwellmap
