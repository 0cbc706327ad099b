// SPDX-License-Identifier: Apache-2.0
// POST /command: who may, what is taken, what is answered.
#include "page/web_command.hpp"
#include "page/web_session.hpp"
#include "support/web.hpp"

#include <catch2/catch.hpp>

#include <future>

using namespace dwellmap;
using namespace dwellmap::testing;
using Catch::Matchers::Contains;
using Do = Command::Kind;

namespace {

/// Notes the commands, in order; `recording` is what it says of itself.
struct Heard {
    std::vector<Command> commands;
    RecordingStatus recording;

    WebControls controls() {
        return {[this](const Command& c) {
                    commands.push_back(c);
                    recording.state = RecordingStatus::State::recording;
                    recording.file = c.file;
                    return CommandReply{true, "recording <" + c.file + ">", recording};
                },
                [] { return RecordingStatus{}; }, 10};
    }
};

const std::string kStart = R"({"command":"record_start","file":"a.h5"})";

Response post(const Served& served, const Headers& headers, const std::string& body = kStart) {
    return ask(served, http::verb::post, "/command", headers, body);
}

/// As the page sends it.
Headers own(const Served& served) {
    return {{"Host", served.host()},
            {"Origin", "http://" + served.host()},
            {"Content-Type", "application/json"}};
}

Headers with_token(const Served& served, const std::string& authorization) {
    return {{"Host", served.host()},
            {"Content-Type", "application/json"},
            {"Authorization", authorization}};
}

}  // namespace

TEST_CASE("a command of the page is carried out, and answered with what came of it") {
    Heard heard;
    const Served served({}, heard.controls());
    const auto response = post(served, own(served));
    CHECK(response.result() == http::status::ok);
    CHECK(response["Content-Type"] == "application/json");
    const auto answer = nlohmann::json::parse(response.body());
    CHECK(answer["ok"] == true);
    CHECK(answer["text"] == "recording <a.h5>");
    CHECK(answer["recording"]["state"] == "recording");
    CHECK(answer["recording"]["file"] == "a.h5");
    CHECK(answer["recording"]["blocks_dropped"] == 0);
    auto charset = own(served);
    charset.back().second = "Application/JSON; charset=utf-8";
    for (const auto* name : {"record_stop", "reset", "status"})
        CHECK(post(served, charset, R"({"command":")" + std::string(name) + "\"}").result() ==
              http::status::ok);
    REQUIRE(heard.commands.size() == 4);
    CHECK(heard.commands[0].kind == Do::record_start);
    CHECK(heard.commands[0].file == "a.h5");
    CHECK(heard.commands[1].kind == Do::record_stop);
    CHECK(heard.commands[2].kind == Do::reset);
    CHECK(heard.commands[3].kind == Do::status);
}

TEST_CASE("no other page, no other name and no stranger gives a command") {
    Heard heard;
    const Served served({}, heard.controls());
    auto strangers = foreign_headers(served);
    strangers.push_back({{"Host", served.host()}});  // no Origin: a program, not the page
    strangers.push_back({{"Host", served.host()}, {"Authorization", "Bearer "}});
    for (auto headers : strangers) {
        headers.emplace_back("Content-Type", "application/json");
        for (const auto& [name, value] : headers) UNSCOPED_INFO(name << ": " << value);
        const auto response = post(served, headers);
        CHECK(response.result() == http::status::forbidden);
        CHECK_THAT(response.body(), Contains("http://localhost:"));
    }
    CHECK(heard.commands.empty());
}

TEST_CASE("a program needs the token") {
    Heard heard;
    const Served served({}, heard.controls(), "a long secret");
    for (const auto* wrong :
         {"Bearer a long secres", "Bearer a long secret x", "Bearer ", "a long secret", "Basic a"})
        CHECK(post(served, with_token(served, wrong)).result() == http::status::forbidden);
    auto foreign = with_token(served, "Bearer a long secret");
    foreign.emplace_back("Origin", "http://evil.example");
    CHECK(post(served, foreign).result() == http::status::forbidden);
    CHECK(heard.commands.empty());
    CHECK(post(served, with_token(served, "Bearer a long secret")).result() == http::status::ok);
    CHECK(heard.commands.size() == 1);
}

TEST_CASE("over the network the page alone is not enough") {
    WebHub hub(nullptr);
    hub.own_hosts = {"192.0.2.1:8080"};
    hub.loopback = false;
    hub.token = "secret";
    WebRequest request(http::verb::post, "/command", 11);
    request.set(http::field::host, "192.0.2.1:8080");
    request.set(http::field::origin, "http://192.0.2.1:8080");
    request.set(http::field::content_type, "application/json");
    request.body() = kStart;
    Command command;
    const auto refused = read_command(request, hub, command);
    REQUIRE(refused);
    CHECK(refused->result() == http::status::unauthorized);
    CHECK((*refused)[http::field::www_authenticate] == "Bearer");
    CHECK_THAT(refused->body(), Contains("web.token"));
    hub.token.clear();
    const auto hopeless = read_command(request, hub, command);
    REQUIRE(hopeless);
    CHECK(hopeless->result() == http::status::forbidden);
    CHECK_THAT(hopeless->body(), Contains("none is set"));
    hub.token = "secret";
    request.set(http::field::authorization, "Bearer secret");
    CHECK_FALSE(read_command(request, hub, command));
    CHECK(command.file == "a.h5");
}

