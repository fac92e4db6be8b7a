// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "ascii_name.hpp"
#include "evclean/error.hpp"
#include "evclean/names.hpp"
#include "reserved_words.hpp"

namespace evclean {
namespace {

constexpr int kKnownVersion = 1;
constexpr int kLeastBytes = 20;  // room for every reserved word with its '_', and for a number behind a name

/// One column on its way through the rule; each step notes its reason if it changed something.
class Renaming {
 public:
  explicit Renaming(const std::string& source) : column_{source, source, {}} {}

  void step(std::string changed, const char* reason) {
    if (changed == column_.name) return;
    column_.name = std::move(changed);
    column_.reasons.emplace_back(reason);
  }

  const std::string& name() const { return column_.name; }
  RenamedColumn take() { return std::move(column_); }

 private:
  RenamedColumn column_;
};

std::string without_edge(std::string name) {
  while (!name.empty() && name.back() == '_') name.pop_back();
  return name;
}

/// At most `bytes` bytes with `suffix` behind. Names are ASCII here, so every byte is a boundary; no '_' is left before
/// the suffix or at the end, so that the rule leaves its own results as they are.
std::string cut(const std::string& name, std::string_view suffix, std::size_t bytes) {
  if (name.size() + suffix.size() <= bytes) return name + std::string(suffix);
  return without_edge(name.substr(0, bytes - suffix.size())) + std::string(suffix);
}

std::string spared(const std::string& name) { return names::is_reserved(name) ? name + "_" : name; }

/// The rule for one name; `position` counts columns from 1.
Renaming renamed(const std::string& source, std::size_t position, const NameRule& rule) {
  Renaming column(source);
  column.step(names::without_marks(source), "accents");
  if (rule.camel_split) column.step(names::with_split_humps(column.name()), "case");
  column.step(names::with_plain_characters(column.name()), "characters");
  column.step(names::lower_case(column.name()), "case");
  if (column.name().empty()) column.step(fmt::format("col_{}", position), "empty");
  if (column.name().front() >= '0' && column.name().front() <= '9') column.step("c_" + column.name(), "leading digit");
  column.step(cut(column.name(), "", static_cast<std::size_t>(rule.max_bytes)), "length");
  column.step(spared(column.name()), "reserved word");
  return column;
}

/// The names given so far.
class Taken {
 public:
  explicit Taken(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  bool has(const std::string& name) const { return names_.contains(name); }
  void add(const std::string& name) { names_.insert(name); }

  /// The first of name_2, name_3, .. that no column before has.
  std::string numbered(const std::string& name) {
    const std::string base = without_edge(name);
    // Names are only ever added, so the search goes on where it ended: ten thousand equal names stay cheap.
    for (int& number = next_.try_emplace(base, 2).first->second;; ++number) {
      std::string candidate = cut(base, fmt::format("_{}", number), max_bytes_);
      if (!has(candidate)) return candidate;
    }
  }

 private:
  std::size_t max_bytes_;
  std::unordered_set<std::string> names_;
  std::unordered_map<std::string, int> next_;
};

void check(const NameRule& rule) {
  if (rule.version != kKnownVersion) {
    fail_user("rename: version {} of the rule `warehouse` is not known; write version: {}", rule.version,
              kKnownVersion);
  }
  if (rule.max_bytes < kLeastBytes) fail_user("rename: names need at least {} bytes", kLeastBytes);
}

/// "case" may come from the humps and from lower case; one reason is enough.
void drop_repeated(std::vector<std::string>& reasons) {
  std::vector<std::string> kept;
  for (auto& reason : reasons) {
    if (std::find(kept.begin(), kept.end(), reason) == kept.end()) kept.push_back(std::move(reason));
  }
  reasons = std::move(kept);
}

}  // namespace

std::vector<RenamedColumn> warehouse_names(const std::vector<std::string>& names, const NameRule& rule) {
  check(rule);
  std::vector<RenamedColumn> columns;
  Taken taken(static_cast<std::size_t>(rule.max_bytes));
  for (const std::string& source : names) {
    Renaming column = renamed(source, columns.size() + 1, rule);
    if (taken.has(column.name())) column.step(taken.numbered(column.name()), "collision");
    taken.add(column.name());
    columns.push_back(column.take());
    drop_repeated(columns.back().reasons);
  }
  return columns;
}

void add_renames(std::vector<RenamedColumn>& renames, const std::vector<RenamedColumn>& step) {
  std::unordered_map<std::string, std::size_t> before;  // a name that this step makes may be an old one
  for (std::size_t i = 0; i < renames.size(); ++i) before.emplace(renames[i].name, i);
  for (const RenamedColumn& change : step) {
    const auto known = before.find(change.source);
    if (known == before.end()) {
      renames.push_back(change);
      continue;
    }
    RenamedColumn& column = renames[known->second];
    column.name = change.name;
    column.reasons.insert(column.reasons.end(), change.reasons.begin(), change.reasons.end());
    drop_repeated(column.reasons);
  }
}

}  // namespace evclean
