// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace dwellmap::testing {

std::size_t allocation_count() noexcept;  ///< heap allocations made by this thread so far

/// How often `f` allocated: `CHECK(allocations_in([&] { stage.run(in, out); }) == 0);`
template <class F>
std::size_t allocations_in(F&& f) {
    const std::size_t before = allocation_count();
    f();
    return allocation_count() - before;
}

}  // namespace dwellmap::testing
