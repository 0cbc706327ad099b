// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/library.hpp"

namespace dwellmap {

/// The processes that share the work: those of `mpirun -np N`, or this one alone in a build without MPI.
///
/// All of them must make the same calls in the same order. Whoever can't go on calls stop(): the others would wait for it.
class Ranks {
public:
    Ranks();  ///< first thing in main(), once
    ~Ranks();
    Ranks(const Ranks&) = delete;
    Ranks& operator=(const Ranks&) = delete;

    int rank() const noexcept { return rank_; }  ///< 0…size() − 1
    int size() const noexcept { return size_; }

    /// The fields of all ranks, merged, on rank 0; an empty library on the others. Of any size; rank 0 holds one rank's
    /// fields at a time as bytes, too.
    /// @throws SetupError on rank 0 if they do not fit together
    Library gather(const Library& mine) const;

    /// Rank 0's value, on all ranks.
    double broadcast(double value) const;

    /// Ends the processes of all ranks.
    [[noreturn]] void stop(int exit_code) const;

private:
    int rank_ = 0, size_ = 1;
};

}  // namespace dwellmap
