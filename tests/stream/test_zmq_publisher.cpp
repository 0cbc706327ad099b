// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/error.hpp"
#include "dwellmap/result_message.hpp"
#include "result_generated.h"
#include "stream/zmq_publisher.hpp"
#include "support/io.hpp"
#include "support/results.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>
#include <zmq.hpp>

#include <chrono>
#include <future>
#include <optional>
#include <thread>

using namespace dwellmap;
using namespace dwellmap::testing;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

struct Subscriber {
    zmq::context_t context{1};
    zmq::socket_t socket{context, zmq::socket_type::sub};
    explicit Subscriber(const std::string& endpoint) {
        socket.set(zmq::sockopt::linger, 0);
        socket.set(zmq::sockopt::rcvtimeo, 5000);
        socket.set(zmq::sockopt::subscribe, "");
        socket.connect(endpoint);
    }
    /// Waits for the next message of a kind.
    ResultMessage next(Kind kind) {
        for (;;) {
            zmq::message_t message;
            REQUIRE(socket.recv(message, zmq::recv_flags::none));
            ResultMessage m;
            REQUIRE(m.read({static_cast<const std::byte*>(message.data()), message.size()}) ==
                    RejectReason::none);
            if (m.envelope().kind == kind) {
                return m;
            }
        }
    }
};

}  // namespace

TEST_CASE("a subscriber gets heartbeats, then atoms, map and statistics of each frame") {
    Io io;
    ZmqPublisher publisher(io.context, "tcp://127.0.0.1:*");
    Subscriber subscriber(publisher.endpoint());
    Counters counters;
    counters.merged = 5;
    publisher.idle(counters, StreamState::waiting);
    const auto before = subscriber.next(Kind::heartbeat);
    CHECK(before.heartbeat()->state() == wire::State::waiting);

    publisher.publish(result(3), {}, counters, StreamState::live);
    CHECK(subscriber.next(Kind::atoms).atoms()->id()->size() == 3);
    CHECK(subscriber.next(Kind::map).map()->frame() == 7);
    CHECK(subscriber.next(Kind::statistics).statistics()->counters()->merged() == 5);

    const auto after = subscriber.next(Kind::heartbeat);
    CHECK(after.heartbeat()->state() == wire::State::live);
    CHECK(after.heartbeat()->uuid()->str() == kUuid);
    CHECK(after.heartbeat()->counters()->merged() == 5);
    CHECK(after.heartbeat()->next_seq()->Get(static_cast<unsigned>(Kind::atoms)) == 1);
    CHECK(after.envelope().stamp.seq > before.envelope().stamp.seq);
    CHECK(after.envelope().stamp.session == before.envelope().stamp.session);
}

TEST_CASE(
    "while the sender is busy only the newest result waits; the others are counted and show as a "
    "gap") {
    Io io;
    ZmqPublisher publisher(io.context, "tcp://127.0.0.1:*");
    Subscriber subscriber(publisher.endpoint());
    subscriber.next(Kind::heartbeat);
    std::promise<void> go;
    boost::asio::post(io.context, [free = go.get_future().share()] { free.wait(); });
    for (std::uint64_t frame = 0; frame < 10; ++frame) {
        auto r = result(1);
        r.frame_number = frame;
        publisher.publish(r, {}, {}, StreamState::live);
    }
    CHECK(publisher.dropped() == 9);
    go.set_value();
    const auto m = subscriber.next(Kind::atoms);
    CHECK(m.atoms()->frame() == 9);
    CHECK(m.envelope().stamp.seq == 9);
}

TEST_CASE("without a subscriber, or with one that has gone, publishing goes on") {
    Io io;
    ZmqPublisher publisher(io.context, "tcp://127.0.0.1:*");
    const auto r = result(10);
    publisher.publish(r, {}, {}, StreamState::live);
    {
        Subscriber gone(publisher.endpoint());
        gone.next(Kind::heartbeat);
    }
    for (int i = 0; i < 100; ++i) {
        publisher.publish(r, {}, {}, StreamState::live);
    }
    Subscriber subscriber(publisher.endpoint());  // is sent the last result
    CHECK(subscriber.next(Kind::atoms).atoms()->id()->size() == 10);
}

TEST_CASE("a publisher may go before its io_context has stopped, or after") {
    const bool io_first = GENERATE(false, true);
    std::optional<ZmqPublisher> publisher;
    boost::asio::io_context context;
    std::string endpoint;
    {
        auto work = boost::asio::make_work_guard(context);
        std::thread thread([&] { context.run(); });
        publisher.emplace(context, "tcp://127.0.0.1:*");
        endpoint = publisher->endpoint();
        publisher->publish(result(2), {}, {}, StreamState::live);
        if (!io_first) {
            publisher.reset();
            work.reset();  // run() returns by itself: nothing of the publisher is left in it
        } else {
            context.stop();
        }
        thread.join();
    }
    publisher.reset();
    CHECK(true);
}

TEST_CASE("an address for results that cannot be used is explained") {
    boost::asio::io_context io;
    const ZmqPublisher publisher(io, "tcp://127.0.0.1:*");
    CHECK_THROWS_WITH(ZmqPublisher(io, publisher.endpoint()), Contains("in use"));
    CHECK_THROWS_WITH(ZmqPublisher(io, "tcp://*:5556"), Contains("whole network"));
    CHECK_NOTHROW(ZmqPublisher(io, "tcp://*:*", true));
}
