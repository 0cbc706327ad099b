// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "page/web_server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <nlohmann/json.hpp>

#include <cstring>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace dwellmap::testing {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using asio::ip::tcp;
using Response = http::response<http::string_body>;

/// Nobody commands, nothing is recorded.
inline WebControls no_controls() {
    return {nullptr, [] { return RecordingStatus{}; }, 0};
}

/// A server on a free port, with its thread.
struct Served {
    explicit Served(const WebLimits& limits = {}, WebControls controls = no_controls(),
                    const std::string& token = "") {
        WebConfig config;
        config.port = 0;
        config.token = token;
        server.emplace(io, config, std::move(controls), limits);
        thread = std::thread([this] { io.run(); });
    }
    ~Served() {
        server.reset();
        io.stop();
        thread.join();
    }
    std::string host(const std::string& name = "127.0.0.1") const {
        return name + ":" + std::to_string(server->port());
    }
    tcp::endpoint endpoint() const { return {asio::ip::address_v4::loopback(), server->port()}; }

    asio::io_context io;
    std::optional<WebServer> server;
    std::thread thread;
};

using Headers = std::vector<std::pair<std::string, std::string>>;

inline Response ask(const Served& served, http::verb method, const std::string& target,
                    const Headers& headers, const std::string& body = "") {
    asio::io_context io;
    tcp::socket socket(io);
    socket.connect(served.endpoint());
    http::request<http::string_body> request(method, target, 11);
    for (const auto& [name, value] : headers) request.insert(name, value);
    request.body() = body;
    request.prepare_payload();
    http::write(socket, request);
    http::response_parser<http::string_body> parser;
    if (method == http::verb::head)
        parser.skip(true);
    beast::flat_buffer buffer;
    http::read(socket, buffer, parser);
    return parser.release();
}

inline Response get(const Served& served, const std::string& target) {
    return ask(served, http::verb::get, target, {{"Host", served.host()}});
}

/// A page's WebSocket.
class Client {
public:
    explicit Client(const Served& served, const std::string& origin = "") : socket_(io_) {
        socket_.next_layer().connect(served.endpoint());
        if (!origin.empty())
            socket_.set_option(websocket::stream_base::decorator(
                [origin](websocket::request_type& r) { r.set(http::field::origin, origin); }));
        socket_.handshake(served.host(), "/live");
    }

    /// The next message: its JSON; `image` gets the bytes after it.
    nlohmann::json read(std::string* image = nullptr) {
        beast::flat_buffer buffer;
        socket_.read(buffer);
        const auto bytes = beast::buffers_to_string(buffer.data());
        std::uint32_t length = 0;  // little-endian, like every machine this runs on
        std::memcpy(&length, bytes.data(), 4);
        if (image != nullptr)
            *image = bytes.substr(4 + length);
        return nlohmann::json::parse(bytes.substr(4, length));
    }

    /// Reads until a frame of at least this number comes. @return all frames on the way
    std::vector<nlohmann::json> read_until(std::uint64_t number) {
        std::vector<nlohmann::json> frames;
        for (;;) {
            auto message = read();
            if (!message.contains("frame"))
                continue;
            frames.push_back(std::move(message));
            if (frames.back()["frame"]["number"] >= number)
                return frames;
        }
    }

private:
    asio::io_context io_;
    websocket::stream<tcp::socket> socket_;
};

/// A result of an image that is easily recognised.
struct Sample {
    explicit Sample(int side = 16) {
        auto series = std::make_shared<Series>();
        series->name = "<script>alert(1)</script>";
        frame.series = result.series = series;
        frame.counts = Image::Zero(side, side);
        frame.counts.rightCols(side / 2).setConstant(100);
        frame.row_valid.assign(static_cast<std::size_t>(side), 1);
        counters.received = 5;
    }
    void publish(WebServer& server, std::uint64_t number, StreamState state = StreamState::live) {
        result.frame_number = frame.number = number;
        server.publish(result, frame, counters, state);
    }
    FrameResult result;
    Frame frame;
    Counters counters;
};

inline std::vector<Headers> foreign_headers(const Served& served) {
    const auto port = served.host("");
    return {{},
            {{"Host", "evil.example" + port}},
            {{"Host", "localhost.evil.example" + port}},
            {{"Host", "127.attacker.example" + port}},
            {{"Host", "127.0.0.1"}},
            {{"Host", "127.0.0.1:1"}},
            {{"Host", "evil.example" + port},
             {"Origin", "http://evil.example" + port}},  // equal is not enough
            {{"Host", served.host()}, {"Origin", "http://evil.example"}},
            {{"Host", served.host()}, {"Origin", "https://127.0.0.1" + port}},
            {{"Host", served.host()}, {"Origin", "null"}},
            {{"Host", served.host()}, {"Host", "evil.example"}},
            {{"Host", served.host()},
             {"Origin", "http://127.0.0.1" + port},
             {"Origin", "http://evil.example"}}};
}

inline Headers with_upgrade(Headers headers) {
    headers.insert(headers.end(), {{"Connection", "Upgrade"},
                                   {"Upgrade", "websocket"},
                                   {"Sec-WebSocket-Version", "13"},
                                   {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}});
    return headers;
}

inline WebLimits fast() {
    WebLimits limits;
    limits.period = std::chrono::milliseconds(5);
    return limits;
}

}  // namespace dwellmap::testing
