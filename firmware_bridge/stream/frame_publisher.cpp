// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/frame_publisher.hpp"

#include "dwellmap/error.hpp"
#include "dwellmap/frame_message.hpp"
#include "stream/endpoint.hpp"

#include <algorithm>
#include <random>
#include <thread>

namespace dwellmap {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kHeartbeat{1000};
constexpr milliseconds kLongestWait{20};  // until `stop` is looked at again
constexpr milliseconds kSameScan{
    100};  // a frame begun so soon after the last one continues its clock
constexpr auto kSpin = std::chrono::microseconds(200);  // before a block is due
constexpr auto kEncode = milliseconds(2);               // and for each byte of it
constexpr auto kEncodeByte = std::chrono::nanoseconds(2);
constexpr int kSendQueue = 256;  // messages; a subscriber that is further behind loses blocks
constexpr int kStalledAfter_ms = 1000;
constexpr int kLinger_ms = 500;  // for the end message to leave

std::int64_t wall_ns() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

RowsMessage block_of(const Image& counts, std::uint64_t number, int first, int count) {
    const auto cols = static_cast<std::size_t>(counts.cols());
    RowsMessage m;
    m.frame = number;
    m.rows_px = static_cast<int>(counts.rows());
    m.cols_px = static_cast<int>(counts.cols());
    m.first_row = first;
    m.row_count = count;
    m.complete = first + count == m.rows_px;
    m.pixels = std::as_bytes(std::span(counts.data() + static_cast<std::size_t>(first) * cols,
                                       static_cast<std::size_t>(count) * cols));
    return m;
}

}  // namespace

struct FramePublisher::Impl {
    zmq::context_t context{1};
    zmq::socket_t socket{context, zmq::socket_type::xpub};
    std::string endpoint;
    Faults faults;
    std::mt19937 random;
    std::uint64_t session = draw_session();
    std::array<std::uint64_t, kKindCount> next_seq{};
    std::string host = host_name();
    StartMessage start;
    bool running = false;
    Clock::time_point next_heartbeat = Clock::now();
    Clock::time_point next_frame{};
    std::vector<std::byte> held;  // a block that goes after its successor
    std::uint64_t frames_sent = 0, frames_in_series = 0, blocks_lost = 0;

    Stamp stamp(Kind kind) { return {session, next_seq[static_cast<std::size_t>(kind)]++}; }

    void send(const std::vector<std::byte>& message) {
        for (;;) {
            try {
                socket.send(zmq::buffer(message), zmq::send_flags::none);
                return;
            } catch (const zmq::error_t& e) {
                if (e.num() != EINTR) {
                    throw;
                }
            }
        }
    }

    /// All that somebody needs who has just come.
    void send_state() {
        if (running) {
            send(encode(start, stamp(Kind::start)));
        }
        HeartbeatMessage h;
        h.version = DWELLMAP_VERSION;
        h.host = host;
        h.uuid = running ? std::string_view(start.series.uuid) : std::string_view{};
        h.state = running ? StreamState::live : StreamState::waiting;
        const auto s = stamp(Kind::heartbeat);
        h.next_seq = next_seq;
        send(encode(h, s));
        next_heartbeat = Clock::now() + kHeartbeat;
    }

    /// @return whether somebody new has subscribed
    bool serve_subscriptions() {
        bool somebody = false;
        for (;;) {
            zmq::message_t event;
            try {
                if (!socket.recv(event, zmq::recv_flags::dontwait)) {
                    break;
                }
            } catch (const zmq::error_t& e) {
                if (e.num() != EINTR) {
                    throw;
                }
                continue;
            }
            somebody = somebody || (event.size() > 0 && *event.data<std::uint8_t>() == 1);
        }
        if (somebody || Clock::now() >= next_heartbeat) {
            send_state();
        }
        return somebody;
    }

    bool wait_until(Clock::time_point until, const volatile bool* stop) {
        while (stop == nullptr || !*stop) {
            serve_subscriptions();
            const auto now = Clock::now();
            if (now >= until) {
                return true;
            }
            std::this_thread::sleep_until(std::min(until, now + kLongestWait));
        }
        return false;
    }

    bool draw(double probability) {
        return probability > 0 && std::uniform_real_distribution<>(0, 1)(random) < probability;
    }

    void send_held() {
        if (!held.empty()) {
            send(held);
            held.clear();
        }
    }

    void send_block(std::vector<std::byte> block) {
        if (draw(faults.loss)) {
            ++blocks_lost;
            return;
        }
        if (draw(faults.corrupt)) {  // behind the envelope, where the checksum looks
            const auto bits = (block.size() - kEnvelopeBytes) * 8;
            const auto bit = std::uniform_int_distribution<std::size_t>(0, bits - 1)(random);
            block[kEnvelopeBytes + bit / 8] ^= std::byte{1} << (bit % 8);
        }
        if (held.empty() && draw(faults.reorder)) {
            held = std::move(block);
            return;
        }
        send(block);
        if (draw(faults.duplicate)) {
            send(block);
        }
        send_held();
    }

    /// Encoded a little before it is due; no heartbeat goes out in between, which would announce it.
    std::vector<std::byte> rows(RowsMessage m, Clock::time_point due) {
        const auto now = Clock::now();
        due = std::max(due, now);
        m.uuid = start.series.uuid;
        m.acquired_ns = due.time_since_epoch().count();
        m.sent_wall_ns = wall_ns() + (due - now).count();
        return encode(m, stamp(Kind::rows));
    }
};

