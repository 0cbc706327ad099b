// SPDX-License-Identifier: Apache-2.0
#include "stream/control_server.hpp"

#include "command_generated.h"
#include "dwellmap/error.hpp"
#include "support/io.hpp"
#include "wire/command_message.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>
#include <zmq.hpp>

#include <atomic>
#include <future>
#include <memory>
#include <thread>

using namespace dwellmap;
using Catch::Matchers::Contains;
using dwellmap::testing::Io;
using Do = Command::Kind;
using State = RecordingStatus::State;

namespace {

using Message = std::vector<std::byte>;

struct Client {
    zmq::context_t context{1};
    zmq::socket_t socket{context, zmq::socket_type::req};
    explicit Client(const std::string& endpoint) {
        socket.set(zmq::sockopt::linger, 0);
        socket.set(zmq::sockopt::rcvtimeo, 20'000);
        socket.connect(endpoint);
    }
    CommandReply receive() {
        zmq::message_t message;
        REQUIRE(socket.recv(message, zmq::recv_flags::none));
        CommandReply reply;
        REQUIRE(decode_reply({message.data<std::byte>(), message.size()}, reply).empty());
        return reply;
    }
    CommandReply ask(const Message& message) {
        socket.send(zmq::buffer(message), zmq::send_flags::none);
        return receive();
    }
    CommandReply ask(const Command& command) { return ask(encode_command(command, {1, 2})); }
};

RecordingStatus running() { return {State::recording, "käfer.h5", "", 12, 3, 34'567'890'123, 4.5}; }

/// Says what it was told, and that a recording is running.
CommandReply echo(const Command& c) {
    return {true, std::to_string(static_cast<int>(c.kind)) + c.file, running()};
}

void check_running(const RecordingStatus& r) {
    CHECK(r.state == State::recording);
    CHECK(r.file == "käfer.h5");
    CHECK(r.frames == 12);
    CHECK(r.blocks_dropped == 3);
    CHECK(r.bytes == 34'567'890'123);
    CHECK(r.seconds == 4.5);
}

Message command_of(wire::CommandKind kind, const std::string& file, Stamp inside = {1, 2}) {
    flatbuffers::FlatBufferBuilder b;
    const auto name = b.CreateString(file);
    b.Finish(wire::CreateCommand(b, inside.session, inside.seq, kind, name), "cm00");
    return seal_message(Kind::command, {1, 2},
                        std::as_bytes(std::span(b.GetBufferPointer(), b.GetSize())));
}

}  // namespace

TEST_CASE("a command reaches the handler, and its reply the client") {
    Io io;
    const ControlServer server(io.context, "tcp://127.0.0.1:*", echo);
    Client client(server.endpoint());
    const auto start = client.ask({Do::record_start, "grain 3.h5"});
    CHECK(start.ok);
    CHECK(start.text == "1grain 3.h5");
    check_running(start.recording);
    CHECK(client.ask({Do::record_stop, ""}).text == "2");
    CHECK(client.ask({Do::reset, ""}).text == "3");
    CHECK(client.ask({Do::status, ""}).text == "0");
}

TEST_CASE("a command or reply that is cut or changed anywhere is refused") {
    const auto command = encode_command({Do::record_start, "a.h5"}, {1, 2});
    const auto reply = encode_reply({true, "recording", running()}, {1, 2});
    Command command_into{Do::reset, ""};
    CommandReply reply_into;
    const auto refused = [&](Bytes bytes, bool is_command) {
        return !(is_command ? decode_command(bytes, command_into) : decode_reply(bytes, reply_into))
                    .empty();
    };
    constexpr std::size_t minor_at = 6;  // says nothing to a reader
    for (const bool is_command : {true, false}) {
        const auto& good = is_command ? command : reply;
        for (std::size_t size = 0; size < good.size(); ++size)
            CHECK(refused(Bytes(good).first(size), is_command));
        for (std::size_t at = 0; at < good.size(); ++at) {
            for (unsigned bit = 0; bit < 8 && at != minor_at; ++bit) {
                auto changed = good;
                changed[at] ^= static_cast<std::byte>(1U << bit);
                CAPTURE(is_command, at, bit);
                CHECK(refused(changed, is_command));
            }
        }
    }
    CHECK(command_into.kind == Do::reset);
    CHECK_FALSE(reply_into.ok);
    CHECK_FALSE(refused(command, true));
    CHECK(command_into.file == "a.h5");
    CHECK_FALSE(refused(reply, false));
    check_running(reply_into.recording);
}

TEST_CASE("every message is answered, also one that is no command, with what is recorded") {
    Io io;
    const ControlServer server(io.context, "tcp://127.0.0.1:*", echo);
    Client client(server.endpoint());
    const auto start = wire::CommandKind::record_start;
    const std::vector<std::pair<Message, std::string>> cases{
        {Message{}, "shorter than the envelope"},
        {Message(200, std::byte{'x'}), "DWLM"},
        {encode_reply({}, {1, 2}), "not of the envelope's kind"},
        {command_of(static_cast<wire::CommandKind>(9), ""), "not known"},
        {command_of(start, "", {1, 3}), "session or seq"},
        {command_of(start, "../a.h5"), "without folders"},
        {command_of(start, ".."), "without folders"},
        {command_of(start, "a\nb.h5"), "control characters"},
        {command_of(start, std::string(256, 'a')), "255 bytes"},
        {command_of(wire::CommandKind::reset, "a.h5"), "only record_start"}};
    for (const auto& [message, reason] : cases) {
        const auto reply = client.ask(message);
        CHECK_FALSE(reply.ok);
        CHECK_THAT(reply.text, Contains(reason));
        check_running(reply.recording);
    }
    CHECK(client.ask({Do::status, ""}).ok);
}

TEST_CASE(
    "several parts are refused, too large a message closes the connection, others are served") {
    Io io;
    const ControlServer server(io.context, "tcp://127.0.0.1:*", echo);
    Client parts(server.endpoint()), large(server.endpoint()), other(server.endpoint());
    for (int i = 0; i < 10'000; ++i)
        parts.socket.send(zmq::buffer("x", 1), zmq::send_flags::sndmore);
    CHECK_THAT(parts.ask({Do::status, ""}).text, Contains("several parts"));
    CHECK(parts.ask({Do::status, ""}).ok);

    zmq::socket_t closed(large.context, zmq::socket_type::pair);
    zmq_socket_monitor(large.socket.handle(), "inproc://closed", ZMQ_EVENT_DISCONNECTED);
    closed.connect("inproc://closed");
    closed.set(zmq::sockopt::rcvtimeo, 20'000);
    large.socket.send(zmq::message_t(kMaxControlBytes + 1), zmq::send_flags::none);
    zmq::message_t event;
    CHECK(closed.recv(event, zmq::recv_flags::none));
    CHECK(other.ask({Do::status, ""}).ok);
}

TEST_CASE("what the handler throws is the reply's text") {
    Io io;
    const ControlServer server(io.context, "tcp://127.0.0.1:*", [](const Command& c) {
        if (c.kind == Do::status)
            return echo(c);
        throw SetupError("the disk\nis full: \xff");
    });
    Client client(server.endpoint());
    const auto reply = client.ask({Do::record_start, ""});
    CHECK_FALSE(reply.ok);
    CHECK(reply.text == "the disk?is full: ?");
    check_running(reply.recording);
    CHECK(client.ask({Do::status, ""}).ok);
}

TEST_CASE("while a command is carried out the event loop goes on, and the next command waits") {
    std::promise<void> go;
    const auto free = go.get_future().share();
    std::atomic<int> at_once = 0, most_at_once = 0;
    Io io;
    const ControlServer server(io.context, "tcp://127.0.0.1:*", [&](const Command& c) {
        most_at_once = std::max<int>(most_at_once, ++at_once);
        if (c.kind == Do::record_stop)
            free.wait();
        --at_once;
        return echo(c);
    });
    Client slow(server.endpoint()), next(server.endpoint());
    slow.socket.send(zmq::buffer(encode_command({Do::record_stop, ""}, {})), zmq::send_flags::none);
    while (at_once == 0) std::this_thread::yield();
    next.socket.send(zmq::buffer(encode_command({Do::status, ""}, {})), zmq::send_flags::none);
    for (int i = 0; i < 100; ++i) {  // the loop has time for others
        std::promise<void> turn;
        boost::asio::post(io.context, [&] { turn.set_value(); });
        turn.get_future().wait();
    }
    go.set_value();
    CHECK(slow.receive().text == "2");
    CHECK(next.receive().text == "0");
    CHECK(most_at_once == 1);
}

TEST_CASE("a client that does not wait for its reply is forgotten") {
    std::promise<void> go;
    const auto free = go.get_future().share();
    Io io;
    std::atomic<int> calls = 0;
    const ControlServer server(io.context, "tcp://127.0.0.1:*", [&](const Command& c) {
        ++calls;
        free.wait();
        return echo(c);
    });
    {
        Client gone(server.endpoint());
        gone.socket.send(zmq::buffer(encode_command({}, {})), zmq::send_flags::none);
        while (calls == 0) std::this_thread::yield();
    }
    go.set_value();
    Client client(server.endpoint());
    CHECK(client.ask({Do::reset, ""}).text == "3");
    CHECK(calls == 2);
}

TEST_CASE(
    "a control server may go before its io_context has stopped, or after, or during a command") {
    const bool io_first = GENERATE(false, true);
    const bool busy = GENERATE(false, true);
    boost::asio::io_context context;
    auto work = boost::asio::make_work_guard(context);
    std::thread thread([&] { context.run(); });
    std::promise<void> go;
    std::atomic<int> calls = 0;
    std::atomic<bool> finished = false;
    auto server = std::make_unique<ControlServer>(
        context, "tcp://127.0.0.1:*", [&, free = go.get_future().share()](const Command& c) {
            ++calls;
            free.wait();
            finished = true;
            return echo(c);
        });
    Client client(server->endpoint());
    if (busy) {
        client.socket.send(zmq::buffer(encode_command({}, {})), zmq::send_flags::none);
        while (calls == 0) std::this_thread::yield();
    }
    if (io_first)
        context.stop();
    std::thread end([&] { server.reset(); });
    go.set_value();
    end.join();
    CHECK(finished == busy);
    work.reset();  // run() returns by itself: nothing of the server is left in it
    thread.join();
}

TEST_CASE("an address for commands that cannot be used is explained") {
    boost::asio::io_context io;
    const ControlServer server(io, "tcp://127.0.0.1:*", echo);
    CHECK_THROWS_WITH(ControlServer(io, server.endpoint(), echo), Contains("in use"));
    CHECK_THROWS_WITH(ControlServer(io, "tcp://*:5557", echo), Contains("whole network"));
    CHECK_NOTHROW(ControlServer(io, "tcp://*:*", echo, true));
}
