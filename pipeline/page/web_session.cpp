// SPDX-License-Identifier: Apache-2.0
#include "page/web_session.hpp"

#include "page/web_command.hpp"
#include "page/web_pages.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace dwellmap {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using Error = beast::error_code;

constexpr std::uint32_t max_header_bytes = 8192;
constexpr std::uint64_t max_body_bytes = 4096;  // a command
constexpr std::size_t max_incoming_bytes = 1024;

WebResponse page(const WebPage& file, const std::string& host, bool with_body) {
    WebResponse r{http::status::ok, 11};
    r.set(http::field::content_type, beast::string_view(file.type.data(), file.type.size()));
    r.set(http::field::cache_control, "no-store");
    r.set("Content-Security-Policy",
          "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
          "connect-src 'self' ws://" +
              host + "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    r.set("X-Content-Type-Options", "nosniff");
    r.set("Cross-Origin-Resource-Policy", "same-origin");
    r.set("Referrer-Policy", "no-referrer");
    r.keep_alive(false);
    r.content_length(file.body.size());
    if (with_body)
        r.body() = std::string(file.body);
    return r;
}

}  // namespace

WebResponse answer(const WebRequest& request, const WebHub& hub) {
    if (!from_own_page(request, hub.own_hosts))
        return plain_response(http::status::forbidden,
                              "403 Forbidden: open http://" + hub.own_hosts.front() + "/");
    if (request.method() != http::verb::get && request.method() != http::verb::head) {
        auto r = plain_response(http::status::method_not_allowed,
                                "405 Method Not Allowed: the page is only read");
        r.set(http::field::allow, "GET, HEAD");
        return r;
    }
    const auto target = view(request.target());
    const auto* file = find_page(target.substr(0, target.find('?')));
    if (file == nullptr)
        return plain_response(http::status::not_found, "404 Not Found");
    return page(*file, std::string(view(request[http::field::host])),
                request.method() == http::verb::get);
}

WebConnection::WebConnection(asio::ip::tcp::socket socket, std::shared_ptr<WebHub> hub, bool full)
    : stream_(std::move(socket)),
      hub_(std::move(hub)),
      seat_(std::make_unique<WebSeat>(hub_)),
      full_(full) {
    parser_.header_limit(max_header_bytes);
    parser_.body_limit(max_body_bytes);
}

void WebConnection::run() {
    stream_.expires_after(hub_->limits.request);  // for the request and the response together
    http::async_read(stream_, buffer_, parser_,
                     [self = shared_from_this()](Error ec, std::size_t) { self->on_request(ec); });
}

void WebConnection::on_request(Error ec) {
    if (ec == http::error::end_of_stream || ec == beast::error::timeout ||
        ec == asio::error::operation_aborted)
        return;
    if (ec == http::error::body_limit)
        return send(plain_response(http::status::payload_too_large,
                                   "413 Payload Too Large: a command has at most 4 KiB"));
    if (ec)
        return send(plain_response(http::status::bad_request, "400 Bad Request: " + ec.message()));
    if (full_)
        return send(plain_response(http::status::service_unavailable,
                                   "503 Service Unavailable: too many connections"));

    const auto& request = parser_.get();
    if (websocket::is_upgrade(request) && request.target() == "/live" &&
        from_own_page(request, hub_->own_hosts)) {
        std::make_shared<WebWatcher>(std::move(stream_), hub_, std::move(seat_))
            ->run(parser_.release());
        return;
    }
    if (view(request.target()) == command_target && from_own_page(request, hub_->own_hosts))
        return on_command();
    send(answer(request, *hub_));
}

void WebConnection::on_command() {
    Command command;
    if (auto refused = read_command(parser_.get(), *hub_, command))
        return send(std::move(*refused));
    stream_.expires_never();  // the disk may take its time
    // Moved on, not copied: the connection has to end in the strand, not in the commands' thread.
    auto done = [self = shared_from_this(),
                 strand = stream_.get_executor()](CommandReply reply) mutable {
        asio::post(strand, [self = std::move(self), reply = std::move(reply)] {
            self->stream_.expires_after(self->hub_->limits.request);
            self->send(reply_response(reply));
        });
    };
    hub_->commands.run(std::move(command), std::move(done));
}

void WebConnection::send(WebResponse response) {
    response_ = std::move(response);
    http::async_write(stream_, response_, [self = shared_from_this()](Error, std::size_t) {
        Error ignored;
        self->stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    });
}

WebWatcher::WebWatcher(beast::tcp_stream stream, std::shared_ptr<WebHub> hub,
                       std::unique_ptr<WebSeat> seat)
    : socket_(std::move(stream)), hub_(std::move(hub)), seat_(std::move(seat)) {}

void WebWatcher::run(WebRequest request) {
    request_ = std::move(request);
    beast::get_lowest_layer(socket_).expires_never();  // the WebSocket has time-outs of its own
    socket_.set_option(
        websocket::stream_base::timeout{hub_->limits.request, hub_->limits.idle, true});
    socket_.read_message_max(max_incoming_bytes);
    socket_.auto_fragment(false);
    socket_.binary(true);
    socket_.async_accept(request_, [self = shared_from_this()](Error ec) {
        if (ec)
            return;
        self->hub_->watchers.push_back(self);
        self->read();
        self->hub_->on_watcher();
        self->send_newest();
    });
}

void WebWatcher::read() {  // answers pings and closes; what a client says is dropped
    socket_.async_read(incoming_, [self = shared_from_this()](Error ec, std::size_t) {
        if (ec)
            return self->close();
        self->incoming_.consume(self->incoming_.size());
        self->read();
    });
}

void WebWatcher::send_newest() {
    if (sending_)
        return;
    if (hub_->frame.version > frame_sent_) {
        frame_sent_ = hub_->frame.version;
        sending_ = hub_->frame.bytes;
    } else if (hub_->analysis.version > analysis_sent_) {
        analysis_sent_ = hub_->analysis.version;
        sending_ = hub_->analysis.bytes;
    } else if (hub_->status.version >
               std::max(frame_sent_, status_sent_)) {  // a frame carries the status of its time
        status_sent_ = hub_->status.version;
        sending_ = hub_->status.bytes;
    } else {
        return;
    }
    socket_.async_write(asio::buffer(*sending_),
                        [self = shared_from_this()](Error ec, std::size_t) {
                            self->sending_.reset();
                            if (ec)
                                return self->close();
                            self->send_newest();
                        });
}

}  // namespace dwellmap
