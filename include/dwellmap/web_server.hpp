// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/config.hpp"
#include "dwellmap/source.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <memory>

namespace dwellmap {

/// Bounds that protect the analyzer from its clients.
struct WebLimits {
    int clients = 32;  ///< connections at a time; further ones are answered with 503
    std::chrono::milliseconds request{5000};  ///< to send a request, to take a response, to close
    std::chrono::milliseconds idle{
        20000};  ///< WebSocket without any sign of life (a ping is sent at half of it)
    std::chrono::milliseconds period{100};  ///< between two images
};

/// The operator's page: HTTP for its few files, a WebSocket (/live) for the results. Read-only.
///
/// A WebSocket message is: u32 little-endian length of the JSON, the JSON, and unless it is a status or an "analysis" (the
/// statistics of the series, see series_json.hpp) only
/// width × height bytes of the 8-bit image ("image" in the JSON), zeros up to a multiple of 4 bytes, and value and sigma of
/// each map ("maps") as rows × cols little-endian floats, NaN where nothing is known.
///
/// publish() and idle() are for one thread, the analysis's; they copy and return. All else happens in the thread
/// that runs `io`. Whoever does not read only misses results: every client gets the newest one when it is
/// ready for it, and nothing is queued.
///
/// Only requests naming this server (Host, and Origin if there is one) are answered: no other site's page can read the
/// results through the operator's browser.
class WebServer : public ResultSink {
public:
    /// Listens at once. Port 0 takes a free one. `io` must outlive the server.
    /// @throws SetupError if the address is no single interface's or can't be listened on
    WebServer(boost::asio::io_context& io, const WebConfig& config, const WebLimits& limits = {});
    ~WebServer() override;  ///< closes the port; clients are closed by `io`'s thread
    WebServer(const WebServer&) = delete;
    WebServer& operator=(const WebServer&) = delete;

    std::uint16_t port() const noexcept;

    void publish(const FrameResult& result, const Frame& frame, const Counters& counters,
                 StreamState state) override;
    void publish_series(const SeriesUpdate& update) override;
    void idle(const Counters& counters, StreamState state) override;

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace dwellmap
