// SPDX-License-Identifier: Apache-2.0
#include "stream/control_server.hpp"

#include "dwellmap/reject.hpp"
#include "stream/command_thread.hpp"
#include "stream/endpoint.hpp"
#include "wire/command_message.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>

#include <utility>

namespace dwellmap {
namespace {

constexpr int kQueue = 4;  // commands of a client

void set_options(zmq::socket_t& socket) {
    socket.set(zmq::sockopt::rcvhwm, kQueue);
    socket.set(zmq::sockopt::sndhwm, kQueue);
    socket.set(zmq::sockopt::linger, 0);
    socket.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(kMaxControlBytes));
    socket.set(zmq::sockopt::handshake_ivl, 3000);
    socket.set(zmq::sockopt::heartbeat_ivl, 1000);
    socket.set(zmq::sockopt::heartbeat_timeout, 3000);
}

}  // namespace

struct ControlServer::Impl : std::enable_shared_from_this<Impl> {
    boost::asio::io_context& io;
    CommandThread commands;
    zmq::context_t context{1};
    zmq::socket_t socket{context, zmq::socket_type::rep};  // the thread's that runs io, as the next
    boost::asio::posix::stream_descriptor events;          // libzmq's, borrowed
    std::string endpoint;
    Stamp stamp{draw_session(), 0};

    Impl(boost::asio::io_context& context_of_io, CommandHandler handler)
        : io(context_of_io), commands(std::move(handler)), events(io) {}

    ~Impl() { give_back_events(); }

    void give_back_events() {
        if (events.is_open()) {
            events.release();
        }
    }

    /// The socket takes one command at a time: the next one is received when this one was answered.
    void receive() {
        zmq::message_t message;
        if (!socket.recv(message, zmq::recv_flags::dontwait)) {
            return await();
        }
        Command command;
        std::string problem = decode_command(
            {static_cast<const std::byte*>(message.data()), message.size()}, command);
        while (message.more()) {
            problem = to_string(RejectReason::multipart);
            if (!socket.recv(message, zmq::recv_flags::dontwait)) {
                break;
            }
        }
        const auto done = [weak = weak_from_this(), &to = io](CommandReply reply) {
            boost::asio::post(to, [weak, reply = std::move(reply)] {
                if (const auto self = weak.lock()) {
                    self->answer(reply);
                }
            });
        };
        if (problem.empty()) {
            commands.run(std::move(command), done);
        } else {
            commands.refuse(std::move(problem), done);
        }
    }

    void answer(const CommandReply& reply) {
        if (socket) {
            const auto message = encode_reply(reply, stamp);
            ++stamp.seq;
            socket.send(zmq::buffer(message), zmq::send_flags::dontwait);
            receive();
        }
    }

    void await() {
        const auto wait = boost::asio::posix::stream_descriptor::wait_read;
        events.async_wait(wait,
                          [self = shared_from_this()](const boost::system::error_code& stopped) {
                              if (!stopped && self->socket) {
                                  self->receive();
                              }
                          });
    }

    void open() {
        events.assign(socket.get(zmq::sockopt::fd));
        receive();
    }

    void close() {
        give_back_events();
        socket.close();
    }
};

ControlServer::ControlServer(boost::asio::io_context& io, const std::string& endpoint,
                             CommandHandler handler, bool allow_any_address)
    : impl_(std::make_shared<Impl>(io, std::move(handler))) {
    set_options(impl_->socket);
    impl_->endpoint = bind_or_explain(impl_->socket, endpoint, "stream.control", allow_any_address);
    boost::asio::post(io, [impl = impl_] { impl->open(); });
}

ControlServer::~ControlServer() {
    impl_->commands.stop();
    boost::asio::post(impl_->io, [impl = impl_] { impl->close(); });
}

const std::string& ControlServer::endpoint() const noexcept { return impl_->endpoint; }

}  // namespace dwellmap
