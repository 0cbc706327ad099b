// SPDX-License-Identifier: Apache-2.0
#pragma once

// A function marked so is compiled for several instruction sets; the loader picks the best one the machine has.
// Not under sanitizers: the resolver runs before they are ready.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define DWELLMAP_VECTORISE \
    __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define DWELLMAP_VECTORISE
#endif
