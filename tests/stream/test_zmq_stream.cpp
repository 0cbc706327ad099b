// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/error.hpp"
#include "dwellmap/frame_message.hpp"
#include "dwellmap/frame_publisher.hpp"
#include "dwellmap/zmq_source.hpp"
#include "support/stream.hpp"

#include <catch2/catch.hpp>
#include <zmq.hpp>

#include <chrono>
#include <optional>
#include <thread>

using namespace dwellmap;
using namespace dwellmap::testing;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Clock = std::chrono::steady_clock;

namespace {

constexpr int kRows = 32, kCols = 16;
constexpr auto kLongEnough = 5s;  // only ever waited for by a test that fails

Image picture(std::uint64_t number) {
    Image image(kRows, kCols);
    for (int y = 0; y < kRows; ++y) {
        for (int x = 0; x < kCols; ++x) {
            image(y, x) = pixel(number, y, x);
        }
    }
    return image;
}

Series series(const std::string& uuid = kUuid) {
    Series s = start_message(kRows, kCols).series;
    s.uuid = uuid;
    s.line_us = 100;
    return s;
}

StreamConfig config(const std::string& endpoint) {
    StreamConfig c;
    c.input = endpoint;
    return c;
}

/// Waits for a complete frame, or one with `number`.
std::optional<Frame> complete_frame(ZmqSource& source, std::optional<std::uint64_t> number = {}) {
    Frame frame;
    for (const auto until = Clock::now() + kLongEnough; Clock::now() < until;) {
        if (source.next(frame) == FrameSource::Event::frame && frame.complete &&
            (!number || frame.number == *number)) {
            return frame;
        }
    }
    return std::nullopt;
}

template <class Condition>
bool eventually(const Condition& condition) {
    for (const auto until = Clock::now() + kLongEnough; Clock::now() < until;) {
        if (condition()) {
            return true;
        }
        std::this_thread::sleep_for(2ms);
    }
    return false;
}

std::uint64_t count(const ZmqSource& source, RejectReason reason) {
    return source.rejected()[static_cast<std::size_t>(reason)];
}

/// A publisher that sends any bytes.
struct RawPublisher {
    zmq::context_t context{1};
    zmq::socket_t socket{context, zmq::socket_type::xpub};
    RawPublisher() {
        socket.set(zmq::sockopt::linger, 0);
        socket.set(zmq::sockopt::rcvtimeo, 5000);
        socket.bind("tcp://127.0.0.1:*");
    }
    std::string endpoint() const { return socket.get(zmq::sockopt::last_endpoint); }
    void wait_for_subscriber() {
        zmq::message_t event;
        REQUIRE(socket.recv(event, zmq::recv_flags::none));
    }
    void send(const std::vector<std::byte>& message,
              zmq::send_flags flags = zmq::send_flags::none) {
        socket.send(zmq::buffer(message), flags);
    }
    void send_whole(std::uint64_t frame) {
        const auto values = pixels(frame, 0, kRows, kCols);
        send(encode(rows_message(frame, kRows, kCols, 0, kRows, values), {1, frame}));
    }
};

}  // namespace

TEST_CASE("frames sent in row blocks arrive whole, with their calibration") {
    FramePublisher publisher("tcp://127.0.0.1:*");
    ZmqSource source(config(publisher.endpoint()));
    CHECK(source.state() == StreamState::waiting);
    REQUIRE(publisher.wait_for_subscriber(kLongEnough));
    publisher.start(series());
    const int rows_per_block = GENERATE(1, 5, kRows);
    for (std::uint64_t number = 0; number < 3; ++number) {
        REQUIRE(publisher.send_frame(picture(number), number, rows_per_block, 1));
        const auto frame = complete_frame(source);
        REQUIRE(frame);
        CHECK(frame->number == number);
        CHECK((frame->counts == picture(number)).all());
        CHECK(frame->rows_valid == kRows);
        CHECK(frame->series->pixel_size_nm == 0.0125);
        CHECK(frame->last_row_ns > 0);
    }
    CHECK(source.state() == StreamState::live);
    publisher.end("done");
    CHECK(eventually([&] { return source.state() == StreamState::ended; }));
    const auto c = source.counters();
    CHECK(c.merged == c.blocks);
    CHECK(c.lost == 0);
    CHECK(c.frames == 3);
    CHECK(publisher.frames_sent() == 3);
}

