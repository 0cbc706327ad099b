// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/library_hdf5.hpp"
#include "dwellmap/ranks.hpp"

#include <mpi.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

namespace dwellmap {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{1} << 30;  // MPI counts in int

/// Calls f(begin, bytes) for the pieces of a message, one after the other.
template <class F>
void for_each_piece(std::span<std::byte> message, const F& f) {
    while (!message.empty()) {
        const auto piece = message.first(std::min(kPieceBytes, message.size()));
        f(piece.data(), static_cast<int>(piece.size()));
        message = message.subspan(piece.size());
    }
}

void send_to_first(std::vector<std::byte> message) {
    const std::uint64_t size = message.size();
    MPI_Send(&size, 1, MPI_UINT64_T, 0, 0, MPI_COMM_WORLD);
    for_each_piece(message, [](std::byte* begin, int bytes) {
        MPI_Send(begin, bytes, MPI_BYTE, 0, 0, MPI_COMM_WORLD);
    });
}

std::vector<std::byte> receive_from(int rank) {
    std::uint64_t size = 0;
    MPI_Recv(&size, 1, MPI_UINT64_T, rank, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    std::vector<std::byte> message(size);
    for_each_piece(message, [&](std::byte* begin, int bytes) {
        MPI_Recv(begin, bytes, MPI_BYTE, rank, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    });
    return message;
}

}  // namespace

Ranks::Ranks() {
    int provided = 0;  // errors of MPI itself end all ranks with its message
    MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &size_);
}

Ranks::~Ranks() { MPI_Finalize(); }

Library Ranks::gather(const Library& mine) const {
    if (rank_ > 0) {
        send_to_first(to_hdf5(mine));
        return {};
    }
    Library all = mine;
    for (int rank = 1; rank < size_; ++rank) {
        const std::string origin = "rank " + std::to_string(rank);
        const Library theirs = from_hdf5(receive_from(rank), origin);
        for (const auto& field : theirs.fields()) {
            all.check_fits(*field, origin);
        }
        all.merge(theirs);
    }
    return all;
}

double Ranks::broadcast(double value) const {
    MPI_Bcast(&value, 1, MPI_DOUBLE, 0, MPI_COMM_WORLD);
    return value;
}

void Ranks::stop(int exit_code) const {
    MPI_Abort(MPI_COMM_WORLD, exit_code);
    std::abort();  // not reached
}

}  // namespace dwellmap
