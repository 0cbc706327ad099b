// SPDX-License-Identifier: Apache-2.0
#include "page/web_command.hpp"

#include "page/result_json.hpp"
#include "page/web_message.hpp"
#include "page/web_session.hpp"

#include <nlohmann/json.hpp>

#include <string>

namespace dwellmap {
namespace {

namespace http = boost::beast::http;

/// Takes as long for a wrong secret as for the right one.
bool same_secret(std::string_view given, std::string_view secret) {
    if (given.size() != secret.size())
        return false;
    int difference = 0;
    for (std::size_t i = 0; i < secret.size(); ++i) difference |= given[i] ^ secret[i];
    return difference == 0;
}

bool has_token(const WebRequest& request, const std::string& token) {
    constexpr std::string_view scheme = "Bearer ";
    const auto given = view(request[http::field::authorization]);
    return !token.empty() && request.count(http::field::authorization) == 1 &&
           given.substr(0, scheme.size()) == scheme &&
           same_secret(given.substr(scheme.size()), token);
}

/// Own pages were told apart from others before; a program without Origin could be anybody's.
bool may_command(const WebRequest& request, const WebHub& hub) {
    return (hub.loopback && request.count(http::field::origin) == 1) ||
           has_token(request, hub.token);
}

/// 401 where a token would do: the page asks for it then.
WebResponse refusal(const WebHub& hub) {
    const std::string token = R"("Authorization: Bearer" and the secret set as web.token)";
    if (hub.loopback)
        return plain_response(http::status::forbidden,
                              "403 Forbidden: commands are taken from the page at http://" +
                                  hub.own_hosts.front() + "/, or with " + token);
    const std::string over = "over the network, commands are taken only with " + token;
    if (hub.token.empty())
        return plain_response(http::status::forbidden, "403 Forbidden: " + over + ": none is set");
    auto r = plain_response(http::status::unauthorized, "401 Unauthorized: " + over);
    r.set(http::field::www_authenticate, "Bearer");
    return r;
}

bool is_json(const WebRequest& request) {
    const auto type = request[http::field::content_type];  // "; charset=utf-8" may follow
    return boost::beast::iequals(type.substr(0, type.find_first_of("; ")), "application/json");
}

/// @return what is wrong; empty: nothing
std::string parse(const std::string& body, Command& into) {
    const auto json = nlohmann::json::parse(body, nullptr, false);
    if (!json.is_object())
        return R"(expected JSON as {"command": "record_start", "file": "name.h5"})";
    for (const auto& [key, value] : json.items())
        if ((key != "command" && key != "file") || !value.is_string())
            return "only \"command\" and \"file\" are known, and are texts";
    const auto kind = command_named(json.value("command", ""));
    if (!kind)
        return "no such command: expected status, record_start, record_stop or reset";
    into = {*kind, json.value("file", "")};
    return problem_of(into);
}

}  // namespace

std::optional<WebResponse> read_command(const WebRequest& request, const WebHub& hub,
                                        Command& into) {
    if (request.method() != http::verb::post) {
        auto r = plain_response(http::status::method_not_allowed,
                                "405 Method Not Allowed: a command is sent with POST");
        r.set(http::field::allow, "POST");
        return r;
    }
    if (!may_command(request, hub))
        return refusal(hub);
    if (!is_json(request))
        return plain_response(http::status::unsupported_media_type,
                              "415 Unsupported Media Type: a command is application/json");
    if (const auto problem = parse(request.body(), into); !problem.empty())
        return plain_response(http::status::bad_request, "400 Bad Request: " + problem);
    return std::nullopt;
}

WebResponse reply_response(const CommandReply& reply) {
    WebResponse r{http::status::ok, 11};
    r.set(http::field::content_type, "application/json");
    r.set(http::field::cache_control, "no-store");
    r.set("X-Content-Type-Options", "nosniff");
    r.keep_alive(false);
    r.body() = to_text(
        {{"ok", reply.ok}, {"text", reply.text}, {"recording", recording_json(reply.recording)}});
    r.prepare_payload();
    return r;
}

}  // namespace dwellmap
