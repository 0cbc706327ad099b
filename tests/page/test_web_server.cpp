// SPDX-License-Identifier: Apache-2.0
#include "page/web_server.hpp"

#include "dwellmap/error.hpp"
#include "support/web.hpp"

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>

#include <array>
#include <cmath>

using namespace dwellmap;
using namespace dwellmap::testing;

TEST_CASE("the page and its files are served, with headers that bind them to this server") {
    const Served served;
    const auto [target, type] =
        GENERATE(table<std::string, std::string>({{"/", "text/html; charset=utf-8"},
                                                  {"/style.css", "text/css; charset=utf-8"},
                                                  {"/view.js", "text/javascript; charset=utf-8"},
                                                  {"/?x=1", "text/html; charset=utf-8"}}));
    const auto response = get(served, target);
    CHECK(response.result() == http::status::ok);
    CHECK(response["Content-Type"] == type);
    CHECK(response["X-Content-Type-Options"] == "nosniff");
    CHECK(response["Content-Security-Policy"].find("default-src 'none'") == 0);
    CHECK(response["Content-Security-Policy"].find("unsafe") == beast::string_view::npos);
    CHECK(response.body().size() > 500);
    CHECK(response.body().find("SPDX-License-Identifier") != std::string::npos);
}

TEST_CASE("HEAD has the length and no body") {
    const Served served;
    const auto response = ask(served, http::verb::head, "/", {{"Host", served.host()}});
    CHECK(response.result() == http::status::ok);
    CHECK(response[http::field::content_length] == std::to_string(get(served, "/").body().size()));
}

TEST_CASE("what is not in the table of files is not found, however it is spelled") {
    const Served served;
    const auto* target =
        GENERATE("/nothing", "/../CMakeLists.txt", "/..%2f..%2fetc/passwd", "//etc/passwd",
                 "/view.js/", "/./view.js", "/index.html/../../x", "*", "/live");
    CHECK(get(served, target).result() == http::status::not_found);
}

TEST_CASE("only reading is allowed") {
    const Served served;
    const auto method =
        GENERATE(http::verb::post, http::verb::put, http::verb::delete_, http::verb::options);
    const auto response = ask(served, method, "/", {{"Host", served.host()}});
    CHECK(response.result() == http::status::method_not_allowed);
    CHECK(response[http::field::allow] == "GET, HEAD");
}

TEST_CASE("a request for another host or from another origin is refused, also as a WebSocket") {
    const Served served;
    for (const auto& headers : foreign_headers(served)) {
        for (const auto& [name, value] : headers) UNSCOPED_INFO(name << ": " << value);
        CHECK(ask(served, http::verb::get, "/", headers).result() == http::status::forbidden);
        for (const auto& [name, value] : headers)
            UNSCOPED_INFO("upgrade, " << name << ": " << value);
        CHECK(ask(served, http::verb::get, "/live", with_upgrade(headers)).result() ==
              http::status::forbidden);
    }
}

TEST_CASE("the server's own names are accepted, with their own origin") {
    const Served served;
    const auto name = served.host(GENERATE("127.0.0.1", "localhost", "[::1]"));
    CHECK(ask(served, http::verb::get, "/", {{"Host", name}, {"Origin", "http://" + name}})
              .result() == http::status::ok);
    CHECK_NOTHROW(Client(served, "http://" + served.host("localhost")));
}

TEST_CASE("a client is told that nothing has come yet, and no numbers") {
    const Served served(fast());
    Client client(served);
    const auto message = client.read();
    CHECK(message["status"]["state"] == "waiting");
    CHECK(message["status"]["counters"].is_null());
    CHECK(message["status"]["latency"].is_null());
    CHECK_FALSE(message.contains("frame"));
}

TEST_CASE("a client that comes late gets the newest result, its image, and the state of now") {
    Served served(fast());
    Sample sample;
    for (std::uint64_t number = 1; number <= 3; ++number) sample.publish(*served.server, number);
    served.server->idle(sample.counters, StreamState::ended);

    Client client(served);
    std::string image;
    auto message = client.read(&image);
    while (!message.contains("frame")) message = client.read(&image);
    CHECK(message["frame"]["number"] == 3);
    CHECK(message["image"]["width"] == 16);
    REQUIRE(image.size() >= 256);
    CHECK(image[0] == '\0');
    CHECK(image[15] == '\xff');
    CHECK(message["rows"] == nlohmann::json::array({{0, 16}}));
    while (message["status"]["state"] != "ended") message = client.read();
    CHECK(message["status"]["counters"]["received"] == 5);
}

TEST_CASE("the maps follow the image, aligned, NaN included") {
    Served served(fast());
    Sample sample;
    sample.frame.counts = Image::Zero(3, 5);  // 15 bytes: the maps can't follow at once
    sample.frame.row_valid.assign(3, 1);
    sample.result.maps.push_back(
        {"isotropic", Image::Constant(2, 2, 0.25F), Image::Constant(2, 2, kNaN)});
    sample.publish(*served.server, 1);
    Client client(served);
    std::string rest;
    auto message = client.read(&rest);
    while (!message.contains("frame")) message = client.read(&rest);
    CHECK(message["maps"][0]["rows"] == 2);
    REQUIRE(rest.size() >= 15 + 32);
    CHECK(rest.size() < 15 + 4 + 32);
    std::array<float, 8> floats{};
    std::memcpy(floats.data(), rest.data() + rest.size() - 32, 32);
    CHECK(floats[3] == 0.25F);
    CHECK(std::isnan(floats[4]));
}

