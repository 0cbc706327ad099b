// SPDX-License-Identifier: Apache-2.0
#include "stream/sequence.hpp"

namespace dwellmap {

Sequence::Arrival Sequence::arrived(std::uint64_t seq) noexcept {
    if (!joined_) {
        joined_ = true;
        first_ = next_ = seq;
    }
    if (seq >= next_) {
        lost_ += seq - next_;
        advance_to(seq);
        advance_to(seq + 1);
        seen_[seq % kWindow] = true;
        return Arrival::in_order;
    }
    if (next_ - seq > kWindow) {
        return Arrival::late;
    }
    if (seen_[seq % kWindow]) {
        return Arrival::repeated;
    }
    seen_[seq % kWindow] = true;
    if (seq >= first_) {
        --lost_;
    }
    return Arrival::late;
}

void Sequence::announced(std::uint64_t next) noexcept {
    if (!joined_) {
        joined_ = true;
        first_ = next_ = next;
    } else if (next > next_) {
        lost_ += next - next_;
        advance_to(next);
    }
}

void Sequence::advance_to(std::uint64_t next) noexcept {
    if (next - next_ >= kWindow) {
        seen_.reset();
    } else {
        for (std::uint64_t seq = next_; seq < next; ++seq) {
            seen_[seq % kWindow] = false;
        }
    }
    next_ = next;
}

}  // namespace dwellmap