FramePublisher::FramePublisher(const std::string& endpoint, const Faults& faults,
                               bool allow_any_address)
    : impl_(std::make_unique<Impl>()) {
    auto& socket = impl_->socket;
    socket.set(zmq::sockopt::sndhwm, kSendQueue);
    socket.set(zmq::sockopt::sndtimeo, kStalledAfter_ms);
    socket.set(zmq::sockopt::linger, kLinger_ms);
    socket.set(zmq::sockopt::xpub_verbose, 1);  // an event for every subscriber, not only the first
    socket.set(zmq::sockopt::heartbeat_ivl, 1000);
    socket.set(zmq::sockopt::heartbeat_timeout, 3000);
    impl_->faults = faults;
    impl_->random.seed(faults.seed);
    impl_->endpoint = bind_or_explain(socket, endpoint, "image stream", allow_any_address);
}

FramePublisher::~FramePublisher() = default;

const std::string& FramePublisher::endpoint() const noexcept { return impl_->endpoint; }

bool FramePublisher::wait_for_subscriber(milliseconds timeout) {
    const auto deadline = Clock::now() + timeout;
    while (!impl_->serve_subscriptions()) {
        if (Clock::now() >= deadline) {
            return false;
        }
        std::this_thread::sleep_for(milliseconds(5));
    }
    return true;
}

void FramePublisher::start(const Series& series) {
    StartMessage message;
    message.series = series;
    start(message);
}

void FramePublisher::start(const StartMessage& message) {
    if (impl_->running) {
        end("superseded");
    }
    impl_->start = message;
    if (message.series.uuid.empty()) {
        impl_->start.series.uuid = draw_uuid();
    }
    if (message.wall_time_ns == 0) {
        impl_->start.wall_time_ns = wall_ns();
    }
    impl_->frames_in_series = 0;
    impl_->running = true;
    impl_->send_state();
}

bool FramePublisher::send_frame(const Image& counts, std::uint64_t number, int rows_per_block,
                                double speed, const volatile bool* stop) {
    const auto& series = impl_->start.series;
    if (speed > 0 && !std::isfinite(series.line_us)) {
        throw SetupError(
            "image stream: the time of a line is not known: give a dwell time, or "
            "send as fast as possible");
    }
    const double row_us = speed > 0 ? series.line_us / speed : 0;
    const auto now = Clock::now();
    const auto begin = now - impl_->next_frame > kSameScan ? now : impl_->next_frame;
    const auto end_of_row = [&](int row) {
        const std::chrono::duration<double, std::micro> since_begin(row_us * (row + 1));
        return speed > 0 ? begin + std::chrono::duration_cast<Clock::duration>(since_begin)
                         : TimePoint{};
    };
    const int rows = static_cast<int>(counts.rows());
    bool stalled = impl_->faults.stall_s <= 0;
    for (int first = 0; first < rows; first += rows_per_block) {
        const int count = std::min(rows_per_block, rows - first);
        const auto due = end_of_row(first + count - 1);
        if (!stalled && first + count >= rows / 2) {  // like a sender that hangs: no heartbeat
            wait_until(due, stop);
            std::this_thread::sleep_for(std::chrono::duration<double>(impl_->faults.stall_s));
            stalled = true;
        }
        if (!send_block(block_of(counts, number, first, count), due, stop)) {
            return false;
        }
    }
    impl_->next_frame = speed > 0 ? end_of_row(rows - 1) : Clock::now();
    count_frame();
    return true;
}

bool FramePublisher::wait_until(TimePoint until, const volatile bool* stop) {
    return impl_->wait_until(until, stop);
}

std::optional<FramePublisher::TimePoint> FramePublisher::send_block(RowsMessage block,
                                                                    TimePoint due,
                                                                    const volatile bool* stop) {
    impl_->socket.set(zmq::sockopt::xpub_nodrop, due == TimePoint{} ? 1 : 0);
    const auto ahead = kEncode + kEncodeByte * block.pixels.size();
    if (!impl_->wait_until(due - ahead, stop)) {
        return std::nullopt;
    }
    auto message = impl_->rows(block, due);
    std::this_thread::sleep_until(due - kSpin);
    while (Clock::now() < due) {
    }
    const auto sent = Clock::now();
    impl_->send_block(std::move(message));
    return sent;
}

void FramePublisher::count_frame() noexcept {
    ++impl_->frames_sent;
    ++impl_->frames_in_series;
}

void FramePublisher::end(const std::string& reason) {
    impl_->send_held();
    EndMessage m;
    m.uuid = impl_->start.series.uuid;
    m.reason = reason;
    m.frames_sent = impl_->frames_in_series;
    m.next_rows_seq = impl_->next_seq[static_cast<std::size_t>(Kind::rows)];
    for (int i = 0; i < 3; ++i) {
        impl_->send(encode(m, impl_->stamp(Kind::end)));
    }
    impl_->running = false;
}

std::uint64_t FramePublisher::frames_sent() const noexcept { return impl_->frames_sent; }
std::uint64_t FramePublisher::blocks_lost() const noexcept { return impl_->blocks_lost; }

}  // namespace dwellmap
