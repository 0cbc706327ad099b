// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/envelope.hpp"
#include "dwellmap/frame_message.hpp"
#include "dwellmap/source.hpp"
#include "dwellmap/types.hpp"

#include <vector>

namespace dwellmap {

namespace wire {
struct Atoms;
struct Event;
struct Heartbeat;
struct Map;
struct SeriesStatistics;
struct Statistics;
}  // namespace wire

/// @param result with its series
std::vector<std::byte> encode_map(const FrameResult& result, const Stamp& stamp);
std::vector<std::byte> encode_atoms(const FrameResult& result, const Stamp& stamp);
std::vector<std::byte> encode_statistics(const FrameResult& result, const Counters& counters,
                                         StreamState state, const Stamp& stamp);
std::vector<std::byte> encode_series(const SeriesUpdate& update, const Stamp& stamp);
std::vector<std::byte> encode_heartbeat(const HeartbeatMessage& message, const Counters& counters,
                                        const Stamp& stamp);

/// A verified message of a result stream, kept in an aligned copy. Fields are read with the accessors
/// that flatc makes of result.fbs (result_generated.h).
class ResultMessage {
public:
    /// @return why it was refused; none also for a kind that we do not know, of which all are null.
    ///         Checked besides the bytes: columns of equal length, layers of the map's shape, modes
    ///         of the neighbourhood's size, texts that are safe to print.
    [[nodiscard]] RejectReason read(Bytes message);

    const Envelope& envelope() const noexcept { return envelope_; }

    const wire::Map* map() const noexcept;  ///< nullptr if it is of another kind, as all these
    const wire::Atoms* atoms() const noexcept;
    const wire::Statistics* statistics() const noexcept;
    const wire::SeriesStatistics* series() const noexcept;
    const wire::Event* event() const noexcept;
    const wire::Heartbeat* heartbeat() const noexcept;

private:
    template <class Table>
    const Table* root(Kind kind) const noexcept;
    template <class Table>
    RejectReason verify() const noexcept;

    Envelope envelope_;
    std::vector<std::byte> flatbuffer_;
};

/// The part of a result that a message carries, as in the analyzer. Of the series only the uuid is
/// known; names of map layers look into `message`.
FrameResult unpack(const wire::Map& message);
FrameResult unpack(const wire::Atoms& message);
FrameResult unpack(const wire::Statistics& message, Counters& counters);
Counters unpack(const wire::Heartbeat& message);

}  // namespace dwellmap
