// SPDX-License-Identifier: Apache-2.0
// evclean init: a first job for files as they are. What it prints is YAML with comments; text from files stands only in
// comments and quoted scalars.
#include <algorithm>
#include <cmath>
#include <filesystem>

#include "evclean/engine.hpp"
#include "evclean/suggest.hpp"
#include "guess.hpp"
#include "guess_encoding.hpp"

namespace evclean {
namespace {

constexpr std::size_t kShownColumns = 60;

/// A scalar that YAML reads as this text and that names no variable.
std::string quoted(const std::string& text) {
  const bool plain_text =
      std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  std::string out = plain_text ? "'" : "\"";
  for (const char c : text) {
    if (c == '$') out += '$';
    if (plain_text && c == '\'') out += '\'';
    if (!plain_text && (c == '"' || c == '\\')) out += '\\';
    if (!plain_text && (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      out += c;
    }
  }
  return out + (plain_text ? '\'' : '"');
}

/// Files as a job names them: a file whose name means something else gets its folder in front.
std::string path_of(const std::string& file) {
  const bool means_more = !file.empty() && (file[0] == '@' || file.rfind("s3:", 0) == 0);
  return means_more && !std::filesystem::path(file).is_absolute() && file.rfind("s3:", 0) != 0 ? "./" + file : file;
}

Job bare_job(const std::vector<std::string>& files, Encoding encoding) {
  Job job;
  job.path = "init";
  job.base_dir = ".";
  job.tables.emplace_back();
  TableSpec& events = job.tables.back();
  events.name = "events";
  events.input.emplace();
  for (const std::string& file : files) events.input->paths.push_back({path_of(file), {}, false});
  events.input->corrupt = OnCorrupt::kSalvage;
  events.input->encoding = encoding;
  return job;
}

/// The files as lines: that asks nothing of what is in them.
Encoding encoding_of(const std::vector<std::string>& files) {
  Job job = bare_job(files, Encoding::kAuto);
  job.tables.front().input->format.formats = {"lines"};
  return guess_encoding(open_table(job, job.tables.front()));
}

std::string encoding_text(Encoding encoding, bool guessed) {
  if (encoding == Encoding::kAuto) return {};
  const char* const why = guessed ? "   # by the look of the bytes; if letters are wrong: evclean init --encoding" : "";
  return fmt::format("  encoding: {}{}\n", encoding_word(encoding), why);
}

struct ColumnSeen {
  std::string name;
  ColumnType type;
  bool ambiguous = false;
  std::string sample;
  std::int64_t missing = 0, values = 0, zero_padded = 0;
};

ColumnSeen seen_of(const InputColumn& column, const Stepwise& sampled) {
  ColumnSeen seen{column.name, {column.type, DateOrder::kNone}, false, {}, 0, 0, 0};
  for (std::size_t s = 0; s < sampled.program.slots.size() && s < sampled.evidence.size(); ++s) {
    if (sampled.program.slots[s].name != column.name || sampled.program.slots[s].fixed) continue;
    const Evidence& evidence = sampled.evidence[s];
    seen.type = settle(evidence, &seen.ambiguous);
    seen.missing = evidence.missing;
    seen.zero_padded = evidence.zero_padded;
    std::int64_t most = 0;
    for (const Evidence::Seen& kind : evidence.kinds) {
      seen.values += kind.count;
      if (kind.count > most) seen.sample = kind.sample;
      most = std::max(most, kind.count);
    }
  }
  return seen;
}

std::string column_line(const ColumnSeen& seen, std::size_t width) {
  std::string line = fmt::format("#   {:<{}}  {:<9}", printable(seen.name, 40), width, type_name(seen.type.type));
  if (!seen.sample.empty()) line += fmt::format("  such as '{}'", printable(seen.sample, 40));
  if (seen.missing > 0) line += fmt::format("; {} of {} missing", seen.missing, seen.missing + seen.values);
  if (seen.zero_padded > 0) line += "; leading zeros keep it text";
  if (seen.ambiguous) line += "; day/month or month/day: see types below";
  return line + "\n";
}

std::string columns_text(const std::vector<ColumnSeen>& columns) {
  std::size_t width = 0;
  for (const ColumnSeen& seen : columns) width = std::max(width, printable(seen.name, 40).size());
  std::string text;
  for (std::size_t c = 0; c < columns.size() && c < kShownColumns; ++c) text += column_line(columns[c], width);
  if (columns.size() > kShownColumns) text += fmt::format("#   ... {} more\n", columns.size() - kShownColumns);
  return text;
}

/// Types that must be said for the job to run, and an example of others.
std::string types_text(const std::vector<ColumnSeen>& columns) {
  std::string text;
  for (const ColumnSeen& seen : columns) {
    if (!seen.ambiguous) continue;
    const char* const type = seen.type.type == ValueType::kTimestamp ? "timestamp:%d/%m/%Y %H:%M:%S" : "date:%d/%m/%Y";
    text +=
        fmt::format("    {}: string   # or \"{}\", or with %m/%d: nothing here says which\n", quoted(seen.name), type);
  }
  if (!text.empty()) return "  types:\n" + text;
  const std::string name = columns.empty() ? "column" : columns.front().name;
  return fmt::format("  # types: {{{}: string}}   # what inference should not decide\n", quoted(name));
}

/// A text that patterns are for: one that begins like a path, or is called so; else the first text.
std::string column_to_parse(const std::vector<ColumnSeen>& columns) {
  std::string first;
  for (const ColumnSeen& seen : columns) {
    if (seen.type.type != ValueType::kString) continue;
    const std::string last = seen.name.substr(seen.name.find_last_of("._") + 1);
    if (seen.sample.starts_with('/') || last == "path" || last == "uri" || last == "url" || last == "requestpath")
      return seen.name;
    if (first.empty()) first = seen.name;
  }
  return first;
}

std::string steps_text(const std::vector<ColumnSeen>& columns) {
  const auto of_type = [&](ValueType type) {
    const auto found =
        std::find_if(columns.begin(), columns.end(), [&](const ColumnSeen& c) { return c.type.type == type; });
    return found == columns.end() ? std::string() : found->name;
  };
  std::string text = "steps:   # in this order; evclean functions lists what expressions know\n";
  const std::string number = of_type(ValueType::kInt64), string = column_to_parse(columns),
                    time = of_type(ValueType::kTimestamp);
  if (!number.empty()) text += fmt::format("  # - filter: {}\n", quoted(double_quoted(number) + " >= 0"));
  if (!string.empty())
    text += fmt::format("  # - parse: {{column: {}, patterns: ['^/(?<section>\\w+)']}}\n", quoted(string));
  const std::string day = fmt::format("cast({} as date)", double_quoted(time));
  if (!time.empty()) text += fmt::format("  # - set: {{day: {}}}\n", quoted(day));
  text += "  # - fill: None          # missing text becomes the word None\n";
  text += "  # - rename: warehouse   # names that Redshift and Athena take\n";
  return text;
}

/// The reject budget: twice the share of the sample, at least 1 %.
std::string rejects_text(std::int64_t records, const std::vector<Reject>& rejects) {
  const double share = records == 0 ? 0.0 : static_cast<double>(rejects.size()) / static_cast<double>(records);
  const auto percent = std::clamp(static_cast<int>(std::ceil(share * 200)), 1, 100);
  std::string text = fmt::format("  rejects: {{max: {}%, path: out/rejects.jsonl}}", percent);
  if (rejects.empty()) return text + "   # records that do not fit the format\n";
  return text + fmt::format("   # {} of {} records looked at do not fit, the first: {}\n", rejects.size(), records,
                            printable(rejects.front().reason, 60));
}

/// The first column, and its name, in which a value is just '-' (presets know it): Zeek's and many others' for missing.
std::string column_of_dashes(const Stepwise& sampled) {
  for (std::size_t s = 0; s < sampled.program.slots.size() && s < sampled.evidence.size(); ++s) {
    const auto& kinds = sampled.evidence[s].kinds;
    const bool dash = std::any_of(kinds.begin(), kinds.end(),
                                  [](const Evidence::Seen& kind) { return kind.count > 0 && kind.sample == "-"; });
    if (dash && !sampled.program.slots[s].fixed) return sampled.program.slots[s].name;
  }
  return {};
}

std::string nulls_text(const std::string& dashes) {
  if (dashes.empty()) return "  # nulls: ['-', 'N/A']   # more words for missing\n";
  return fmt::format("  nulls: ['-']   # as in {}; more words for missing\n", printable(dashes, 40));
}

/// A number or a date, but for years: those stand above columns.
bool reads_like_a_value(const std::string& name) {
  const std::size_t sign = !name.empty() && name[0] == '-' ? 1 : 0;
  if (name.size() <= sign || name[sign] < '0' || name[sign] > '9') return false;
  const bool year = name.size() == 4 && (name.starts_with("19") || name.starts_with("20"));
  return !year;
}

std::vector<ColumnSeen> columns_of(const Stepwise& sampled) {
  std::vector<ColumnSeen> columns;
  for (const InputColumn& column : sampled.guess.input) columns.push_back(seen_of(column, sampled));
  return columns;
}

/// The first line of a CSV reads like a row (taken for names, its values would be gone), and its values are of the
/// types of those below.
bool first_line_is_a_row(Job job, const TableInput& input, const Stepwise& sampled) {
  const std::vector<ColumnSeen> named = columns_of(sampled);
  const auto odd = [](const ColumnSeen& column) { return reads_like_a_value(column.name); };
  if (!input.reads_csv() || std::none_of(named.begin(), named.end(), odd)) return false;
  job.tables.front().input->format.header_auto = true;
  const TableInput looked = open_table(job, job.tables.front());
  const std::vector<ColumnSeen> columns = columns_of(sample_table(looked, nullptr));
  if (columns.size() != named.size()) return false;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const bool text_above =
        columns[c].type.type == ValueType::kString && named[c].values > 0 && named[c].type.type != ValueType::kString;
    if (columns[c].name != fmt::format("column{}", c + 1) || text_above) return false;
  }
  return true;
}

/// A name for the job and its output: of the file, or of its folder.
std::string stem_of(const std::vector<std::string>& files) {
  const std::filesystem::path path(files.front());
  std::string stem = path.filename().string();
  if (files.size() > 1) stem = std::filesystem::absolute(path).parent_path().filename().string();
  stem = stem.substr(0, stem.find('.'));
  std::erase_if(stem, [](char c) {
    return (static_cast<unsigned char>(c) < 0x80 && std::isalnum(c) == 0 && c != '-' && c != '_') || c == 0x7f;
  });
  return stem.empty() ? "events" : stem;
}

}  // namespace

std::string init_job(const std::vector<std::string>& files, Encoding encoding) {
  const bool guesses = encoding == Encoding::kAuto;
  if (guesses) encoding = encoding_of(files);
  Job job = bare_job(files, encoding);
  TableInput input = open_table(job, job.tables.front());
  std::vector<Reject> rejects;
  Stepwise sampled = sample_table(input, &rejects);
  const std::string dashes = column_of_dashes(sampled);
  if (!dashes.empty()) job.tables.front().input->format.nulls.words = {"-"};
  const bool no_header = first_line_is_a_row(job, input, sampled);
  if (no_header) job.tables.front().input->format.header = false;
  if (no_header || !dashes.empty()) {
    input = open_table(job, job.tables.front());
    rejects.clear();
    sampled = sample_table(input, &rejects);
  }
  std::int64_t records = static_cast<std::int64_t>(rejects.size());
  for (const Batch& batch : sampled.batches) records += batch.num_rows;
  const std::vector<ColumnSeen> columns = columns_of(sampled);
  const std::string stem = stem_of(files);
  std::string text =
      "# Made by evclean init from the first lines of the files: evclean preview shows it, evclean run runs it.\n";
  for (const std::string& note : input.notes) text += fmt::format("# {}\n", printable(note, 200));
  text += fmt::format("# Columns, as {} records have them:\n{}", records, columns_text(columns));
  text +=
      fmt::format("job: {}\ninput:\n  paths:   # files, folders, globs with **; relative to this file\n", quoted(stem));
  for (const std::string& file : files) text += fmt::format("    - {}\n", quoted(path_of(file)));
  text += fmt::format("  format: {}\n{}{}", input.format, rejects_text(records, rejects), types_text(columns));
  if (no_header) text += "  header: false   # the first line reads like a row, not like names\n";
  text += encoding_text(encoding, guesses) + nulls_text(dashes);
  text += "  # corrupt: salvage      # damaged files: fail (default), skip, salvage\n";
  text += steps_text(columns);
  text += fmt::format("output:\n  - {}   # or .parquet, .h5, .jsonl.gz, ...\n",
                      quoted(fmt::format("out/{}.csv.zst", stem)));
  return text;
}

}  // namespace evclean
