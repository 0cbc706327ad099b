// SPDX-License-Identifier: Apache-2.0
#include "stream/zmq_publisher.hpp"

#include "dwellmap/result_message.hpp"
#include "stream/endpoint.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <mutex>
#include <optional>
#include <utility>

namespace dwellmap {
namespace {

constexpr int kSendQueue = 16;  // messages; a subscriber that is further behind loses results
constexpr int kLinger_ms = 200;
constexpr std::chrono::seconds kHeartbeat{1};

using Message = std::vector<std::byte>;
using Batch = std::vector<Message>;
enum Slot : std::size_t { frame_slot, series_slot };  // each keeps its newest
constexpr std::size_t kSlots = 2;

}  // namespace

struct ZmqPublisher::Impl : std::enable_shared_from_this<Impl> {
    boost::asio::io_context& io;
    zmq::context_t context{1};
    zmq::socket_t socket{context,
                         zmq::socket_type::xpub};  // the thread's that runs io, as the next
    boost::asio::posix::stream_descriptor events;  // libzmq's, borrowed
    boost::asio::steady_timer timer;
    std::array<std::optional<Batch>, kSlots> last_sent;
    std::string endpoint;
    const std::string host = host_name();
    const std::uint64_t session = draw_session();

    mutable std::mutex mutex;  // guards all below
    std::array<std::uint64_t, kKindCount> next_seq{};
    std::array<std::optional<Batch>, kSlots> newest;
    std::uint64_t dropped = 0;
    Counters counters;
    StreamState state = StreamState::waiting;
    std::string uuid;

    explicit Impl(boost::asio::io_context& context_of_io)
        : io(context_of_io), events(io), timer(io) {}

    ~Impl() { give_back_events(); }

    void give_back_events() {
        if (events.is_open()) {
            events.release();
        }
    }

    Stamp stamp(Kind kind) {
        const std::lock_guard lock(mutex);
        return {session, next_seq[static_cast<std::size_t>(kind)]++};
    }

    void leave(Slot slot, Batch batch, const std::string& series) {
        {
            const std::lock_guard lock(mutex);
            uuid = series;
            dropped += newest[slot] ? 1 : 0;
            if (std::exchange(newest[slot], std::move(batch))) {
                return;  // it has been told to fetch
            }
        }
        boost::asio::post(io, [self = shared_from_this(), slot] { self->send_newest(slot); });
    }

    void send_newest(Slot slot) {
        std::optional<Batch> batch;
        {
            const std::lock_guard lock(mutex);
            batch.swap(newest[slot]);
        }
        if (batch && socket) {
            last_sent[slot] = std::move(batch);
            send_last(slot);
        }
    }

    void send_last(Slot slot) {
        if (last_sent[slot]) {
            for (const auto& message : *last_sent[slot]) {
                send(message);
            }
        }
    }

    /// Frames may take minutes: who subscribes gets a heartbeat and the last result at once. The others
    /// get it again, under the same sequence numbers.
    void serve_subscriptions() {
        bool somebody = false;
        zmq::message_t event;
        while (socket.recv(event, zmq::recv_flags::dontwait)) {
            somebody = somebody || (event.size() > 0 && *event.data<std::uint8_t>() == 1);
        }
        if (somebody) {
            send_heartbeat();
            send_last(frame_slot);
            send_last(series_slot);
        }
    }

    void await_subscriptions() {
        const auto wait = boost::asio::posix::stream_descriptor::wait_read;
        events.async_wait(wait,
                          [self = shared_from_this()](const boost::system::error_code& stopped) {
                              if (!stopped && self->socket) {
                                  self->serve_subscriptions();
                                  self->await_subscriptions();
                              }
                          });
    }

    void send(const Message& message) {
        socket.send(zmq::buffer(message), zmq::send_flags::dontwait);
    }

    void send_heartbeat() {
        const auto s = stamp(Kind::heartbeat);
        Message message;
        {
            const std::lock_guard lock(mutex);
            HeartbeatMessage m;
            m.version = DWELLMAP_VERSION;
            m.host = host;
            m.uuid = uuid;
            m.state = state;
            m.next_seq = next_seq;
            message = encode_heartbeat(m, counters, s);
        }
        send(message);
    }

    void beat() {
        send_heartbeat();
        serve_subscriptions();  // libzmq signals edges only: one may have passed while it was sending
        timer.expires_after(kHeartbeat);
        timer.async_wait([self = shared_from_this()](const boost::system::error_code& stopped) {
            if (!stopped && self->socket) {
                self->beat();
            }
        });
    }

    void open() {
        events.assign(socket.get(zmq::sockopt::fd));
        await_subscriptions();
        beat();
    }

    void close() {
        timer.cancel();
        give_back_events();
        socket.close();
    }
};

ZmqPublisher::ZmqPublisher(boost::asio::io_context& io, const std::string& endpoint,
                           bool allow_any_address)
    : impl_(std::make_shared<Impl>(io)) {
    impl_->socket.set(zmq::sockopt::sndhwm, kSendQueue);
    impl_->socket.set(zmq::sockopt::linger, kLinger_ms);
    impl_->socket.set(zmq::sockopt::xpub_verbose, 1);  // an event for every subscriber
    impl_->socket.set(zmq::sockopt::heartbeat_ivl, 1000);
    impl_->socket.set(zmq::sockopt::heartbeat_timeout, 3000);
    impl_->endpoint = bind_or_explain(impl_->socket, endpoint, "results", allow_any_address);
    boost::asio::post(io, [impl = impl_] { impl->open(); });
}

ZmqPublisher::~ZmqPublisher() {
    boost::asio::post(impl_->io, [impl = impl_] { impl->close(); });
}

void ZmqPublisher::publish(const FrameResult& result, const Frame&, const Counters& counters,
                           StreamState state) {
    idle(counters, state);
    if (result.series != nullptr) {
        impl_->leave(frame_slot,
                     {encode_atoms(result, impl_->stamp(Kind::atoms)),
                      encode_map(result, impl_->stamp(Kind::map)),
                      encode_statistics(result, counters, state, impl_->stamp(Kind::statistics))},
                     result.series->uuid);
    }
}

void ZmqPublisher::publish_series(const SeriesUpdate& update) {
    impl_->leave(series_slot, {encode_series(update, impl_->stamp(Kind::series))}, update.uuid);
}

void ZmqPublisher::idle(const Counters& counters, StreamState state) {
    const std::lock_guard lock(impl_->mutex);
    impl_->counters = counters;
    impl_->state = state;
}

const std::string& ZmqPublisher::endpoint() const noexcept { return impl_->endpoint; }

std::uint64_t ZmqPublisher::dropped() const {
    const std::lock_guard lock(impl_->mutex);
    return impl_->dropped;
}

}  // namespace dwellmap
