// SPDX-License-Identifier: Apache-2.0
// Build-time program: generate_agent_rules REGEXES.yaml DEVICE_CLASS.yml OUT.cpp
// Turns the data about user agents into constant tables, so that the program neither needs the files nor parses
// anything when it starts.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "agent_rules.hpp"
#include "evclean/error.hpp"
#include "flat_yaml.hpp"
#include "required_literals.hpp"

namespace evclean::functions {
namespace {

struct Rule {
  std::string regex;
  std::string value;
  bool caseless = false;
  std::vector<LiteralClause> clauses;
};

struct Tables {
  std::vector<Rule> rules;
  std::vector<Range> lists;
  std::map<std::string, std::vector<std::size_t>> literals;  ///< literal to the rules it triggers, in byte order
  std::map<std::string, std::string> device_classes;
  std::map<std::string, std::string> os_classes;
  std::vector<std::string> typical;  ///< in lower case
};

std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

int commonness(const Tables& tables, std::string_view literal) {
  return static_cast<int>(std::count_if(tables.typical.begin(), tables.typical.end(), [&](const std::string& agent) {
    return agent.find(literal) != std::string::npos;
  }));
}

void check_keys(const FlatEntry& entry, std::string_view file, std::initializer_list<std::string_view> allowed) {
  for (const auto& [key, value] : entry.fields) {
    if (std::find(allowed.begin(), allowed.end(), key) == allowed.end()) {
      fail_user("{}:{}: unknown key `{}`", file, entry.line, key);
    }
  }
}

void add_list(Tables& tables, const std::vector<FlatEntry>& entries, std::string_view value_key) {
  const auto begin = static_cast<std::uint32_t>(tables.rules.size());
  for (const FlatEntry& entry : entries) {
    Rule rule{std::string(entry.get("regex")), std::string(entry.get(value_key)), entry.get("regex_flag") == "i", {}};
    if (rule.regex.empty()) fail_user("line {}: an entry without `regex`", entry.line);
    rule.clauses = required_literals(rule.regex, [&](std::string_view literal) { return commonness(tables, literal); });
    tables.rules.push_back(std::move(rule));
  }
  tables.lists.push_back({begin, static_cast<std::uint32_t>(tables.rules.size())});
}

void add_classes(std::map<std::string, std::string>& classes, const std::vector<FlatEntry>& entries,
                 std::string_view file) {
  for (const FlatEntry& entry : entries) {
    check_keys(entry, file, {"family", "class"});
    if (!classes.emplace(entry.get("family"), entry.get("class")).second) {
      fail_user("{}:{}: family `{}` stands twice", file, entry.line, entry.get("family"));
    }
  }
}

Tables read_tables(const std::string& uap_file, const std::string& own_file) {
  const FlatYaml uap = read_flat_yaml(uap_file);
  const FlatYaml own = read_flat_yaml(own_file);
  Tables tables;
  for (const auto& entry : section(own, "typical")) tables.typical.push_back(lowered(entry.get("agent")));
  for (const auto& entry : section(own, "bots")) check_keys(entry, own_file, {"regex", "regex_flag"});
  for (const auto& entry : section(own, "programs")) check_keys(entry, own_file, {"regex", "regex_flag"});
  for (const auto& entry : section(own, "classes")) check_keys(entry, own_file, {"regex", "regex_flag", "class"});
  add_list(tables, section(uap, "user_agent_parsers"), "family_replacement");
  add_list(tables, section(uap, "os_parsers"), "os_replacement");
  add_list(tables, section(uap, "device_parsers"), "device_replacement");
  add_list(tables, section(own, "bots"), "class");
  add_list(tables, section(own, "classes"), "class");
  add_list(tables, section(own, "programs"), "class");
  add_classes(tables.device_classes, section(own, "device_families"), own_file);
  add_classes(tables.os_classes, section(own, "os_families"), own_file);
  return tables;
}

void index_literals(Tables& tables) {
  for (std::size_t i = 0; i < tables.rules.size(); ++i) {
    for (std::size_t c = 0; c < tables.rules[i].clauses.size(); ++c) {
      for (const auto& literal : tables.rules[i].clauses[c]) {
        auto& triggered = tables.literals[literal];
        if (c == 0) triggered.push_back(i);
      }
    }
  }
  if (tables.literals.size() > 0xFFFF || tables.rules.size() > 0xFFFF) fail_user("too many rules for user agents");
}

std::size_t rarest_place(const Tables& tables, const std::string& literal) {
  std::size_t best = 0;
  int fewest = 1 << 20;
  for (std::size_t at = 0; at + kMinLiteralBytes <= literal.size(); ++at) {
    const int common = commonness(tables, std::string_view(literal).substr(at, kMinLiteralBytes));
    if (common < fewest) {
      fewest = common;
      best = at;
    }
  }
  return best;
}

/// A C++ string literal; bytes outside printable ASCII in octal, of which three digits never swallow what follows.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '?') {
      out += '\\';
      out += c;
    } else if (c < ' ' || c > '~') {
      out += fmt::format("\\{:03o}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + "\"sv";
}

class Writer {
 public:
  explicit Writer(const Tables& tables) : tables_(tables) {
    std::uint16_t number = 0;
    for (const auto& [literal, rules] : tables.literals) numbers_[literal] = number++;
  }

  std::string text() {
    std::string literals = literal_table();
    std::string rules = rule_table();
    std::string out = "// Written by generate_agent_rules; do not edit.\n#include \"agent_rules.hpp\"\n\n";
    out += "namespace evclean::functions {\nnamespace {\nusing namespace std::string_view_literals;\n\n";
    out += table("AgentRule", "kRules", rules);
    out += table("Range", "kLists", ranges(tables_.lists));
    out += table("AgentLiteral", "kLiterals", literals);
    out += table("Range", "kClauses", ranges(clauses_));
    out += table("std::uint16_t", "kClauseLiterals", numbers(clause_literals_));
    out += table("std::uint16_t", "kTriggers", numbers(triggers_));
    out += table("std::uint16_t", "kAlways", numbers(always_));
    out += table("std::pair<std::string_view, std::string_view>", "kDeviceClasses", pairs(tables_.device_classes));
    out += table("std::pair<std::string_view, std::string_view>", "kOsClasses", pairs(tables_.os_classes));
    out += "}  // namespace\n\nconst AgentRules kAgentRules{kRules, kLists, kLiterals, kClauses, kClauseLiterals,";
    return out + " kTriggers,\n  kAlways, kDeviceClasses, kOsClasses};\n\n}  // namespace evclean::functions\n";
  }

  std::size_t always_count() const { return always_.size(); }

 private:
  /// A std::span also accepts an empty table this way; a C array of no elements would not compile.
  static std::string table(std::string_view type, std::string_view name, const std::string& rows) {
    if (rows.empty()) return fmt::format("constexpr std::span<const {}> {}{{}};\n\n", type, name);
    return fmt::format("constexpr {} {}[] = {{\n{}}};\n\n", type, name, rows);
  }

  std::string literal_table() {
    std::string out;
    for (const auto& [literal, rules] : tables_.literals) {
      const auto begin = triggers_.size();
      for (const std::size_t rule : rules) triggers_.push_back(static_cast<std::uint16_t>(rule));
      out += fmt::format("{{{}, {}, {{{}, {}}}}},\n", quoted(literal), rarest_place(tables_, literal), begin,
                         triggers_.size());
    }
    return out;
  }

  std::string rule_table() {
    std::string out;
    for (std::size_t i = 0; i < tables_.rules.size(); ++i) {
      const Rule& rule = tables_.rules[i];
      const auto begin = clauses_.size();
      for (const auto& clause : rule.clauses) add_clause(clause);
      if (rule.clauses.empty()) always_.push_back(static_cast<std::uint16_t>(i));
      out += fmt::format("{{{}, {}, {}, {{{}, {}}}}},\n", quoted(rule.regex), quoted(rule.value), rule.caseless, begin,
                         clauses_.size());
    }
    return out;
  }

  void add_clause(const LiteralClause& clause) {
    const auto begin = static_cast<std::uint32_t>(clause_literals_.size());
    for (const auto& literal : clause) clause_literals_.push_back(numbers_.at(literal));
    clauses_.push_back({begin, static_cast<std::uint32_t>(clause_literals_.size())});
  }

  static std::string ranges(const std::vector<Range>& all) {
    std::string out;
    for (const Range& range : all) out += fmt::format("{{{}, {}}},\n", range.begin, range.end);
    return out;
  }

  static std::string numbers(const std::vector<std::uint16_t>& all) {
    return all.empty() ? "" : fmt::format("{},\n", fmt::join(all, ", "));
  }

  static std::string pairs(const std::map<std::string, std::string>& all) {
    std::string out;
    for (const auto& [key, value] : all) out += fmt::format("{{{}, {}}},\n", quoted(key), quoted(value));
    return out;
  }

  const Tables& tables_;
  std::map<std::string, std::uint16_t> numbers_;
  std::vector<Range> clauses_;
  std::vector<std::uint16_t> clause_literals_;
  std::vector<std::uint16_t> triggers_;
  std::vector<std::uint16_t> always_;
};

int generate(const std::string& uap_file, const std::string& own_file, const std::string& out_file) {
  Tables tables = read_tables(uap_file, own_file);
  index_literals(tables);
  Writer writer(tables);
  std::ofstream out(out_file, std::ios::binary);
  out << writer.text();
  if (!out.flush()) fail_system("{}: cannot be written", out_file);
  fmt::print("user agents: {} regexes, {} literals, {} regexes without a literal\n", tables.rules.size(),
             tables.literals.size(), writer.always_count());
  return 0;
}

}  // namespace
}  // namespace evclean::functions

int main(int argc, char** argv) {
  if (argc != 4) {
    fmt::print(stderr, "usage: generate_agent_rules REGEXES.yaml DEVICE_CLASS.yml OUT.cpp\n");
    return 2;
  }
  try {
    return evclean::functions::generate(argv[1], argv[2], argv[3]);
  } catch (const std::exception& error) {
    fmt::print(stderr, "generate_agent_rules: {}\n", error.what());
    return 2;
  }
}