TEST_CASE("a complete frame is seen, though the first rows of the next one come at once") {
    WebLimits limits;
    limits.period = std::chrono::milliseconds(50);
    Served served(limits);
    Sample sample;
    Client client(served);
    sample.publish(*served.server, 1);
    client.read_until(1);
    sample.result.complete = true;
    sample.publish(*served.server, 2);
    sample.result.complete = false;
    sample.publish(*served.server, 3);
    CHECK(client.read_until(2).back()["frame"]["number"] == 2);
    sample.publish(*served.server, 4);
    CHECK(client.read_until(4).back()["frame"]["number"] == 4);
}

TEST_CASE("text from the stream arrives as it is, in a string of the data") {
    Served served(fast());
    Client client(served);
    Sample sample;
    sample.publish(*served.server, 1);
    const auto message = client.read_until(1).back();
    CHECK(message["series"]["name"] == "<script>alert(1)</script>");
    CHECK(get(served, "/").body().find("alert(1)") == std::string::npos);
}

TEST_CASE("a client that stops reading neither delays another one nor keeps what it missed") {
    WebLimits limits = fast();
    limits.idle =
        std::chrono::minutes(10);  // however slow the machine: it is the stall that is tested
    Served served(limits);
    Sample sample(1024);  // 1 MiB a message: the kernel's buffers are full after a few
    Client stalled(served);
    Client reader(served);
    sample.publish(*served.server, 1);
    CHECK(stalled.read_until(1).size() == 1);
    CHECK(reader.read_until(1).size() == 1);

    constexpr std::uint64_t last = 40;
    for (std::uint64_t number = 2; number <= last; ++number) {
        sample.publish(*served.server, number);
        reader.read_until(number);  // proves that it was sent while the other one was stalled
    }
    const auto late = stalled.read_until(last);
    CHECK(late.size() <
          last / 2);  // the newest, and what was in the kernel: no queue of all of them
    CHECK(late.back()["frame"]["number"] == last);
}

TEST_CASE("connections over the cap are told so, and one that shows no sign of life makes room") {
    WebLimits limits = fast();
    limits.clients = 2;
    limits.idle = std::chrono::milliseconds(200);
    limits.request = std::chrono::milliseconds(200);
    const Served served(limits);
    Client silent(served), mute(served);  // read nothing, so answer no ping
    CHECK(get(served, "/").result() == http::status::service_unavailable);
    CHECK(get(served, "/").result() == http::status::service_unavailable);
    const auto start = std::chrono::steady_clock::now();
    while (get(served, "/").result() != http::status::ok)
        REQUIRE(std::chrono::steady_clock::now() - start < std::chrono::seconds(10));
}

TEST_CASE("a request that is too long or never ends is not waited for") {
    WebLimits limits;
    limits.request = std::chrono::milliseconds(100);
    const Served served(limits);
    asio::io_context io;
    tcp::socket socket(io);
    socket.connect(served.endpoint());
    char byte = 0;
    boost::system::error_code ec;
    if (GENERATE(false, true)) {
        asio::write(socket, asio::buffer(std::string("GET / HTTP/1.1\r\nHost:")));
        socket.read_some(asio::buffer(&byte, 1), ec);
        CHECK(ec == asio::error::eof);  // closed without a word
    } else {
        asio::write(socket, asio::buffer("GET /" + std::string(20'000, 'x')), ec);
        std::string text(12, ' ');
        asio::read(socket, asio::buffer(text), ec);
        CHECK((ec || text == "HTTP/1.1 400"));
    }
    CHECK(get(served, "/").result() == http::status::ok);
}

TEST_CASE("an address that can't be listened on is refused with the reason") {
    asio::io_context io;
    WebConfig config;
    config.port = 0;
    SECTION("port in use") {
        const WebServer first(io, config, no_controls());
        config.port = first.port();
        CHECK_THROWS_WITH(WebServer(io, config, no_controls()),
                          Catch::Contains(std::to_string(config.port)) &&
                              Catch::Contains("in use") && Catch::Contains("web.port"));
    }
    SECTION("every interface") {
        config.address = "0.0.0.0";
        CHECK_THROWS_WITH(WebServer(io, config, no_controls()),
                          Catch::Contains("web.address") && Catch::Contains("every interface"));
    }
    SECTION("no address") {
        config.address = "microscope-pc";
        CHECK_THROWS_AS(WebServer(io, config, no_controls()), SetupError);
    }
}

TEST_CASE("a server can end before, while and after its io_context runs") {
    asio::io_context io;
    WebConfig config;
    config.port = 0;
    { const WebServer never_run(io, config, no_controls()); }
    std::optional<WebServer> server(std::in_place, io, config, no_controls());
    Sample sample;
    sample.publish(*server, 1);
    std::thread thread([&] { io.run(); });
    server.reset();
    thread.join();  // nothing is left to wait for: run() returns by itself
    SUCCEED();
}
