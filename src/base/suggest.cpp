// SPDX-License-Identifier: Apache-2.0
#include "evclean/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace evclean {
namespace {

std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

/// Damerau-Levenshtein, the optimal-string-alignment form (Wagner and Fischer's table with swaps of neighbours).
std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

std::size_t allowed_edits(std::size_t length) { return length <= 4 ? 1 : length <= 8 ? 2 : 3; }

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

/// Columns a terminal uses for this text, one a character (wide characters count one: near enough for a caret).
std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); }));
}

/// U+0080 to U+009F are controls too: U+009B begins a command as ESC [ does.
bool is_c1_control(std::string_view text, std::size_t at) {
  if (at + 1 >= text.size() || static_cast<unsigned char>(text[at]) != 0xC2) return false;
  const auto next = static_cast<unsigned char>(text[at + 1]);
  return next >= 0x80 && next <= 0x9F;
}

/// Bytes that command a terminal as \x1b, but those in `kept`.
std::string without_controls(std::string_view text, std::string_view kept) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (is_c1_control(text, at)) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}\\x{:02x}", byte, static_cast<unsigned char>(text[at + 1]));
      ++at;
    } else if ((byte < 0x20 && kept.find(text[at]) == kept.npos) || byte == 0x7F) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
    } else {
      out += text[at];
    }
  }
  return out;
}

}  // namespace

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates) {
  if (word.empty() || word.size() > 200) return std::nullopt;
  const std::string wanted = lowered(word);
  std::optional<std::string> best;
  std::size_t best_distance = allowed_edits(word.size()) + 1;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > word.size() + 3 || word.size() > candidate.size() + 3) continue;
    const std::size_t distance = edit_distance(wanted, lowered(candidate));
    if (distance < best_distance && distance < std::max<std::size_t>(candidate.size(), 1)) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  const auto found = nearest(word, candidates);
  return found ? fmt::format(" (did you mean '{}'?)", *found) : std::string();
}

std::string caret(std::string_view text, std::size_t position, int indent) {
  constexpr std::size_t kAround = 60;  // bytes kept on each side of the place
  position = std::min(position, text.size());
  std::size_t begin = position == 0 ? std::string_view::npos : text.rfind('\n', position - 1);
  begin = begin == std::string_view::npos ? 0 : begin + 1;
  std::size_t end = text.find('\n', position);
  if (end == std::string_view::npos) end = text.size();
  std::string before, after;
  if (position - begin > kAround) {
    begin = position - kAround;
    while (begin < position && is_continuation(text[begin])) ++begin;
    before = "…";
  }
  if (end - position > kAround) {
    end = position + kAround;
    while (end > position && end < text.size() && is_continuation(text[end])) --end;
    after = "…";
  }
  const std::string left = before + printable(text.substr(begin, position - begin), 4 * kAround);
  const std::string right = printable(text.substr(position, end - position), 4 * kAround) + after;
  const std::string margin(static_cast<std::size_t>(indent), ' ');
  return fmt::format("{}{}{}\n{}{}^", margin, left, right, margin, std::string(characters(left), ' '));
}

std::string double_quoted(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) out.append(c == '"' ? 2 : 1, c);
  return out + '"';
}

std::string printable(std::string_view text, std::size_t max_bytes) {
  const bool cut = text.size() > max_bytes;
  std::size_t length = cut ? max_bytes : text.size();
  while (cut && length > 0 && is_continuation(text[length])) --length;
  const std::string out = without_controls(text.substr(0, length), "");
  return cut ? out + "…" : out;
}

std::string terminal_text(std::string_view text) { return without_controls(text, "\n\t"); }

}  // namespace evclean
