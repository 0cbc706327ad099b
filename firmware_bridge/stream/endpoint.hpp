// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <zmq.hpp>

namespace dwellmap {

/// Binds and returns the address bound ("tcp://127.0.0.1:*" gets a free port).
/// @throws SetupError naming `what` and the endpoint: not an address, in use, or open to the network
///         without `allow_any_address`
std::string bind_or_explain(zmq::socket_t& socket, const std::string& endpoint, const char* what,
                            bool allow_any_address);

/// The other side need not be there yet. @throws SetupError if `endpoint` is not an address
void connect_or_explain(zmq::socket_t& socket, const std::string& endpoint, const char* what);

/// Of a SUB socket for a stream: everything of ours, bounded, reconnecting within 0.1 to 2 s.
/// @param queue  messages waiting to be received
void set_subscriber_options(zmq::socket_t& socket, int queue);

/// Random, to tell one run of a publisher from the next.
std::uint64_t draw_session();

std::string draw_uuid();

std::string host_name();

}  // namespace dwellmap
