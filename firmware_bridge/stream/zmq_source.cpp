// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/zmq_source.hpp"

#include "dwellmap/error.hpp"
#include "recording/recorder.hpp"
#include "stream/endpoint.hpp"
#include "stream/frame_assembler.hpp"
#include "stream/latest.hpp"

#include <zmq.hpp>

#include <atomic>
#include <chrono>
#include <cstring>
#include <mutex>
#include <thread>

namespace dwellmap {
namespace {

using std::chrono::milliseconds;

constexpr int kReceiveQueue = 64;  // messages; emptied at once, so this is for hiccups only
constexpr milliseconds kPoll{50};  // until the thread sees that it has to stop
constexpr milliseconds kWaitForFrame{100};
constexpr char kMonitor[] = "inproc://monitor";

std::int64_t now_ns() {
    return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

}  // namespace

struct ZmqSource::Impl {
    zmq::context_t context{1};
    zmq::socket_t socket{context, zmq::socket_type::sub};
    zmq::socket_t monitor{context, zmq::socket_type::pair};
    double stale_s;
    Recorder* recorder;

    Latest latest;
    FrameAssembler assembler{[this](const Frame& frame) { latest.put(frame); }};  // the thread's

    mutable std::mutex mutex;  // guards the four below
    Counters counters;
    RejectCounts rejected{};
    bool running = false, ended = false;

    std::atomic<bool> lost_peer = false;
    std::atomic<std::int64_t> last_message_ns = 0;
    std::atomic<bool> stop = false;
    std::thread thread;

    Impl(const StreamConfig& config, Recorder* to) : stale_s(config.stale_s), recorder(to) {
        set_subscriber_options(socket, kReceiveQueue);
        monitor.set(zmq::sockopt::linger, 0);
        const int events = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED;
        if (zmq_socket_monitor(socket.handle(), kMonitor, events) != 0) {
            throw SetupError(std::string("image stream: ") + zmq_strerror(zmq_errno()));
        }
        monitor.connect(kMonitor);
        connect_or_explain(socket, config.input, "stream.input");
        thread = std::thread([this] { receive(); });
    }

    ~Impl() {
        stop = true;
        thread.join();
    }

    void receive() {
        zmq::pollitem_t items[] = {{socket.handle(), 0, ZMQ_POLLIN, 0},
                                   {monitor.handle(), 0, ZMQ_POLLIN, 0}};
        while (!stop) {
            try {
                zmq::poll(items, 2, kPoll);
                if ((items[1].revents & ZMQ_POLLIN) != 0) {
                    read_monitor();
                }
                if ((items[0].revents & ZMQ_POLLIN) != 0) {
                    read_message();
                }
            } catch (const zmq::error_t& e) {
                if (e.num() != EINTR) {
                    throw;
                }
            }
        }
    }

    /// Event number (16 bits) and value in the first part, the address in the second.
    void read_monitor() {
        zmq::message_t event, address;
        if (!monitor.recv(event, zmq::recv_flags::dontwait) || event.size() < 2) {
            return;
        }
        (void)monitor.recv(address, zmq::recv_flags::dontwait);
        std::uint16_t number = 0;
        std::memcpy(&number, event.data(), sizeof number);
        lost_peer = number == ZMQ_EVENT_DISCONNECTED;
    }

    void read_message() {
        zmq::message_t message;
        if (!socket.recv(message, zmq::recv_flags::dontwait)) {
            return;
        }
        const auto now = now_ns();
        last_message_ns = now;
        if (message.more()) {
            while (message.more() && socket.recv(message, zmq::recv_flags::none)) {
            }
            assembler.reject(RejectReason::multipart);
        } else {
            handle(std::make_shared<zmq::message_t>(std::move(message)), now);
        }
        const std::lock_guard lock(mutex);
        counters = assembler.counters();
        rejected = assembler.rejected();
        running = assembler.running();
        ended = assembler.ended();
    }

    void handle(const std::shared_ptr<const zmq::message_t>& message, std::int64_t now) {
        const Bytes bytes(static_cast<const std::byte*>(message->data()), message->size());
        const FrameMessage decoded = decode_frame_message(bytes);
        assembler.accept(decoded, now);
        if (recorder != nullptr) {
            if (decoded.reason == RejectReason::none) {
                recorder->message({message, bytes}, decoded, now);
            }
            recorder->counters(assembler.counters());
        }
    }
};

ZmqSource::ZmqSource(const StreamConfig& config, Recorder* recorder)
    : impl_(std::make_unique<Impl>(config, recorder)) {}
ZmqSource::~ZmqSource() = default;

FrameSource::Event ZmqSource::next(Frame& into) {
    return impl_->latest.take(into, kWaitForFrame) ? Event::frame : Event::idle;
}

Counters ZmqSource::counters() const {
    const std::lock_guard lock(impl_->mutex);
    Counters c = impl_->counters;
    c.overwritten = impl_->latest.overwritten();
    return c;
}

RejectCounts ZmqSource::rejected() const {
    const std::lock_guard lock(impl_->mutex);
    return impl_->rejected;
}

StreamState ZmqSource::state() const {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->ended) {
        return StreamState::ended;  // a sender may go when it has said so
    }
    if (impl_->lost_peer) {
        return StreamState::disconnected;
    }
    if (!impl_->running) {
        return StreamState::waiting;
    }
    const double silent_s = 1e-9 * static_cast<double>(now_ns() - impl_->last_message_ns);
    return silent_s > impl_->stale_s ? StreamState::stale : StreamState::live;
}

}  // namespace dwellmap
