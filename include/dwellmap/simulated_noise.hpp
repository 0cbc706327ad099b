// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>

namespace dwellmap {

/// Random numbers that are the same on every machine: the engine is the standard's, the distributions are ours
/// (the standard leaves theirs to the library). Each (seed, stream) is a sequence of its own, so that a setting that
/// draws more numbers does not change what another one draws.
class Noise {
public:
    Noise(std::uint64_t seed, std::uint64_t stream);

    double uniform() noexcept;  ///< [0, 1)
    double normal() noexcept;   ///< mean 0, standard deviation 1
    int below(int n) noexcept;  ///< 0…n-1

    /// Inversion below a mean of 10, above it transformed rejection [Hörmann 1993, Insurance: Math. Econ. 12, 39].
    /// @param mean anything up to 1e15; not positive gives 0
    double poisson(double mean) noexcept;

private:
    double poisson_large(double mean) noexcept;

    std::mt19937_64 bits_;
};

}  // namespace dwellmap
