// SPDX-License-Identifier: Apache-2.0
#include "page/web_server.hpp"

#include "dwellmap/error.hpp"
#include "page/web_message.hpp"
#include "page/web_session.hpp"

#include <spdlog/spdlog.h>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include <atomic>
#include <mutex>
#include <string>
#include <utility>

namespace dwellmap {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Error = boost::system::error_code;

constexpr int max_side_px = 1024;
constexpr int status_ticks =
    5;  // at least every 0.5 s: the page takes 2 s of silence for a lost connection

tcp::acceptor listen(const asio::any_io_executor& executor, const WebConfig& config) {
    Error ec;
    const auto address = asio::ip::make_address(config.address, ec);
    if (ec)
        throw SetupError("web.address: \"" + config.address +
                         "\" is not an IP address; give one such as 127.0.0.1");
    if (address.is_unspecified())
        throw SetupError(
            "web.address: " + config.address +
            " means every interface; give the address of the one that the page is for");
    const tcp::endpoint endpoint(address, static_cast<std::uint16_t>(config.port));
    tcp::acceptor acceptor(executor);
    acceptor.open(endpoint.protocol());
    acceptor.set_option(asio::socket_base::reuse_address(true));
    acceptor.bind(endpoint, ec);
    if (!ec)
        acceptor.listen(asio::socket_base::max_listen_connections, ec);
    if (ec)
        throw SetupError("the page can't be served at " + config.address + ":" +
                         std::to_string(config.port) + ": " + ec.message() +
                         "; stop the program that uses the port, or set web.port to another one");
    return acceptor;
}

std::vector<std::string> own_hosts(const tcp::endpoint& endpoint) {
    const auto port = ":" + std::to_string(endpoint.port());
    if (endpoint.address().is_loopback())
        return {"localhost" + port, "127.0.0.1" + port, "[::1]" + port};
    const auto name = endpoint.address().to_string();
    return {(endpoint.address().is_v6() ? "[" + name + "]" : name) + port};
}

}  // namespace

class WebServer::Impl : public std::enable_shared_from_this<Impl> {
public:
    Impl(asio::io_context& io, const WebConfig& config, WebControls controls,
         const WebLimits& limits)
        : strand_(asio::make_strand(io)),
          acceptor_(listen(strand_, config)),
          tick_(strand_),
          hub_(std::make_shared<WebHub>(std::move(controls.handler))),
          recording_(std::move(controls.recording)) {
        status_.before_s = controls.before_s;
        hub_->limits = limits;
        hub_->token = config.token;
        hub_->loopback = acceptor_.local_endpoint().address().is_loopback();
        hub_->own_hosts = own_hosts(acceptor_.local_endpoint());
        if (!hub_->loopback)
            spdlog::warn("the page at {} is open to everyone who can reach this address",
                         hub_->own_hosts.front());
    }

    void start() {
        hub_->on_watcher = [weak = weak_from_this()] {
            if (auto self = weak.lock())
                self->flush();
        };
        asio::post(strand_, [self = shared_from_this()] {
            self->accept();
            self->tick();
        });
    }

    void stop() {
        hub_->commands.stop();
        asio::post(strand_, [self = shared_from_this()] {
            self->stopped_ = true;
            Error ignored;
            self->acceptor_.close(ignored);
            self->tick_.cancel();
            for (auto& watcher : self->hub_->watchers)
                if (auto w = watcher.lock())
                    w->close();
        });
    }

    std::uint16_t port() const { return port_; }

    /// In the analysis thread. The lock is only ever held for a copy or a swap.
    void store(const FrameResult& result, const Frame& frame, const Counters& counters,
               StreamState state) {
        {
            const std::scoped_lock lock(mutex_);
            // A whole frame is worth more than the first rows of the next: it stays until the next sending.
            if (!fresh_ || result.complete || !newest_.result.complete) {
                newest_.result = result;
                newest_.frame = frame;
                fresh_ = true;
            }
            status_.latencies.add(result.latency_us);
            status_.trend.add(result);
            note(counters, state);
        }
        if (!flush_posted_.exchange(true))
            asio::post(strand_, [self = shared_from_this()] {
                self->flush_posted_ = false;
                self->flush();
            });
    }

    void store(const SeriesUpdate& update) {
        asio::post(strand_, [self = shared_from_this(), json = update.json] {
            self->hub_->analysis = {
                std::make_shared<const std::string>(analysis_message(self->status(), json)),
                ++self->version_};
            self->send();
        });
    }

