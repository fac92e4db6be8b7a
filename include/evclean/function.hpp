// SPDX-License-Identifier: Apache-2.0
// Functions of one value for people: user agents, URLs, sizes, addresses (job contract, 2.4). They are plain functions
// of text here; the sql room registers them and adds nulls, types and caches of repeating values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace evclean::functions {

// User agents, by the regexes of uap-core and the project's data/device_class.yml, both compiled in. Safe to call from
// several threads: each compiles the regexes that its agents need. Agents above 8 KiB are judged by their first 8 KiB.
std::string_view device_class(std::string_view user_agent);  ///< mobile, tablet, desktop, bot, other; bot wins
std::string browser(std::string_view user_agent);            ///< family: 'Chrome', 'Other'
std::string os(std::string_view user_agent);                 ///< family: 'Windows', 'Other'
bool is_bot(std::string_view user_agent);

// URLs (absolute, or a path with a query; `//a/b` is a path, since servers log it as it came). Empty optional is null.
std::optional<std::string> url_host(std::string_view url);  ///< lower case, no user, no port; IPv6 keeps its brackets
std::optional<std::string> url_path(std::string_view url);  ///< as written
std::optional<std::string> url_query(std::string_view url, std::string_view name);  ///< first value, decoded
std::string url_decode(std::string_view text);                                      ///< invalid % stays, as does +

std::string human_bytes(std::int64_t bytes);      ///< 1536 -> '1.5 KiB'
std::string human_duration(double seconds);       ///< 3661 -> '1h 1m 1s', 0.5 -> '500ms'
std::string human_seconds(std::int64_t seconds);  ///< the same of whole seconds, to the last one
std::optional<std::string_view> http_status_text(std::int64_t status);
/// RFC 1918, loopback, link-local, fc00::/7, and IPv6 forms of those IPv4 addresses; null if it is no address.
std::optional<bool> ip_is_private(std::string_view address);
std::optional<std::string> mask_ip(std::string_view address);  ///< /24 and /48
/// Strings unescaped, objects and arrays as their JSON text; null if absent, JSON null, or not JSON.
std::optional<std::string> json_get(std::string_view json, std::string_view path);  ///< 'a.b[0]', '["a.b"]'
/// Appends the raw text of each element of a JSON array; false (and nothing appended) when the text is none.
bool json_elements(std::string_view json, std::vector<std::string_view>& elements);
/// The text of a raw JSON string, given with its quotes.
std::string json_string_text(std::string_view raw);

}  // namespace evclean::functions
