// SPDX-License-Identifier: Apache-2.0
// The functions for people (functions room), with nulls, types and a cache of repeating values.
#include <cmath>
#include <optional>
#include <string>

#include "cached_node.hpp"
#include "evclean/function.hpp"
#include "registry.hpp"

namespace evclean::sql {
namespace {

using Text = std::string_view;
constexpr ValueType kText = ValueType::kString;

/// A function of one text that is worth keeping a distinct value.
template <typename R, typename F>
void add_cached(Registry& registry, const std::string& name, CacheUse use, F function, FunctionInfo info) {
  registry.add(name, std::move(info), {{kText}, [function, use](CallSite&, Nodes args) {
                                         return cached_node<R>(
                                             std::move(args[0]),
                                             [function](EvalCounters&, Text t) { return function(t); }, use);
                                       }});
}

/// The same with a second text that is mostly constant: then the results are kept, else not.
void add_with_key(Registry& registry, const std::string& name, std::optional<std::string> (*function)(Text, Text),
                  FunctionInfo info) {
  registry.add(name, std::move(info),
               {{kText, kText}, [function](CallSite&, Nodes args) -> NodePtr {
                  const auto key = constant_text(*args[1]);
                  if (!key)
                    return row_node(std::move(args), [function](Text text, Text k) { return function(text, k); });
                  return cached_node<Text>(
                      std::move(args[0]),
                      [function, key = std::string(*key)](EvalCounters&, Text text) { return function(text, key); },
                      CacheUse::kRepeats);
                }});
}

void add_agents(Registry& registry) {
  add_cached<Text>(registry, "device_class", CacheUse::kAlways, functions::device_class,
                   {"device_class(user_agent) -> string", "mobile, tablet, desktop, bot or other; bot wins",
                    "device_class('curl/8') = 'bot'"});
  add_cached<Text>(registry, "browser", CacheUse::kAlways, functions::browser,
                   {"browser(user_agent) -> string", "the browser's family, or Other",
                    "browser('Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0') = 'Firefox'"});
  add_cached<Text>(
      registry, "os", CacheUse::kAlways, functions::os,
      {"os(user_agent) -> string", "the operating system's family, or Other",
       "os('Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:120.0) Gecko/20100101 Firefox/120.0') = 'Windows'"});
  add_cached<bool>(registry, "is_bot", CacheUse::kAlways, functions::is_bot,
                   {"is_bot(user_agent) -> bool", "a crawler, a monitor or a tool",
                    "is_bot('Googlebot/2.1 (+http://www.google.com/bot.html)') = true"});
}

void add_urls(Registry& registry) {
  add_cached<Text>(registry, "url_host", CacheUse::kRepeats, functions::url_host,
                   {"url_host(url) -> string", "the host; null if there is none",
                    "url_host('https://example.org/a?b=1') = 'example.org'"});
  add_cached<Text>(
      registry, "url_path", CacheUse::kRepeats, functions::url_path,
      {"url_path(url) -> string", "the path, without the query", "url_path('https://example.org/a?b=1') = '/a'"});
  add_cached<Text>(
      registry, "url_decode", CacheUse::kRepeats, functions::url_decode,
      {"url_decode(text) -> string", "%XX decoded; an invalid % stays", "url_decode('a%20b%zz') = 'a b%zz'"});
  add_with_key(registry, "url_query", functions::url_query,
               {"url_query(url, name) -> string", "the first value of a parameter, decoded; null if it is not there",
                "url_query('/search?q=a%20b', 'q') = 'a b'"});
  add_with_key(registry, "json_get", functions::json_get,
               {"json_get(text, path) -> string", "a value inside JSON text; null if it is not there",
                "json_get('{\"a\": {\"b\": [7]}}', 'a.b[0]') = '7'"});
}

void add_addresses(Registry& registry) {
  registry.add_rows("ip_is_private",
                    {"ip_is_private(address) -> bool", "loopback and link-local too; null if it is no address",
                     "ip_is_private('10.1.2.3') = true"},
                    [](Text address) { return functions::ip_is_private(address); });
  registry.add_rows("mask_ip",
                    {"mask_ip(address) -> string", "the address cut to /24 (IPv6: /48); null if it is none",
                     "mask_ip('1.2.3.4') = '1.2.3.0'"},
                    [](Text address) { return functions::mask_ip(address); });
}

}  // namespace

void add_people_functions(Registry& registry) {
  add_agents(registry);
  add_urls(registry);
  add_addresses(registry);
  registry.add_rows("human_bytes",
                    {"human_bytes(bytes) -> string", "a size for people", "human_bytes(1536) = '1.5 KiB'"},
                    [](std::int64_t bytes) { return functions::human_bytes(bytes); });
  // A mean of sizes is one too.
  registry.add_rows("human_bytes", {}, [](double bytes) -> std::optional<std::string> {
    if (!(std::abs(bytes) < 9.2e18)) return std::nullopt;
    return functions::human_bytes(std::llround(bytes));
  });
  registry.add_rows("human_duration",
                    {"human_duration(seconds) -> string", "a duration for people", "human_duration(3661) = '1h 1m 1s'"},
                    [](std::int64_t seconds) { return functions::human_seconds(seconds); });
  registry.add_rows("human_duration", {}, [](double seconds) { return functions::human_duration(seconds); });
  registry.add_rows("http_status_text",
                    {"http_status_text(status) -> string", "the reason phrase; null if the code is unknown",
                     "http_status_text(404) = 'Not Found'"},
                    [](std::int64_t status) { return functions::http_status_text(status); });
}

}  // namespace evclean::sql