    void store(const Counters& counters, StreamState state) {
        const std::scoped_lock lock(mutex_);
        note(counters, state);
    }

private:
    struct Newest {
        FrameResult result;
        Frame frame;
    };

    void note(const Counters& counters, StreamState state) {
        status_.counters = counters;
        status_.state = state;
        status_.heard = std::chrono::steady_clock::now();
    }

    WebStatus status() {
        auto recording = recording_();
        const std::scoped_lock lock(mutex_);
        status_.recording = std::move(recording);
        return status_;
    }

    void accept() {
        acceptor_.async_accept(strand_, [self = shared_from_this()](Error ec, tcp::socket socket) {
            if (self->stopped_)
                return;
            if (ec)
                return self->accept_later();
            // Twice the cap is the end: up to there a client is told why, beyond it is hung up on.
            const auto& hub = self->hub_;
            if (hub->open < 2 * hub->limits.clients) {
                Error ignored;
                socket.set_option(tcp::no_delay(true), ignored);
                std::make_shared<WebConnection>(std::move(socket), hub,
                                                hub->open >= hub->limits.clients)
                    ->run();
            }
            self->accept();
        });
    }

    void accept_later() {  // out of descriptors, most likely
        auto timer = std::make_shared<asio::steady_timer>(strand_, std::chrono::milliseconds(100));
        timer->async_wait([self = shared_from_this(), timer](Error) {
            if (!self->stopped_)
                self->accept();
        });
    }

    void tick() {
        tick_.expires_after(hub_->limits.period);
        tick_.async_wait([self = shared_from_this()](Error) {
            if (self->stopped_)
                return;
            self->flush();
            self->refresh_status();
            self->tick();
        });
    }

    /// Encodes the newest result if there is one, somebody to see it, and the last one is long enough ago.
    void flush() {
        const auto now = std::chrono::steady_clock::now();
        if (stopped_ || now - encoded_ < hub_->limits.period || hub_->watchers.empty())
            return;
        {
            const std::scoped_lock lock(mutex_);
            if (!fresh_)
                return;
            fresh_ = false;
            std::swap(newest_, taken_);
        }
        encoded_ = now;
        make_grey(taken_.frame, max_side_px, grey_);
        hub_->frame = {std::make_shared<const std::string>(
                           frame_message(status(), taken_.result, taken_.frame, grey_)),
                       ++version_};
        send();
    }

    void refresh_status() {
        const auto now = status();
        const auto states = std::pair(now.state, now.recording.state);
        if (states == states_told_ && ++ticks_ < status_ticks)
            return;
        ticks_ = 0;
        states_told_ = states;
        hub_->status = {std::make_shared<const std::string>(status_message(now)), ++version_};
        send();
    }

    void send() {
        auto& watchers = hub_->watchers;
        std::erase_if(watchers, [](const auto& w) { return w.expired(); });
        for (auto& watcher : watchers)
            if (auto w = watcher.lock())
                w->send_newest();
    }

    asio::strand<asio::io_context::executor_type> strand_;
    tcp::acceptor acceptor_;
    asio::steady_timer tick_;
    std::shared_ptr<WebHub> hub_;
    std::function<RecordingStatus()> recording_;
    std::uint16_t port_ = acceptor_.local_endpoint().port();
    bool stopped_ = false;

    std::mutex mutex_;  // of the four below
    Newest newest_;
    bool fresh_ = false;
    WebStatus status_;
    std::atomic<bool> flush_posted_{false};

    Newest taken_;  // in the strand, like all below
    GreyImage grey_;
    std::chrono::steady_clock::time_point encoded_{};
    std::pair<StreamState, RecordingStatus::State> states_told_{};
    int ticks_ = 0;
    std::uint64_t version_ = 0;
};

WebServer::WebServer(asio::io_context& io, const WebConfig& config, WebControls controls,
                     const WebLimits& limits)
    : impl_(std::make_shared<Impl>(io, config, std::move(controls), limits)) {
    impl_->start();
}

WebServer::~WebServer() {
    try {
        impl_->stop();
    } catch (...) {  // no memory to post with: the connections end with the io_context
    }
}

std::uint16_t WebServer::port() const noexcept { return impl_->port(); }

void WebServer::publish(const FrameResult& result, const Frame& frame, const Counters& counters,
                        StreamState state) {
    impl_->store(result, frame, counters, state);
}

void WebServer::publish_series(const SeriesUpdate& update) { impl_->store(update); }

void WebServer::idle(const Counters& counters, StreamState state) { impl_->store(counters, state); }

}  // namespace dwellmap
