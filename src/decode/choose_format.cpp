// SPDX-License-Identifier: Apache-2.0
// format: auto. Every format reads the heads of some files; the one that fits most records wins (those with unknown
// trailing fields count half), among equals the earlier in the list.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "evclean/error.hpp"
#include "evclean/pattern.hpp"
#include "framing.hpp"

namespace evclean {
namespace {

constexpr std::size_t kHeadBytes = 64 << 10;  // as read_head() gives them: a shorter one is a whole file
constexpr std::size_t kTrialBytes = 32 << 10;
constexpr std::size_t kTrialHeads = 8;
constexpr double kFits = 0.5;
constexpr std::size_t kLongestName = 64;
constexpr double kFitsWell = 0.9;
constexpr double kAlike = 0.05;
constexpr double kFitsSome = 0.1;  ///< enough to speak of
constexpr std::int64_t kSome = 2;  ///< records

/// The strict ones first: vcombined fits few combined lines, but combined fits vcombined ones.
constexpr const char* kPresets[] = {"cloudtrail",  "traefik",      "vcombined",  "combined", "common",
                                    "nginx-error", "apache-error", "cloudfront", "w3c",      "alb",
                                    "elb",         "s3-access",    "vpc-flow",   "haproxy",  "syslog",
                                    "squid",       "postgres",     "glog",       "log4j"};
/// These read much that is not theirs: asked only when no other fits, and for lines that look like theirs alone.
constexpr const char* kLenient[] = {"ltsv", "logfmt"};

struct Trial {
  std::string format;
  std::int64_t rows = 0;
  std::int64_t rejects = 0;
  std::int64_t extra = 0;
  std::size_t columns = 0;
  std::vector<std::string> names;  ///< of the head with the most columns
  std::string left;                ///< the records that do not fit, one a line
  double fit() const { return rows == 0 ? 0.0 : static_cast<double>(rows) / static_cast<double>(rows + rejects); }
};

struct Head {
  std::string text;
  std::string name;
  bool whole;
};

void read_head_with(Decoder& decoder, const Head& head, Trial& trial) {
  auto block = std::make_shared<TextBlock>(head.text.size());
  block->append(head.text);
  InputFile file;
  file.shown = head.name;
  decoder.begin_file(file, head.text);
  const DecodeResult result =
      decoder.decode({block, 0, head.text.size(), head.text.size() + 1, head.whole, {0, 0, 0, 0}});
  trial.rows += result.batch.num_rows;
  trial.rejects += static_cast<std::int64_t>(result.rejects.size());
  trial.extra += result.extra_fields;
  for (const Reject& reject : result.rejects) trial.left += reject.text + '\n';
  if (result.batch.names.size() > trial.columns) trial.names = result.batch.names;
  trial.columns = std::max(trial.columns, result.batch.names.size());
}

/// A format that cannot even begin (a CSV header that does not end) does not fit.
Trial try_format(FormatSpec spec, const std::string& format, const std::vector<Head>& heads) {
  Trial trial{format, 0, 0, 0, 0, {}, {}};
  spec.formats = {format};
  if (spec.year == 0) spec.year = 2000;  // any: only whether times read counts here; a leap year
  try {
    const auto decoder = make_decoder(spec, format);
    for (const Head& head : heads) read_head_with(*decoder, head, trial);
  } catch (const Error& error) {
    if (error.code() != ExitCode::kUser) throw;
    return {format, 0, 1, 0, 0, {}, {}};
  }
  return trial;
}

std::vector<Head> take_heads(const std::vector<std::string>& heads, const std::vector<std::string>& names) {
  std::vector<Head> out;
  for (std::size_t i = 0; i < heads.size() && out.size() < kTrialHeads; ++i) {
    if (is_blank_line(heads[i])) continue;
    const std::size_t last_line = heads[i].rfind('\n', kTrialBytes);
    const bool whole = heads[i].size() <= kTrialBytes && heads[i].size() < kHeadBytes;
    // Cut behind a line, so that line formats see whole lines only.
    const bool cut = !whole && last_line != std::string::npos && heads[i].size() > kTrialBytes;
    out.push_back({cut ? heads[i].substr(0, last_line + 1) : heads[i], i < names.size() ? names[i] : "", whole});
  }
  return out;
}

/// The first line that counts begins with a bracket, or half of them with a brace (a program may say a word before).
bool begins_like_json(const FormatSpec& spec, const Head& head) {
  std::int64_t line_number = 0;
  std::size_t lines = 0, objects = 0;
  for (std::size_t at = 0; at < head.text.size();) {
    const std::size_t lf = std::min(head.text.find('\n', at), head.text.size());
    const std::string_view line(head.text.data() + at, lf - at);
    at = lf + 1;
    if (line_number++ < spec.skip || is_blank_line(line)) continue;
    if (!spec.comment.empty() && line.starts_with(spec.comment)) continue;
    const char first = line[line.find_first_not_of(" \t\r")];
    if (lines++ == 0 && (first == '{' || first == '[')) return true;
    objects += first == '{';
  }
  return objects > 0 && objects * 2 >= lines;
}

/// The extension, compression left out.
std::string extension(const std::string& name) {
  static Pattern pattern("\\.([a-z]+)(?:\\.(?:gz|zst|bz2|xz|lz4))?$", {.caseless = true});
  if (pattern.match(name) != MatchOutcome::kMatch) return {};
  return name.substr(pattern.ovector()[2], pattern.ovector()[3] - pattern.ovector()[2]);
}

bool all_named(const std::vector<Head>& heads, std::string_view wanted) {
  return std::all_of(heads.begin(), heads.end(), [&](const Head& head) { return extension(head.name) == wanted; });
}

std::string share(const Trial& trial, const std::vector<Head>& heads) {
  return fmt::format("{} of {} records in {} {} fit", trial.rows, trial.rows + trial.rejects, heads.size(),
                     heads.size() == 1 ? "head" : "heads");
}

/// A record with unknown trailing fields fits half: common reads each combined line, and what it lacks.
double value_of(const Trial& trial) {
  const auto records = static_cast<double>(trial.rows + trial.rejects);
  return trial.rows == 0 ? 0.0 : (static_cast<double>(trial.rows) - 0.5 * static_cast<double>(trial.extra)) / records;
}

/// Where both leave fields in most records, as logs with fields of their own do, a cut line more or less says little.
bool better(const Trial& trial, const std::optional<Trial>& best) {
  if (!best) return true;
  const double more = value_of(trial) - value_of(*best);
  const bool both_leave = 2 * trial.extra > trial.rows && 2 * best->extra > best->rows;
  if (both_leave && std::abs(more) < kAlike) return trial.columns > best->columns;
  return more > 0;
}

std::optional<Trial> best_preset(const FormatSpec& spec, const std::vector<Head>& heads, bool json,
                                 double least = kFits) {
  std::optional<Trial> best;
  for (const std::string format : kPresets) {
    if ((format == "cloudtrail") != json) continue;
    if (json && heads.front().text.find("\"Records\"") == std::string::npos) continue;
    const Trial trial = try_format(spec, format, heads);
    if (trial.fit() >= least && better(trial, best)) best = trial;
  }
  return best;
}

bool is_key(std::string_view text) {
  const auto letter = [](char c) { return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' || c == '@'; };
  const auto fits = [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '/'; };
  return !text.empty() && letter(text.front()) && std::all_of(text.begin(), text.end(), fits);
}

/// Labels with a letter in front, and more than one: a time such as 2021-11-12T16:03 is none.
bool looks_like_ltsv(std::string_view line) {
  std::size_t labels = 0;
  for (std::size_t at = 0; at <= line.size();) {
    const std::size_t end = std::min(line.find('\t', at), line.size());
    const std::string_view field = line.substr(at, end - at);
    if (!field.empty() && !is_key(field.substr(0, field.find(':')))) return false;
    labels += !field.empty();
    at = end + 1;
  }
  return labels > 1;
}

/// Pairs make up the line: it begins with one, and words that stand alone are few.
bool looks_like_logfmt(std::string_view line) {
  std::size_t pairs = 0;
  std::size_t words = 0;
  for (std::size_t at = line.find_first_not_of(" \t"); at < line.size();) {
    const std::size_t end = std::min(line.find_first_of(" \t=", at), line.size());
    const bool pair = end < line.size() && line[end] == '=' && is_key(line.substr(at, end - at));
    if (!pair && pairs == 0) return false;
    ++(pair ? pairs : words);
    at = end;
    if (pair && at + 1 < line.size() && line[at + 1] == '"') {
      for (at += 2; at < line.size() && line[at] != '"'; ++at) at += line[at] == '\\';
    }
    at = line.find_first_not_of(" \t", std::min(line.find_first_of(" \t", at), line.size()));
  }
  return pairs > words * 2;
}

double share_of_lines(const std::vector<Head>& heads, bool (*looks)(std::string_view)) {
  std::size_t lines = 0;
  std::size_t fit = 0;
  for (const Head& head : heads) {
    for (std::size_t at = 0; at < head.text.size();) {
      const std::size_t lf = std::min(head.text.find('\n', at), head.text.size());
      std::string_view line(head.text.data() + at, lf - at);
      if (line.ends_with('\r')) line.remove_suffix(1);
      lines += !is_blank_line(line);
      fit += !is_blank_line(line) && looks(line);
      at = lf + 1;
    }
  }
  return lines == 0 ? 0.0 : static_cast<double>(fit) / static_cast<double>(lines);
}

std::optional<Trial> best_lenient(const FormatSpec& spec, const std::vector<Head>& heads) {
  std::optional<Trial> best;
  for (const std::string format : kLenient) {
    if (share_of_lines(heads, format == "ltsv" ? looks_like_ltsv : looks_like_logfmt) < kFitsWell) continue;
    const Trial trial = try_format(spec, format, heads);
    if (trial.fit() >= kFitsWell && trial.columns > 1 && better(trial, best)) best = trial;
  }
  return best;
}

/// What no name of a column is: a long text, quotes within, brackets that do not close.
bool absurd_name(const std::string& name) {
  if (name.size() > kLongestName || name.find('"') != std::string::npos) return true;
  for (const char* pair : {"()", "[]", "{}"}) {
    if (std::count(name.begin(), name.end(), pair[0]) != std::count(name.begin(), name.end(), pair[1])) return true;
  }
  return false;
}

/// A header in which one cell at most has a name: lines that end in a semicolon have it too.
bool lacks_names(const Trial& trial) {
  std::size_t blank = 0;
  for (std::size_t i = 0; i < trial.names.size(); ++i) blank += trial.names[i] == fmt::format("column{}", i + 1);
  return trial.names.size() < blank + 2;
}

std::optional<AutoChoice> choose_csv(const FormatSpec& spec, const std::vector<Head>& heads) {
  const bool tsv = all_named(heads, "tsv");
  const Trial trial = try_format(spec, tsv ? "tsv" : "csv", heads);
  const bool named = tsv || all_named(heads, "csv");
  if (named && trial.columns > 0) return AutoChoice{trial.format, "by the file names; " + share(trial, heads)};
  if (trial.columns < 2 || trial.fit() < kFitsWell) return std::nullopt;
  if (std::any_of(trial.names.begin(), trial.names.end(), absurd_name)) return std::nullopt;
  if (spec.header && !spec.header_auto && lacks_names(trial)) return std::nullopt;
  return AutoChoice{"csv", fmt::format("{} columns; {}", trial.columns, share(trial, heads))};
}

/// A JSON file reads as a CSV of one column or few: beside a CSV it would be taken for one without a word.
void refuse_json_among(const FormatSpec& spec, const std::vector<Head>& heads, bool csv_fits_all) {
  const auto is_json = [&](const Head& head) {
    return begins_like_json(spec, head) && try_format(spec, "json", {head}).fit() >= kFits;
  };
  const auto is_other = [&](const Head& head) { return !is_json(head) && (csv_fits_all || choose_csv(spec, {head})); };
  const auto json = std::find_if(heads.begin(), heads.end(), is_json);
  const auto other = json == heads.end() ? heads.end() : std::find_if(heads.begin(), heads.end(), is_other);
  if (other == heads.end()) return;
  fail_user("{} looks like JSON and {} like CSV: say 'format:', or read them as two tables", json->name, other->name);
}

/// The formats that files are in, or lines of them, in order of appearance.
class SeveralFormats {
 public:
  SeveralFormats(const FormatSpec& spec, const std::string& chosen) : spec_(spec), chosen_(chosen) {}

  void add(const Head& head) {
    if (add_json(head)) return;
    const std::optional<Trial> own = best_preset(spec_, {head}, false, kFitsSome);
    if (!own) return;
    const Trial under_chosen = chosen_ == "lines" ? Trial{} : try_format(spec_, chosen_, {head});
    const bool other = own->format != chosen_ && better(*own, under_chosen);
    const Trial* first = other || chosen_ == "lines" ? &*own : &under_chosen;
    add(first->format, head.name, first->fit() >= kFits);
    add_rest({first->left, head.name, head.whole});
  }

  /// What to write; nothing where one format fits all.
  std::string hint() const {
    std::string text;
    if (formats_.size() > 1)
      text = fmt::format("; {}: 'format: [{}]' reads each line as what it is", example_, fmt::join(formats_, ", "));
    if (!json_.empty())
      text +=
          fmt::format("; {}, which no list of formats takes: make it a table of its own, with 'format: json'", json_);
    return text;
  }

 private:
  void add(const std::string& format, const std::string& name, bool is_all) {
    if (std::find(formats_.begin(), formats_.end(), format) != formats_.end()) return;
    if (format != chosen_ && example_.empty())
      example_ = fmt::format("{} {} {}", name, is_all ? "is" : "has lines of", format);
    formats_.push_back(format);
  }

  bool add_json(const Head& head) {
    if (!begins_like_json(spec_, head) || try_format(spec_, "json", {head}).fit() < kFits) return false;
    if (json_.empty()) json_ = head.name + " is JSON";
    return true;
  }

  /// Lines that are left by one format may be of others.
  void add_rest(Head rest) {
    for (std::size_t round = 0; round < std::size(kPresets) && !rest.text.empty(); ++round) {
      const std::string name = rest.name;
      if (begins_like_json(spec_, rest) && try_format(spec_, "json", {rest}).fit() >= kFits) {
        if (json_.empty()) json_ = name + " has lines of JSON";
        return;
      }
      const std::optional<Trial> next = best_preset(spec_, {rest}, false, kFitsSome);
      if (!next || next->rows < kSome) return;
      add(next->format, name, false);
      rest.text = next->left;
    }
  }

  const FormatSpec& spec_;
  const std::string& chosen_;
  std::vector<std::string> formats_;
  std::string example_, json_;
};

/// What to write where one format does not fit all.
std::string several_formats(const FormatSpec& spec, const std::vector<Head>& heads, const std::string& chosen) {
  SeveralFormats several(spec, chosen);
  for (const Head& head : heads) several.add(head);
  return several.hint();
}

}  // namespace

AutoChoice choose_format(const FormatSpec& spec, const std::vector<std::string>& heads,
                         const std::vector<std::string>& names) {
  const std::vector<Head> trials = take_heads(heads, names);
  // Not lines: of a table without any record nobody knows the columns, so those that steps name are there.
  if (trials.empty()) return {"csv", "there is no text to tell by"};
  if (all_named(trials, "csv") || all_named(trials, "tsv")) {
    if (const auto csv = choose_csv(spec, trials)) return *csv;
  }
  if (std::all_of(trials.begin(), trials.end(), [&](const Head& head) { return begins_like_json(spec, head); })) {
    if (const auto records = best_preset(spec, trials, true)) return {records->format, share(*records, trials)};
    const Trial json = try_format(spec, "json", trials);
    if (json.fit() >= kFits) return {"json", share(json, trials)};
  }
  if (const auto preset = best_preset(spec, trials, false)) {
    const bool fits_all = preset->rejects == 0 && preset->extra == 0;
    return {preset->format, share(*preset, trials) + (fits_all ? "" : several_formats(spec, trials, preset->format))};
  }
  if (const auto lenient = best_lenient(spec, trials)) return {lenient->format, share(*lenient, trials)};
  if (const auto csv = choose_csv(spec, trials)) {
    refuse_json_among(spec, trials, true);
    return *csv;
  }
  refuse_json_among(spec, trials, false);
  return {"lines", "no known format fits enough of the lines to be sure of it, and CSV does not either" +
                       several_formats(spec, trials, "lines")};
}

}  // namespace evclean
