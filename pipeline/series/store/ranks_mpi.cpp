// SPDX-License-Identifier: Apache-2.0
#include "store/library_hdf5.hpp"
#include "store/ranks.hpp"

#include <mpi.h>

#include <algorithm>
#include <array>
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

std::vector<std::byte> to_bytes(const Library::FieldPtr& field) {
    Library one;
    one.put(field);
    return to_hdf5(one);
}

void send_to_first(std::uint64_t place, std::vector<std::byte> message) {
    const std::array<std::uint64_t, 2> head{place, message.size()};
    MPI_Send(head.data(), 2, MPI_UINT64_T, 0, 0, MPI_COMM_WORLD);
    for_each_piece(message, [](std::byte* begin, int bytes) {
        MPI_Send(begin, bytes, MPI_BYTE, 0, 0, MPI_COMM_WORLD);
    });
}

void send_all(const std::vector<Library::FieldPtr>& fields) {
    for (std::size_t k = 0; k < fields.size(); ++k) {
        if (fields[k]) {
            send_to_first(k, to_bytes(fields[k]));
        }
    }
    send_to_first(fields.size(), {});  // no more
}

/// @return false: there are no more from this rank
bool receive_from(int rank, std::vector<Library::FieldPtr>& fields) {
    std::array<std::uint64_t, 2> head{};
    MPI_Recv(head.data(), 2, MPI_UINT64_T, rank, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    const auto [place, size] = head;
    if (place == fields.size()) {
        return false;
    }
    std::vector<std::byte> message(size);
    for_each_piece(message, [&](std::byte* begin, int bytes) {
        MPI_Recv(begin, bytes, MPI_BYTE, rank, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    });
    auto& mine = fields.at(place);
    if (!mine) {
        mine = from_hdf5(message, "rank " + std::to_string(rank)).fields().front();
    }
    return true;
}

}  // namespace

Ranks::Ranks() {
    int provided = 0;  // errors of MPI itself end all ranks with its message
    MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &size_);
}

Ranks::~Ranks() { MPI_Finalize(); }

void Ranks::gather(std::vector<Library::FieldPtr>& fields) const {
    if (rank_ > 0) {
        send_all(fields);
    }
    for (int rank = 1; rank_ == 0 && rank < size_; ++rank) {
        while (receive_from(rank, fields)) {
        }
    }
}

double Ranks::broadcast(double value) const {
    MPI_Bcast(&value, 1, MPI_DOUBLE, 0, MPI_COMM_WORLD);
    return value;
}

int Ranks::largest(int value) const {
    MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
    return value;
}

void Ranks::stop(int exit_code) const {
    MPI_Abort(MPI_COMM_WORLD, exit_code);
    std::abort();  // not reached
}

}  // namespace dwellmap
