// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/source.hpp"

#include <boost/asio/io_context.hpp>

#include <memory>
#include <string>

namespace dwellmap {

/// Results on a ZeroMQ XPUB socket: atoms, map and statistics of a frame, and a heartbeat once a second.
/// Who subscribes gets the last result at once.
///
/// publish() encodes in the caller's thread and leaves the newest result for the one thread that runs `io`,
/// which owns the socket. A result that is not fetched before the next one is dropped and counted, and
/// subscribers see the gap in the sequence numbers. May be destroyed before or after `io` has stopped,
/// but before `io` is.
class ZmqPublisher : public ResultSink {
public:
    /// @throws SetupError if the endpoint cannot be bound, or is open to the network ("tcp://*:5556")
    ///         without `allow_any_address`
    ZmqPublisher(boost::asio::io_context& io, const std::string& endpoint,
                 bool allow_any_address = false);
    ~ZmqPublisher() override;

    void publish(const FrameResult& result, const Frame& frame, const Counters& counters,
                 StreamState state) override;
    void publish_series(const SeriesUpdate& update) override;
    void idle(const Counters& counters, StreamState state) override;

    const std::string& endpoint() const noexcept;  ///< as bound: "tcp://127.0.0.1:*" got a port
    std::uint64_t dropped() const;                 ///< results

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;  // shared with the handlers that `io` still holds
};

}  // namespace dwellmap
