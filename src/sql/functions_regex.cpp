// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "regex_nodes.hpp"
#include "registry.hpp"

namespace evclean::sql {
namespace {

constexpr ValueType kTextType = ValueType::kString;

struct Flags {
  bool global = false;
  bool caseless = false;
};

Flags read_flags(const Operand& operand) {
  const auto text = operand.literal_text();
  if (!text) Binder::fail(*operand.tree, "flags must be a constant text, such as 'gi'");
  Flags flags;
  for (const char c : *text) {
    if (c != 'g' && c != 'i' && c != 'c') {
      Binder::fail(*operand.tree, fmt::format("unknown flag {}: g replaces all matches, i ignores case; others go into "
                                              "the pattern, as in (?s)",
                                              c));
    }
    flags.global = flags.global || c == 'g';
    if (c != 'g') flags.caseless = c == 'i';
  }
  return flags;
}

std::size_t read_group(const Node& node, const Tree& tree) {
  const auto scalar = node.constant();
  if (!scalar || !scalar->is_valid) Binder::fail(tree, "the group must be a constant number");
  const auto group = static_cast<const arrow::Int64Scalar&>(*scalar).value;
  if (group < 0 || group > 1000) Binder::fail(tree, "the group must be a number from 0 on");
  return static_cast<std::size_t>(group);
}

void add_like(Registry& registry) {
  registry.add("regexp_like",
               {"regexp_like(text, pattern[, flags]) -> bool",
                "the pattern is found, as text ~ pattern; flag i ignores case", "regexp_like('/a/42', '\\d+$') = true"},
               {{kTextType, kTextType}, [](CallSite& site, Nodes args) {
                  return regex_match_node(std::move(args[0]), site.operands[1], false);
                }});
  registry.add("regexp_like", {}, {{kTextType, kTextType, kTextType}, [](CallSite& site, Nodes args) {
                                     return regex_match_node(std::move(args[0]), site.operands[1],
                                                             read_flags(site.operands[2]).caseless);
                                   }});
  registry.add_alias("regexp_matches", "regexp_like");
}

void add_extraction(Registry& registry) {
  registry.add("regexp_substr",
               {"regexp_substr(text, pattern) -> string", "the first match; null if none",
                "regexp_substr('a 12 b 7', '\\d+') = '12'"},
               {{kTextType, kTextType},
                [](CallSite& site, Nodes args) { return regex_group_node(std::move(args[0]), site.operands[1], 0); }});
  registry.add("regexp_extract",
               {"regexp_extract(text, pattern[, group]) -> string",
                "a group of the first match (0, the default, is all of it); null if none",
                "regexp_extract('id=42;', 'id=(\\d+)', 1) = '42'"},
               {{kTextType, kTextType},
                [](CallSite& site, Nodes args) { return regex_group_node(std::move(args[0]), site.operands[1], 0); }});
  registry.add("regexp_extract", {}, {{kTextType, kTextType, ValueType::kInt64}, [](CallSite& site, Nodes args) {
                                        return regex_group_node(std::move(args[0]), site.operands[1],
                                                                read_group(*args[2], *site.operands[2].tree));
                                      }});
  const auto first = [](CallSite& site, Nodes args) { return regex_first_node(std::move(args[0]), site.operands[1]); };
  registry.add("regexp_match",
               {"regexp_match(text, pattern) -> string",
                "the first group of the first match, or the match when there is no group; null if none",
                "regexp_match('id=42;', 'id=(\\d+)') = '42'"},
               {{kTextType, kTextType}, first});
}

void add_replacement(Registry& registry) {
  registry.add("regexp_replace",
               {"regexp_replace(text, pattern, replacement[, flags]) -> string",
                "replaces the first match, with flag g all; \\1 or $1 is a group; flag i ignores case",
                "regexp_replace('a1b22', '\\d+', '#', 'g') = 'a#b#'"},
               {{kTextType, kTextType, kTextType}, [](CallSite& site, Nodes args) {
                  return regex_replace_node(std::move(args[0]), site.operands[1], site.operands[2], false, false);
                }});
  registry.add("regexp_replace", {}, {{kTextType, kTextType, kTextType, kTextType}, [](CallSite& site, Nodes args) {
                                        const Flags flags = read_flags(site.operands[3]);
                                        return regex_replace_node(std::move(args[0]), site.operands[1],
                                                                  site.operands[2], flags.global, flags.caseless);
                                      }});
  registry.add(
      "regexp_count",
      {"regexp_count(text, pattern) -> int64", "how often the pattern is found", "regexp_count('a1b22', '\\d+') = 2"},
      {{kTextType, kTextType},
       [](CallSite& site, Nodes args) { return regex_count_node(std::move(args[0]), site.operands[1]); }});
}

}  // namespace

void add_regex_functions(Registry& registry) {
  add_like(registry);
  add_extraction(registry);
  add_replacement(registry);
  // substring(text from 'pattern') is PostgreSQL's old way to write regexp_match.
  const auto first = [](CallSite& site, Nodes args) { return regex_first_node(std::move(args[0]), site.operands[1]); };
  registry.add_alias("substring", "substr");
  registry.add("substring", {}, {{kTextType, kTextType}, first});
}

}  // namespace evclean::sql