TEST_CASE("rows are sent when they would have been scanned") {
    FramePublisher publisher("tcp://127.0.0.1:*");
    auto s = series();
    s.line_us = 2000;
    publisher.start(s);
    const auto begin = Clock::now();
    publisher.send_frame(picture(0), 0, 8, 1);
    publisher.send_frame(picture(1), 1, 8, 2);
    const auto took = Clock::now() - begin;
    CHECK(took >= 96ms);  // 32 rows of 2 ms, and again at twice the speed
    CHECK(took < 200ms);
    s.line_us = std::numeric_limits<double>::quiet_NaN();
    publisher.start(s);
    CHECK_THROWS_WITH(publisher.send_frame(picture(0), 0, 8, 1), Contains("dwell time"));
    CHECK(publisher.send_frame(picture(0), 0, 8, 0));
    const volatile bool stop = true;
    CHECK_FALSE(publisher.send_frame(picture(0), 0, 8, 0, &stop));
}

TEST_CASE("as fast as possible, nothing is lost") {
    FramePublisher publisher("tcp://127.0.0.1:*");
    ZmqSource source(config(publisher.endpoint()));
    REQUIRE(publisher.wait_for_subscriber(kLongEnough));
    publisher.start(series());
    for (std::uint64_t number = 0; number < 200; ++number) {
        publisher.send_frame(picture(number), number, 1, 0);
    }
    publisher.end("done");
    CHECK(eventually([&] { return source.state() == StreamState::ended; }));
    const auto c = source.counters();
    CHECK(c.merged == 200 * kRows);
    CHECK(c.frames == 200);
    CHECK(c.lost == 0);
}

TEST_CASE("who comes late gets the start at once and the frame from there on") {
    FramePublisher publisher("tcp://127.0.0.1:*");
    publisher.start(series());
    publisher.send_frame(picture(0), 0, 8, 0);
    ZmqSource source(config(publisher.endpoint()));
    REQUIRE(publisher.wait_for_subscriber(kLongEnough));
    publisher.send_frame(picture(1), 1, 8, 0);
    const auto frame = complete_frame(source);
    REQUIRE(frame);
    CHECK(frame->number == 1);
    CHECK(source.counters().lost == 0);
}

TEST_CASE("every fault put in is counted, and the stream goes on") {
    Faults faults;
    faults.loss = 0.05;
    faults.duplicate = 0.1;
    faults.reorder = 0.1;
    faults.corrupt = 0.05;
    faults.seed = GENERATE(1U, 2U, 3U);
    FramePublisher publisher("tcp://127.0.0.1:*", faults);
    ZmqSource source(config(publisher.endpoint()));
    REQUIRE(publisher.wait_for_subscriber(kLongEnough));
    publisher.start(series());
    for (std::uint64_t number = 0; number < 50; ++number) {
        publisher.send_frame(picture(number), number, 4, 0);
    }
    publisher.end("done");
    CHECK(eventually([&] { return source.state() == StreamState::ended; }));
    const auto c = source.counters();
    const std::uint64_t sent = 50 * kRows / 4;
    CHECK(c.blocks == c.merged + c.duplicate + c.orphan + c.rejected);
    // A corrupt block, and its corrupt repeat, has no number to go by: it is missed as well.
    CHECK(c.merged + c.orphan + c.lost == sent);
    CHECK(c.lost >= publisher.blocks_lost());
    CHECK(c.lost - publisher.blocks_lost() <= c.rejected);
    CHECK(c.rejected > 0);
    CHECK(c.duplicate > 0);
    CHECK(c.reordered > 0);
    CHECK(count(source, RejectReason::bad_checksum) == c.rejected);
}

