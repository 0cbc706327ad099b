// SPDX-License-Identifier: Apache-2.0
#include "page/web_request.hpp"

#include <algorithm>

namespace dwellmap {

namespace http = boost::beast::http;

/// Exact names only. Origin equal to Host would not do: a foreign name may resolve to 127.0.0.1 (DNS rebinding).
bool from_own_page(const WebRequest& request, const std::vector<std::string>& own_hosts) {
    const auto own = [&](std::string_view name) {
        return std::find(own_hosts.begin(), own_hosts.end(), name) != own_hosts.end();
    };
    constexpr std::string_view scheme = "http://";
    if (request.count(http::field::host) != 1 || !own(view(request[http::field::host])))
        return false;
    if (request.count(http::field::origin) == 0)
        return true;
    const auto origin = view(request[http::field::origin]);
    return request.count(http::field::origin) == 1 && origin.substr(0, scheme.size()) == scheme &&
           own(origin.substr(scheme.size()));
}

WebResponse plain_response(http::status status, const std::string& text) {
    WebResponse r{status, 11};
    r.set(http::field::content_type, "text/plain; charset=utf-8");
    r.set("X-Content-Type-Options", "nosniff");
    r.keep_alive(false);
    r.body() = text + "\n";
    r.prepare_payload();
    return r;
}

}  // namespace dwellmap