TEST_CASE("what is no POST of JSON, no command or too long is refused with the reason") {
    Heard heard;
    const Served served({}, heard.controls());
    for (const auto method : {http::verb::get, http::verb::head, http::verb::put}) {
        const auto response = ask(served, method, "/command", own(served));
        CHECK(response.result() == http::status::method_not_allowed);
        CHECK(response[http::field::allow] == "POST");
    }
    for (const auto* type :
         {"text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""}) {
        auto headers = own(served);
        headers.back().second = type;
        CHECK(post(served, headers).result() == http::status::unsupported_media_type);
    }
    const std::vector<std::pair<std::string, std::string>> bodies{
        {"", "expected JSON"},
        {"[1]", "expected JSON"},
        {"{\"command\":", "expected JSON"},
        {std::string(4000, '['), "expected JSON"},
        {"{}", "no such command"},
        {R"({"command":"delete"})", "no such command"},
        {R"({"command":7})", "are texts"},
        {R"({"command":"reset","frames":"3"})", "only \"command\" and \"file\""},
        {R"({"command":"reset","file":"a.h5"})", "only record_start"},
        {R"({"command":"record_start","file":"../a.h5"})", "without folders"},
        {R"({"command":"record_start","file":"a\u0000.h5"})", "control characters"}};
    for (const auto& [body, reason] : bodies) {
        CAPTURE(body);
        const auto response = post(served, own(served), body);
        CHECK(response.result() == http::status::bad_request);
        CHECK_THAT(response.body(), Contains(reason));
    }
    CHECK(post(served, own(served), std::string(4097, ' ')).result() ==
          http::status::payload_too_large);
    CHECK(heard.commands.empty());
}

TEST_CASE("a command that fails is answered with its reason") {
    Heard heard;
    auto controls = heard.controls();
    controls.handler = [](const Command& c) -> CommandReply {
        if (c.kind == Do::status)
            return {true, "", {RecordingStatus::State::recording, "b.h5", "", 0, 0, 0, 0, 0}};
        throw std::runtime_error("b.h5 is being written");
    };
    const Served served({}, controls);
    const auto answer = nlohmann::json::parse(post(served, own(served)).body());
    CHECK(answer["ok"] == false);
    CHECK(answer["text"] == "b.h5 is being written");
    CHECK(answer["recording"]["file"] == "b.h5");
}

TEST_CASE("while a command is carried out, longer than a request may take, results go on") {
    std::promise<void> go;
    Heard heard;
    auto controls = heard.controls();
    controls.handler = [&, free = go.get_future().share()](const Command& c) {
        free.wait();
        return heard.controls().handler(c);
    };
    auto limits = fast();
    limits.request = std::chrono::milliseconds(50);
    Served served(limits, controls);
    auto answer = std::async(std::launch::async, [&] { return post(served, own(served)); });
    Client client(served);
    Sample sample;
    const auto start = std::chrono::steady_clock::now();
    for (std::uint64_t number = 1; std::chrono::steady_clock::now() - start < 4 * limits.request;
         ++number) {
        sample.publish(*served.server, number);
        client.read_until(number);
    }
    go.set_value();
    CHECK(nlohmann::json::parse(answer.get().body())["ok"] == true);
}

TEST_CASE("the state of the recording comes with every status") {
    std::atomic<int> frames = 0;
    const Served served(fast(), {nullptr,
                                 [&] {
                                     RecordingStatus s;
                                     s.state = frames > 0 ? RecordingStatus::State::failed
                                                          : RecordingStatus::State::off;
                                     s.error = "the disk is full";
                                     s.frames = static_cast<std::uint64_t>(frames);
                                     return s;
                                 },
                                 12.5});
    Client client(served);
    auto recording = client.read()["status"]["recording"];
    CHECK(recording["state"] == "off");
    CHECK(recording["before_s"] == 12.5);
    frames = 7;
    while (recording["state"] != "failed") recording = client.read()["status"]["recording"];
    CHECK(recording["frames"] == 7);
    CHECK(recording["error"] == "the disk is full");
}

TEST_CASE("a server may end while a command is carried out, and waits for it") {
    std::promise<void> go, begun;
    bool finished = false;
    Heard heard;
    auto controls = heard.controls();
    controls.handler = [&, free = go.get_future().share()](const Command& c) {
        begun.set_value();
        free.wait();
        finished = true;
        return CommandReply{true, c.file, {}};
    };
    Served served({}, controls);
    asio::io_context io;
    tcp::socket socket(io);
    socket.connect(served.endpoint());
    http::request<http::string_body> request(http::verb::post, "/command", 11);
    for (const auto& [name, value] : own(served)) request.insert(name, value);
    request.body() = kStart;
    request.prepare_payload();
    http::write(socket, request);
    begun.get_future().wait();
    std::thread end([&] { served.server.reset(); });
    go.set_value();
    end.join();
    CHECK(finished);
}
