// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "page/web_request.hpp"
#include "page/web_server.hpp"
#include "stream/command_thread.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace dwellmap {

class WebWatcher;

/// What the server and its connections share. Touched only in the server's strand.
struct WebHub {
    struct Message {
        std::shared_ptr<const std::string> bytes;  ///< one copy, whoever is sending it
        std::uint64_t version = 0;  ///< counts frames and statuses together; 0: none yet
    };
    WebLimits limits;
    std::vector<std::string> own_hosts;  ///< "127.0.0.1:8080", ...: the only ones answered
    bool loopback = false;               ///< only this computer reaches them
    std::string token;                   ///< of programs that may give commands; empty: none may
    CommandThread commands;
    Message frame, analysis, status;  ///< the newest
    std::vector<std::weak_ptr<WebWatcher>> watchers;
    int open = 0;                      ///< connections
    std::function<void()> on_watcher;  ///< somebody is there to encode for

    explicit WebHub(CommandHandler handler) : commands(std::move(handler)) {}
};

/// Counts a connection as long as it lives.
class WebSeat {
public:
    explicit WebSeat(std::shared_ptr<WebHub> hub) : hub_(std::move(hub)) { ++hub_->open; }
    ~WebSeat() { --hub_->open; }
    WebSeat(const WebSeat&) = delete;
    WebSeat& operator=(const WebSeat&) = delete;

private:
    std::shared_ptr<WebHub> hub_;
};

/// The answer to a request that is no WebSocket upgrade, or to an upgrade that is refused.
WebResponse answer(const WebRequest& request, const WebHub& hub);

/// One request, one response, then closed; or handed over to a WebWatcher.
class WebConnection : public std::enable_shared_from_this<WebConnection> {
public:
    /// @param full answer with 503, whatever is asked
    WebConnection(boost::asio::ip::tcp::socket socket, std::shared_ptr<WebHub> hub, bool full);
    void run();

private:
    void on_request(boost::beast::error_code ec);
    void on_command();
    void send(WebResponse response);

    boost::beast::tcp_stream stream_;
    std::shared_ptr<WebHub> hub_;
    std::unique_ptr<WebSeat> seat_;
    bool full_;
    boost::beast::flat_buffer buffer_;
    boost::beast::http::request_parser<boost::beast::http::string_body> parser_;
    WebResponse response_;
};

/// A WebSocket client. Nothing is queued for it: when a message has gone out, it takes the newest there is by then.
class WebWatcher : public std::enable_shared_from_this<WebWatcher> {
public:
    WebWatcher(boost::beast::tcp_stream stream, std::shared_ptr<WebHub> hub,
               std::unique_ptr<WebSeat> seat);
    void run(WebRequest request);
    void send_newest();
    void close() { boost::beast::get_lowest_layer(socket_).close(); }

private:
    void read();

    boost::beast::websocket::stream<boost::beast::tcp_stream> socket_;
    std::shared_ptr<WebHub> hub_;
    std::unique_ptr<WebSeat> seat_;
    WebRequest request_;
    boost::beast::flat_buffer incoming_;
    std::shared_ptr<const std::string> sending_;  ///< null: idle
    std::uint64_t frame_sent_ = 0, analysis_sent_ = 0, status_sent_ = 0;
};

}  // namespace dwellmap
