// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/config.hpp"
#include "dwellmap/source.hpp"
#include "wire/command.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
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

/// What the page's buttons do, and what it shows of it.
struct WebControls {
    CommandHandler handler;
    std::function<RecordingStatus()> recording;  ///< told with every status; must return at once
    double before_s = 0;  ///< recorded of the time before, see RecordingConfig
};

/// The operator's page: HTTP for its few files, a WebSocket (/live) for the results, POST /command for the buttons.
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
/// results through the operator's browser. A command is JSON, {"command": "record_start", "file": "name.h5"}, and so is its
/// answer, {"ok", "text", "recording"}. It is taken from the page of a server at a loopback address (by its Origin), or with
/// "Authorization: Bearer" and web.token.
class WebServer : public ResultSink {
public:
    /// Listens at once. Port 0 takes a free one. `io` must outlive the server.
    /// @throws SetupError if the address is no single interface's or can't be listened on
    WebServer(boost::asio::io_context& io, const WebConfig& config, WebControls controls,
              const WebLimits& limits = {});
    /// Closes the port and waits for the command that is carried out; clients are closed by `io`'s thread.
    ~WebServer() override;
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
