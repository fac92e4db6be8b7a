// SPDX-License-Identifier: Apache-2.0
#include "options.hpp"

#include <charconv>
#include <functional>
#include <map>

namespace generate {
namespace {

template <typename Number>
Number number_of(const std::string& option, const std::string& text, std::string_view rest_allowed, std::string& rest) {
  Number number{};
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, number);
  rest.assign(result.ptr, end);
  if (result.ec != std::errc{} || number < 0 || (!rest.empty() && rest_allowed.find(rest) == std::string_view::npos))
    throw UsageError(option + ": not a number that fits: " + text);
  return number;
}

std::int64_t count_of(const std::string& option, const std::string& text) {
  std::string unit;
  const auto number = number_of<std::int64_t>(option, text, "kMG", unit);
  return number * (unit == "k" ? 1'000 : unit == "M" ? 1'000'000 : unit == "G" ? 1'000'000'000 : 1);
}

double share_of(const std::string& option, const std::string& text) {
  std::string unit;
  const auto number = number_of<double>(option, text, "%", unit);
  return unit == "%" ? number / 100 : number;
}

DirtRates dirt_named(const std::string& name) {
  DirtRates rates;
  if (name == "none") return rates;
  if (name == "real") {
    rates.malformed = 1e-4;
    rates.escapes = 3e-4;
    rates.duplicates = 2e-3;
    rates.ragged = 1e-3;
    rates.repeated_header = 1e-4;
    return rates;
  }
  if (name != "stress") throw UsageError("--dirt: none, real or stress, not " + name);
  rates.malformed = 0.02;
  rates.blank = 1e-3;
  rates.escapes = 0.01;
  rates.duplicates = 0.02;
  rates.invalid_utf8 = 1e-3;
  rates.nul = 5e-4;
  rates.ragged = 0.01;
  rates.repeated_header = 1e-3;
  rates.drift = 5e-3;
  rates.long_line = 1e-6;
  return rates;
}

void set_rate(DirtRates& rates, const std::string& text) {
  const std::map<std::string, double*> by_name = {{"malformed", &rates.malformed},
                                                  {"blank", &rates.blank},
                                                  {"escapes", &rates.escapes},
                                                  {"duplicates", &rates.duplicates},
                                                  {"invalid_utf8", &rates.invalid_utf8},
                                                  {"nul", &rates.nul},
                                                  {"ragged", &rates.ragged},
                                                  {"repeated_header", &rates.repeated_header},
                                                  {"drift", &rates.drift},
                                                  {"long_line", &rates.long_line}};
  const std::size_t equals = text.find('=');
  const auto found = by_name.find(text.substr(0, equals));
  if (equals == std::string::npos || found == by_name.end()) {
    std::string names;
    for (const auto& [name, rate] : by_name) names += " " + name;
    throw UsageError("--rate: NAME=SHARE with one of" + names + ", not " + text);
  }
  *found->second = share_of("--rate", text.substr(equals + 1));
}

using Setter = std::function<void(const std::string&)>;

std::map<std::string, Setter> setters(Options& o) {
  return {{"--format", [&](const std::string& t) { o.format = t; }},
          {"--output", [&](const std::string& t) { o.output = t; }},
          {"--truth", [&](const std::string& t) { o.truth = t; }},
          {"--rows", [&](const std::string& t) { o.rows = count_of("--rows", t); }},
          {"--bytes", [&](const std::string& t) { o.bytes = count_of("--bytes", t); }},
          {"--files", [&](const std::string& t) { o.files = static_cast<int>(count_of("--files", t)); }},
          {"--first-row", [&](const std::string& t) { o.first_row = count_of("--first-row", t); }},
          {"--seed", [&](const std::string& t) { o.profile.seed = static_cast<std::uint64_t>(count_of("--seed", t)); }},
          {"--dirt", [&](const std::string& t) { o.profile.dirt = dirt_named(t); }},
          {"--rate", [&](const std::string& t) { set_rate(o.profile.dirt, t); }},
          {"--long-line", [&](const std::string& t) { o.profile.long_line_bytes = count_of("--long-line", t); }},
          {"--addresses",
           [&](const std::string& t) { o.profile.addresses = static_cast<std::size_t>(count_of("--addresses", t)); }},
          {"--skew", [&](const std::string& t) { o.profile.skew = share_of("--skew", t); }},
          {"--hot", [&](const std::string& t) { o.profile.hot = share_of("--hot", t); }},
          {"--rows-a-second", [&](const std::string& t) { o.profile.rate = share_of("--rows-a-second", t); }},
          {"--drift-from", [&](const std::string& t) { o.profile.drift_from = count_of("--drift-from", t); }}};
}

void validate(const Options& options) {
  if (options.output.empty()) throw UsageError("--output FILE is missing");
  if ((options.rows > 0) == (options.bytes > 0)) throw UsageError("give either --rows or --bytes");
  if (options.files < 1) throw UsageError("--files must be at least 1");
  if (options.profile.rate <= 0) throw UsageError("--rows-a-second must be above 0");
  if (options.profile.addresses < 1 || options.profile.addresses > 100'000'000)
    throw UsageError("--addresses must be 1 to 100M");
}

}  // namespace

Options parse_options(const std::vector<std::string>& words) {
  Options options;
  options.profile.dirt = dirt_named("real");
  const auto by_name = setters(options);
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--help") {
      options.help = true;
      return options;
    }
    const auto setter = by_name.find(words[i]);
    if (setter == by_name.end()) throw UsageError("unknown option " + words[i] + "; see --help");
    if (i + 1 == words.size()) throw UsageError(words[i] + " needs a value");
    setter->second(words[++i]);
  }
  validate(options);
  return options;
}

std::string usage() {
  return R"(generate_events: event data of any size, the same bytes for the same seed
usage: generate_events --format combined|json|csv|users --output FILE (--rows N | --bytes N) [options]

  --rows N, --bytes N   in all; k, M and G may follow
  --files N             parts FILE-0, FILE-1, … before the ending; together they equal the one file (but for CSV headers)
  --first-row N         begin with row N (row i depends on the seed and i alone)
  --seed N              default 1
  --truth FILE          write what is true of the data as JSON: counts, rejects with their lines
  --dirt none|real|stress   default real: the rates measured on real logs
  --rate NAME=SHARE     one rate: malformed blank escapes duplicates invalid_utf8 nul ragged repeated_header drift long_line
  --long-line BYTES     how long a long line is (default 1048576)
  --drift-from ROW      first row whose type may drift (default 20000)
  --addresses N         distinct addresses (default 200000); --skew S their Zipf exponent (default 0.8; 0: all alike)
  --hot SHARE           share of rows that one address has besides (0.97 is the worst seen)
  --rows-a-second N     default 5
)";
}

}  // namespace generate
