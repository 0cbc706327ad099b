// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/library.hpp"

#include <vector>

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

    /// What rank 0 has no field for and another rank has, rank 0 gets; the other ranks' lists stay as they are. Fields of any
    /// size; rank 0 holds one at a time as bytes, too.
    /// @param fields  [as many on all ranks] null: none, or another rank's
    void gather(std::vector<Library::FieldPtr>& fields) const;

    /// Rank 0's value, on all ranks.
    double broadcast(double value) const;

    /// The largest of all ranks' values, on all ranks.
    int largest(int value) const;

    /// Ends the processes of all ranks.
    [[noreturn]] void stop(int exit_code) const;

private:
    int rank_ = 0, size_ = 1;
};

}  // namespace dwellmap
