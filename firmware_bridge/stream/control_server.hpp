// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/command.hpp"

#include <boost/asio/io_context.hpp>

#include <memory>
#include <string>

namespace dwellmap {

/// Commands over ZeroMQ: a REP socket; a client (REQ) sends a `command` and gets a `reply`, whatever it sent.
///
/// The one thread that runs `io` owns the socket. The handler runs in another one, so that results go on while it waits
/// for the disk; meanwhile further commands wait in the clients' sockets. May be destroyed before or after `io` has
/// stopped, but before `io` is.
class ControlServer {
public:
    /// @throws SetupError if the endpoint cannot be bound, or is open to the network ("tcp://*:5557")
    ///         without `allow_any_address`
    ControlServer(boost::asio::io_context& io, const std::string& endpoint, CommandHandler handler,
                  bool allow_any_address = false);
    ~ControlServer();  ///< waits for the command that is carried out; the handler is not called after it
    ControlServer(const ControlServer&) = delete;
    ControlServer& operator=(const ControlServer&) = delete;

    const std::string& endpoint() const noexcept;  ///< as bound: "tcp://127.0.0.1:*" got a port

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;  // shared with what `io` still has to run
};

}  // namespace dwellmap
