// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>

namespace dwellmap {

/// Which messages of one kind and session have come: gaps, late ones and repeats. The last `kWindow`
/// numbers are remembered; what comes later than that stays counted as lost.
class Sequence {
public:
    enum class Arrival { in_order, late, repeated };

    Arrival arrived(std::uint64_t seq) noexcept;

    /// The sender says that everything below `next` has been sent. The first such word also tells
    /// where we joined, if nothing had come before it.
    void announced(std::uint64_t next) noexcept;

    std::uint64_t lost() const noexcept { return lost_; }

private:
    static constexpr std::size_t kWindow = 4096;

    void advance_to(std::uint64_t next) noexcept;

    bool joined_ = false;
    std::uint64_t first_ = 0;  // nothing below it was ours to receive
    std::uint64_t next_ = 0;
    std::uint64_t lost_ = 0;
    std::bitset<kWindow> seen_;  // of [next_ - kWindow, next_), by number modulo kWindow
};

}  // namespace dwellmap
