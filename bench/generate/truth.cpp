// SPDX-License-Identifier: Apache-2.0
#include "truth.hpp"

#include <algorithm>

#include "text.hpp"

namespace generate {
namespace {

void append_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

void append_counts(std::string& out, const Counts& counts) {
  out += '{';
  for (std::size_t i = 0; i < counts.size(); ++i) {
    append_string(out += i == 0 ? "" : ", ", counts[i].first);
    append_number(out += ": ", counts[i].second);
  }
  out += '}';
}

}  // namespace

void Truth::begin_file(const std::string& path) {
  files_.push_back(path);
  line_ = 1;
}

void Truth::add_header(std::string_view text) {
  if (!text.empty()) add({Fate::kBlank}, text);
}

void Truth::add(const Verdict& verdict, std::string_view text) {
  if (verdict.fate == Fate::kReject) rejected_.push_back({files_.size() - 1, line_, verdict.reason});
  blank_ += verdict.fate == Fate::kBlank;
  ++records_;
  line_ += std::count(text.begin(), text.end(), '\n');
  bytes_ += static_cast<std::int64_t>(text.size());
}

std::string Truth::json(const Profile& profile, const std::string& command) const {
  const auto rejected = static_cast<std::int64_t>(rejected_.size());
  std::string out = "{\"command\": ";
  append_string(out, command);
  out += ",\n \"ledger\": ";
  append_counts(
      out, {{"lines", records_}, {"rows", records_ - blank_ - rejected}, {"rejected", rejected}, {"blank", blank_}});
  append_number(out += ",\n \"bytes\": ", bytes_);
  for (const auto& [name, counts] : profile.counts()) {
    append_string(out += ",\n ", name);
    append_counts(out += ": ", counts);
  }
  out += ",\n \"rejects\": [";
  for (std::size_t i = 0; i < rejected_.size(); ++i) {
    append_string(out += i == 0 ? "\n  {\"file\": " : ",\n  {\"file\": ", files_[rejected_[i].file]);
    append_number(out += ", \"line\": ", rejected_[i].line);
    append_string(out += ", \"reason\": ", rejected_[i].reason);
    out += '}';
  }
  return out += "]}\n";
}

}  // namespace generate
