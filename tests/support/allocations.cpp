// SPDX-License-Identifier: Apache-2.0
// Counts heap allocations. `operator new` is replaced; direct calls of malloc (as Eigen makes) are
// caught with the linker option --wrap=malloc. Unlike EIGEN_RUNTIME_NO_MALLOC this works in every
// build type and cannot make the tests see another Eigen than the library was compiled with.
#include "support/allocations.hpp"

#include <cstdlib>
#include <new>

namespace {
thread_local std::size_t allocations = 0;
}

extern "C" {
void* __real_malloc(std::size_t n);
void* __wrap_malloc(std::size_t n) {
    ++allocations;
    return __real_malloc(n);
}
}

#ifndef __SANITIZE_ADDRESS__  // ASan needs its own operators; the count then misses `new`
void* operator new(std::size_t n) {
    if (void* p = std::malloc(n == 0 ? 1 : n)) {
        return p;
    }
    throw std::bad_alloc{};
}
void* operator new(std::size_t n, std::align_val_t a) {
    ++allocations;
    const auto align = static_cast<std::size_t>(a);
    if (void* p = std::aligned_alloc(align, (n + align - 1) / align * align)) {
        return p;
    }
    throw std::bad_alloc{};
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
#endif

std::size_t dwellmap::testing::allocation_count() noexcept { return allocations; }
