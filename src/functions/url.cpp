// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "evclean/function.hpp"
#include "hex_value.hpp"
#include "utf8_repair.hpp"

namespace evclean::functions {
namespace {

constexpr std::string_view kAroundUrl = " \t\r\n\f\v";

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

/// `\xNN`, as servers log bytes that are not ASCII.
bool is_logged_byte(std::string_view text) {
  return text.size() >= 4 && text[0] == '\\' && text[1] == 'x' && hex_value(text[2]) >= 0 && hex_value(text[3]) >= 0;
}

/// `%NN` for each `\xNN`.
std::string percent_for_logged(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool logged = is_logged_byte(text.substr(i));
    out += logged ? '%' : text[i];
    i += logged ? 1 : 0;
  }
  return out;
}

std::string percent_decoded(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_value(text[i + 2]) : -1;
    if (low >= 0) {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += plus_is_space && text[i] == '+' ? ' ' : text[i];
    }
  }
  return repaired_utf8(std::move(out));
}

/// The parts of a URL as they stand in it.
struct Url {
  std::string_view scheme;  ///< without the colon; empty for a path; `//a/b` is one, since servers log it as it came
  std::optional<std::string_view> authority;
  std::string_view path;
  std::optional<std::string_view> query;
};

std::string_view without_blanks(std::string_view text) {
  const auto first = text.find_first_not_of(kAroundUrl);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kAroundUrl) - first + 1);
}

std::string_view scheme_of(std::string_view text) {
  if (text.empty() || !is_letter(text.front())) return {};
  const auto end = std::find_if_not(
      text.begin(), text.end(), [](char c) { return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.'; });
  const auto length = static_cast<std::size_t>(end - text.begin());
  if (end == text.end() || *end != ':') return {};
  // `localhost:8080/x`: a port, not an opaque URL.
  return length + 1 < text.size() && is_digit(text[length + 1]) ? "" : text.substr(0, length);
}

/// Schemes whose URLs always have a host; a browser reads `http:\\host` and `http:host` like `http://host`.
bool is_special(std::string_view scheme) {
  static constexpr std::array<std::string_view, 5> kSpecial{"http", "https", "ws", "wss", "ftp"};
  return std::find(kSpecial.begin(), kSpecial.end(), lowered(scheme)) != kSpecial.end();
}

std::string_view take_authority(std::string_view& rest, bool special) {
  const char* const ends = special ? "/\\?" : "/?";
  std::size_t end = std::min(rest.find_first_of(ends), rest.size());
  while (is_logged_byte(rest.substr(end))) end = std::min(rest.find_first_of(ends, end + 4), rest.size());
  const std::string_view authority = rest.substr(0, end);
  rest.remove_prefix(end);
  return authority;
}

Url split(std::string_view text) {
  Url url;
  std::string_view rest = without_blanks(text);
  rest = rest.substr(0, rest.find('#'));
  url.scheme = scheme_of(rest);
  const bool special = is_special(url.scheme);
  if (!url.scheme.empty()) rest.remove_prefix(url.scheme.size() + 1);
  if (special) {
    while (!rest.empty() && (rest[0] == '/' || (rest[0] == '\\' && !is_logged_byte(rest)))) rest.remove_prefix(1);
    url.authority = take_authority(rest, true);
  } else if (!url.scheme.empty() && rest.starts_with("//")) {
    rest.remove_prefix(2);
    url.authority = take_authority(rest, false);
  }
  const auto mark = rest.find('?');
  url.path = rest.substr(0, mark);
  if (mark != std::string_view::npos) url.query = rest.substr(mark + 1);
  if (url.path.empty() && special) url.path = "/";
  return url;
}

}  // namespace

std::optional<std::string> url_host(std::string_view url) {
  const Url parts = split(url);
  if (!parts.authority) return std::nullopt;
  std::string_view host = *parts.authority;
  if (const auto at = host.rfind('@'); at != std::string_view::npos) host.remove_prefix(at + 1);
  if (host.starts_with('[')) {
    const auto end = host.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    return lowered(host.substr(0, end + 1));
  }
  host = host.substr(0, host.find(':'));
  if (host.empty()) return std::nullopt;
  return lowered(percent_decoded(percent_for_logged(host), false));
}

std::optional<std::string> url_path(std::string_view url) {
  const Url parts = split(url);
  if (parts.path.empty()) return std::nullopt;
  return std::string(parts.path);
}

std::optional<std::string> url_query(std::string_view url, std::string_view name) {
  const Url parts = split(url);
  if (!parts.query) return std::nullopt;
  std::string_view rest = *parts.query;
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    const auto equals = pair.find('=');
    const std::string_view key = pair.substr(0, equals);
    if (pair.empty() || (key != name && percent_decoded(key, true) != name)) continue;
    return percent_decoded(equals == std::string_view::npos ? "" : pair.substr(equals + 1), true);
  }
  return std::nullopt;
}

std::string url_decode(std::string_view text) { return percent_decoded(text, false); }

}  // namespace evclean::functions
