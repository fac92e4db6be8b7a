// SPDX-License-Identifier: Apache-2.0
#include "scalar.hpp"

#include "evclean/path_problem.hpp"
#include "evclean/s3_settings.hpp"

#include <array>
#include <charconv>
#include <cmath>

#include "map_reader.hpp"

namespace evclean::job {

namespace {

struct Unit {
  std::string_view name;
  double bytes;
};

/// Lower case. A bare letter is binary, as Slurm and Spark read it.
constexpr std::array<Unit, 14> kUnits{{{"", 1},
                                       {"b", 1},
                                       {"kib", 0x1p10},
                                       {"mib", 0x1p20},
                                       {"gib", 0x1p30},
                                       {"tib", 0x1p40},
                                       {"kb", 1e3},
                                       {"mb", 1e6},
                                       {"gb", 1e9},
                                       {"tb", 1e12},
                                       {"k", 0x1p10},
                                       {"m", 0x1p20},
                                       {"g", 0x1p30},
                                       {"t", 0x1p40}}};

std::optional<std::int64_t> parse_integer(std::string_view text) {
  int base = 10;
  if (text.substr(0, 2) == "0x" || text.substr(0, 2) == "0o") {
    base = text[1] == 'x' ? 16 : 8;
    text.remove_prefix(2);
    if (!text.empty() && text.front() == '-') return std::nullopt;
  } else if (!text.empty() && text.front() == '+') {
    text.remove_prefix(1);
    if (!text.empty() && text.front() == '-') return std::nullopt;
  }
  std::int64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> parse_size(std::string_view text) {
  text = trimmed(text);
  const std::size_t digits = text.find_first_not_of("0123456789.");
  const auto number = parse_decimal(text.substr(0, digits));
  if (!number) return std::nullopt;
  const std::string unit = digits == std::string_view::npos ? "" : lowered(trimmed(text.substr(digits)));
  for (const Unit& known : kUnits) {
    if (known.name == unit) return *number * known.bytes;
  }
  return std::nullopt;
}

}  // namespace

std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

std::optional<double> parse_decimal(std::string_view text) {
  const bool plain = text.find_first_not_of("0123456789.eE+-") == std::string_view::npos;
  if (text.empty() || !plain || text.front() == '-') return std::nullopt;
  double value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Text> read_text(const YamlNode& node, std::string_view what, Problems& problems) {
  if (node.is_scalar()) return Text{node.text, node.place};
  if (node.is_null()) {
    problems.report(node, "{} has no value (YAML's null): write one; the text null is written 'null'", what);
  } else {
    problems.report(node, "{} must be one value, not {}", what, kind_words(node));
  }
  return std::nullopt;
}

std::optional<Text> read_word(const YamlNode& node, std::string_view what, Problems& problems) {
  auto text = read_text(node, what, problems);
  if (text && trimmed(text->value).empty()) {
    problems.report(node, "{} is empty", what);
    return std::nullopt;
  }
  return text;
}

std::vector<Text> read_words(const YamlNode& node, std::string_view what, Problems& problems) {
  std::vector<Text> words;
  const auto add = [&](const YamlNode& item) {
    if (auto word = read_word(item, what, problems)) words.push_back(*std::move(word));
  };
  if (!node.is_list()) {
    add(node);
    return words;
  }
  for (const YamlNode& item : node.items) add(item);
  if (node.items.empty()) problems.report(node, "{} is an empty list", what);
  return words;
}

std::optional<Text> read_expression(const YamlNode& node, std::string_view what, Problems& problems) {
  if (!node.is_null() && node.is_scalar() && trimmed(node.text).empty()) {
    problems.report(node, "{} needs an expression, and this one is empty", what);
    return std::nullopt;
  }
  if (node.is_null()) {
    problems.report(node, "{} needs an expression, and YAML reads this as null: put the expression in quotes", what);
    return std::nullopt;
  }
  if (!node.is_scalar()) {
    problems.report(node, "{} needs an expression, and YAML reads this as {}: put the expression in quotes", what,
                    kind_words(node));
    return std::nullopt;
  }
  Text text{node.text, node.place};
  // A block scalar ends with a newline that is no part of the expression.
  while (!text.value.empty() && text.value.back() == '\n') text.value.pop_back();
  return text;
}

std::optional<Text> read_path(const YamlNode& node, std::string_view what, Problems& problems) {
  auto path = read_word(node, what, problems);
  if (!path) return path;
  const std::string_view named = std::string_view(path->value).substr(path->value.starts_with('@') ? 1 : 0);
  const std::string problem = is_s3_path(named) ? s3_path_problem(named) : path_problem(named);
  if (!problem.empty()) {
    problems.report(node, "{}: {}", what, problem);
    return std::nullopt;
  }
  if (path->value.find('\0') != std::string::npos) {
    problems.report(node, "{} holds a NUL byte", what);
    return std::nullopt;
  }
  return path;
}

std::optional<Text> read_local_path(const YamlNode& node, std::string_view what, Problems& problems) {
  auto path = read_path(node, what, problems);
  if (path && is_s3_path(path->value)) {
    problems.report(node, "{} is a path of the file system, not on S3", what);
    return std::nullopt;
  }
  return path;
}

std::optional<bool> read_bool(const YamlNode& node, std::string_view what, Problems& problems, std::string_view words) {
  const auto text = read_text(node, what, problems);
  if (!text) return std::nullopt;
  const std::string word = lowered(text->value);
  if (word == "true" || word == "false") return word == "true";
  const bool old_yaml = word == "yes" || word == "no" || word == "on" || word == "off";
  problems.report(node, "{} must be {}, not '{}'{}", what, words, printable(text->value, 40),
                  old_yaml ? " (yes, no, on and off are texts in YAML 1.2)" : "");
  return std::nullopt;
}

std::optional<std::int64_t> read_integer(const YamlNode& node, std::string_view what, std::int64_t least,
                                         std::int64_t most, Problems& problems) {
  const auto text = read_text(node, what, problems);
  if (!text) return std::nullopt;
  const auto value = parse_integer(trimmed(text->value));
  if (value && *value >= least && *value <= most) return value;
  const std::string range =
      most == INT64_MAX ? fmt::format("of at least {}", least) : fmt::format("from {} to {}", least, most);
  problems.report(node, "{} must be a whole number {}, not '{}'", what, range, printable(text->value, 40));
  return std::nullopt;
}

std::optional<std::int64_t> read_size(const YamlNode& node, std::string_view what, std::int64_t least,
                                      std::int64_t most, Problems& problems) {
  const auto text = read_text(node, what, problems);
  if (!text) return std::nullopt;
  const auto bytes = parse_size(text->value);
  if (!bytes) {
    problems.report(node, "{} must be a size such as 64MiB, 256MB or a number of bytes, not '{}'", what,
                    printable(text->value, 40));
    return std::nullopt;
  }
  if (*bytes < static_cast<double>(least) || *bytes > static_cast<double>(most)) {
    problems.report(node, "{} must be from {} to {} bytes, not {}", what, least, most, printable(text->value, 40));
    return std::nullopt;
  }
  return static_cast<std::int64_t>(std::llround(*bytes));
}

std::optional<double> read_share(const YamlNode& node, std::string_view what, Problems& problems) {
  const auto text = read_text(node, what, problems);
  if (!text) return std::nullopt;
  std::string_view digits = trimmed(text->value);
  const bool percent = !digits.empty() && digits.back() == '%';
  if (percent) digits = trimmed(digits.substr(0, digits.size() - 1));
  const auto number = parse_decimal(digits);
  const double share = number.value_or(-1) / (percent ? 100 : 1);
  if (number && share <= 1) return share;
  problems.report(node, "{} must be a share from 0 to 1 (or 0% to 100%), not '{}'", what, printable(text->value, 40));
  return std::nullopt;
}

std::optional<std::string> read_character(const YamlNode& node, std::string_view what, Problems& problems) {
  const auto text = read_text(node, what, problems);
  if (!text) return std::nullopt;
  if (text->value == "tab" || text->value == "\\t") return "\t";
  const bool one_ascii = text->value.size() == 1 && static_cast<unsigned char>(text->value[0]) < 0x80;
  if (one_ascii && text->value != "\n" && text->value != "\r") return text->value;
  problems.report(node, "{} must be one ASCII character, not '{}'", what, printable(text->value, 40));
  return std::nullopt;
}

}  // namespace evclean::job