TEST_CASE("a bad message is counted with its reason and the next good one works") {
    RawPublisher publisher;
    ZmqSource source(config(publisher.endpoint()));
    publisher.wait_for_subscriber();
    publisher.send(encode(start_message(kRows, kCols), {1, 0}));
    publisher.send_whole(0);
    REQUIRE(complete_frame(source, 0));

    auto bad = encode(start_message(kRows, kCols), {1, 1});
    auto reason = RejectReason::none;
    SECTION("one bit flipped") {
        bad.back() ^= std::byte{1};
        reason = RejectReason::bad_checksum;
    }
    SECTION("another protocol") {
        bad.assign(100, std::byte{'x'});
        reason = RejectReason::bad_magic;
    }
    SECTION("empty") {
        bad.clear();
        reason = RejectReason::too_short;
    }
    SECTION("another version") {
        bad[5] = std::byte{2};
        reason = RejectReason::other_major;
    }
    SECTION("several parts") {
        publisher.send(bad, zmq::send_flags::sndmore);
        publisher.send(bad, zmq::send_flags::sndmore);
        reason = RejectReason::multipart;
    }
    publisher.send(bad);
    publisher.send_whole(1);
    REQUIRE(complete_frame(source, 1));
    CHECK(count(source, reason) == 1);
    CHECK(source.counters().rejected == 1);
}

TEST_CASE("a restarted publisher is a new session, found without help") {
    std::optional<FramePublisher> publisher(std::in_place, "tcp://127.0.0.1:*");
    const auto endpoint = publisher->endpoint();
    ZmqSource source(config(endpoint));
    REQUIRE(publisher->wait_for_subscriber(kLongEnough));
    publisher->start(series());
    publisher->send_frame(picture(7), 7, 8, 0);
    REQUIRE(complete_frame(source, 7));
    publisher.reset();
    CHECK(eventually([&] { return source.state() == StreamState::disconnected; }));

    publisher.emplace(endpoint);
    REQUIRE(publisher->wait_for_subscriber(kLongEnough));
    publisher->start(series());  // the same uuid: still a new run
    publisher->send_frame(picture(0), 0, 8, 0);
    const auto frame = complete_frame(source, 0);
    REQUIRE(frame);
    CHECK((frame->counts == picture(0)).all());
    CHECK(source.counters().lost == 0);
    CHECK(source.state() == StreamState::live);
}

TEST_CASE("a stream that falls silent is stale") {
    RawPublisher publisher;
    auto c = config(publisher.endpoint());
    c.stale_s = 0.1;
    ZmqSource source(c);
    publisher.wait_for_subscriber();
    publisher.send(encode(start_message(kRows, kCols), {1, 0}));
    CHECK(eventually([&] { return source.state() == StreamState::stale; }));
    publisher.send_whole(0);
    REQUIRE(complete_frame(source, 0));
    CHECK(source.state() == StreamState::live);
}

TEST_CASE("an address that cannot be used is explained") {
    const FramePublisher publisher("tcp://127.0.0.1:*");
    CHECK_THROWS_WITH(FramePublisher(publisher.endpoint()),
                      Contains(publisher.endpoint()) && Contains("in use"));
    CHECK_THROWS_WITH(FramePublisher("tcp://*:5555"), Contains("whole network"));
    CHECK_THROWS_WITH(FramePublisher("tcp://0.0.0.0:5555"), Contains("whole network"));
    CHECK_THROWS_WITH(FramePublisher("tcp://[::]:5555"), Contains("whole network"));
    CHECK_THROWS_WITH(FramePublisher("127.0.0.1"), Contains("tcp://ADDRESS:PORT"));
    CHECK_THROWS_WITH(FramePublisher("tcp://127.0.0.1:99999"), Contains("tcp://ADDRESS:PORT"));
    CHECK_THROWS_AS(ZmqSource(config("here")), SetupError);
    CHECK_NOTHROW(FramePublisher("tcp://*:*", {}, true));
}

TEST_CASE("closing takes less than a second, with or without a peer") {
    const auto begin = Clock::now();
    { const ZmqSource nobody_there(config("tcp://127.0.0.1:1")); }
    {
        FramePublisher publisher("tcp://127.0.0.1:*");
        const ZmqSource source(config(publisher.endpoint()));
        REQUIRE(publisher.wait_for_subscriber(kLongEnough));
        publisher.start(series());
    }
    CHECK(Clock::now() - begin < 1500ms);
}
