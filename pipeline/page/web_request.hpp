// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/beast/http.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace dwellmap {

using WebRequest = boost::beast::http::request<boost::beast::http::string_body>;
using WebResponse = boost::beast::http::response<boost::beast::http::string_body>;

inline std::string_view view(boost::beast::string_view s) { return {s.data(), s.size()}; }

/// Whether Host, and Origin if there is one, are names of this server.
bool from_own_page(const WebRequest& request, const std::vector<std::string>& own_hosts);

/// A line of text; the connection is closed after it.
WebResponse plain_response(boost::beast::http::status status, const std::string& text);

}  // namespace dwellmap
