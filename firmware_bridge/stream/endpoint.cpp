// SPDX-License-Identifier: Apache-2.0
#include "stream/endpoint.hpp"

#include "dwellmap/envelope.hpp"
#include "dwellmap/error.hpp"

#include <unistd.h>

#include <array>
#include <charconv>
#include <random>

namespace dwellmap {
namespace {

bool is_any_address(const std::string& endpoint) {
    const std::string tcp = "tcp://";
    if (!endpoint.starts_with(tcp)) {
        return false;
    }
    const auto host = endpoint.substr(tcp.size(), endpoint.rfind(':') - tcp.size());
    return host == "*" || host == "0.0.0.0" || host == "[::]" || host == "::";
}

constexpr char kExpected[] =
    "not an address: expected tcp://ADDRESS:PORT, as tcp://127.0.0.1:5555, with a port up to 65535";

/// libzmq takes port 99999 for 34463.
bool port_is_possible(const std::string& endpoint) {
    if (!endpoint.starts_with("tcp://")) {
        return true;
    }
    const auto text = endpoint.substr(endpoint.rfind(':') + 1);
    int port = 0;
    const auto* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, port);
    return text == "*" ||
           (parsed.ec == std::errc{} && parsed.ptr == end && port >= 0 && port < 65536);
}

std::string advice(int error) {
    switch (error) {
        case EADDRINUSE: return "the port is in use: stop the other program or choose another port";
        case EADDRNOTAVAIL:
        case ENODEV: return "this computer has no such address: try tcp://127.0.0.1:PORT";
        case EINVAL:
        case EPROTONOSUPPORT:
        case ENOCOMPATPROTO: return kExpected;
        case EACCES: return "not allowed: ports below 1024 need privileges, choose another";
        default: return zmq_strerror(error);
    }
}

}  // namespace

std::string bind_or_explain(zmq::socket_t& socket, const std::string& endpoint, const char* what,
                            bool allow_any_address) {
    const auto where = std::string(what) + ": cannot bind " + endpoint + ": ";
    if (is_any_address(endpoint) && !allow_any_address) {
        throw SetupError(where +
                         "it would be open to the whole network; name one address, as "
                         "tcp://127.0.0.1:PORT, or allow any address explicitly");
    }
    if (!port_is_possible(endpoint)) {
        throw SetupError(where + kExpected);
    }
    try {
        socket.bind(endpoint);
    } catch (const zmq::error_t& e) {
        throw SetupError(where + advice(e.num()));
    }
    return socket.get(zmq::sockopt::last_endpoint);
}

void connect_or_explain(zmq::socket_t& socket, const std::string& endpoint, const char* what) {
    const auto where = std::string(what) + ": cannot connect to " + endpoint + ": ";
    if (!port_is_possible(endpoint)) {
        throw SetupError(where + kExpected);
    }
    try {
        socket.connect(endpoint);
    } catch (const zmq::error_t& e) {
        throw SetupError(where + advice(e.num()));
    }
}

void set_subscriber_options(zmq::socket_t& socket, int queue) {
    socket.set(zmq::sockopt::rcvhwm, queue);
    socket.set(zmq::sockopt::linger, 0);
    socket.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(kMaxMessageBytes));
    socket.set(zmq::sockopt::reconnect_ivl, 100);
    socket.set(zmq::sockopt::reconnect_ivl_max, 2000);
    socket.set(zmq::sockopt::handshake_ivl, 3000);
    socket.set(zmq::sockopt::heartbeat_ivl, 1000);  // finds a peer that is stopped or unplugged
    socket.set(zmq::sockopt::heartbeat_timeout, 3000);
    socket.set(zmq::sockopt::subscribe, "");
}

std::uint64_t draw_session() {
    std::random_device device;
    return (std::uint64_t{device()} << 32U) | device();
}

std::string draw_uuid() {
    std::random_device device;
    std::array<std::uint32_t, 4> random{device(), device(), device(), device()};
    random[1] = (random[1] & 0xFFFF0FFFU) | 0x4000U;      // version 4: random
    random[2] = (random[2] & 0x3FFFFFFFU) | 0x80000000U;  // variant of RFC 4122
    std::string text;
    for (int nibble = 0; nibble < 32; ++nibble) {
        if (nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20) {
            text += '-';
        }
        const auto word = random[static_cast<std::size_t>(nibble / 8)];
        text += "0123456789abcdef"[(word >> static_cast<unsigned>(28 - nibble % 8 * 4)) & 0xFU];
    }
    return text;
}

std::string host_name() {
    std::array<char, 256> name{};
    return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

}  // namespace dwellmap
