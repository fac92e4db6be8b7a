// SPDX-License-Identifier: Apache-2.0
#include "macros.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "aggregates.hpp"
#include "evclean/suggest.hpp"
#include "lower_word.hpp"
#include "parser.hpp"
#include "registry.hpp"

namespace evclean::sql {
namespace {

struct Macro {
  std::string signature;  ///< as written
  std::vector<std::string> parameters;
  std::string body;
};

/// Macros that call macros unfold; a job file must not unfold into more than this.
constexpr std::size_t kMaxUnfolded = 20'000;

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
  return text;
}

bool is_word(std::string_view text) {
  if (text.empty() || std::isdigit(static_cast<unsigned char>(text.front()))) return false;
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isalnum(c) || c == '_'; });
}

[[noreturn]] void fail_signature(std::string_view signature, std::string_view reason) {
  throw ExpressionError(
      fmt::format("functions: \"{}\": {}; write it as in \"bucket(x)\": \"x / 100\"", signature, reason),
      std::string::npos);
}

/// "bucket(x, size)" to its name and parameters.
std::pair<std::string, Macro> read_signature(const std::string& signature, const std::string& body) {
  const std::string_view text = without_blanks(signature);
  const std::size_t open = text.find('(');
  if (open == std::string_view::npos || text.back() != ')') fail_signature(signature, "parentheses are missing");
  const std::string name = lower_word(without_blanks(text.substr(0, open)));
  if (!is_word(name)) fail_signature(signature, "the name is not a word");
  if (Registry::instance().find(name) != nullptr) fail_signature(signature, "there is a function of that name already");
  if (is_aggregate_name(name)) fail_signature(signature, "there is an aggregate of that name already");
  Macro macro{signature, {}, body};
  std::string_view rest = without_blanks(text.substr(open + 1, text.size() - open - 2));
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const std::string parameter(without_blanks(rest.substr(0, comma)));
    const auto& known = macro.parameters;
    if (!is_word(parameter)) fail_signature(signature, fmt::format("'{}' is not a name for a parameter", parameter));
    if (std::find(known.begin(), known.end(), parameter) != known.end())
      fail_signature(signature, "a parameter stands twice");
    macro.parameters.push_back(parameter);
    rest = comma == rest.size() ? std::string_view() : rest.substr(comma + 1);
  }
  return {name, std::move(macro)};
}

class Expander {
 public:
  Expander(const Macros& macros, bool aggregates) : aggregates_(aggregates) {
    for (const auto& [signature, body] : macros) {
      auto [name, macro] = read_signature(signature, body);
      if (!macros_.emplace(name, std::move(macro)).second) fail_signature(signature, "it is defined twice");
      names_.push_back(name);
    }
  }

  /// Errors: ExpressionError; of functions that are not there one that names all, at the first of them.
  TreePtr expand_all(const TreePtr& tree) {
    unknown_.clear();
    unknown_within_.clear();
    TreePtr expanded = expand(tree);
    if (!unknown_.empty()) fail_unknown();
    if (!unknown_within_.empty()) throw unknown_within_[0];
    return expanded;
  }

 private:
  using Arguments = std::map<std::string, TreePtr>;

  TreePtr expand(const TreePtr& tree) {
    if (++unfolded_ > kMaxUnfolded) {
      throw ExpressionError("this expression unfolds into too many parts: split it over several columns",
                            tree->position);
    }
    auto copy = std::make_shared<Tree>(*tree);
    for (TreePtr& arg : copy->args) arg = expand(arg);
    if (copy->filter) copy->filter = expand(copy->filter);
    if (tree->kind != TreeKind::kCall || tree->is_operator) return copy;
    const auto macro = macros_.find(tree->name);
    if (macro != macros_.end()) return expand_call(*copy, macro->second);
    if (!aggregates_ || !is_aggregate_name(tree->name)) check_name(*tree);
    return copy;
  }

  void check_name(const Tree& call) {
    try {
      check_function_name(call, names_, aggregates_);
    } catch (const ExpressionError& error) {
      if (open_.empty()) {
        unknown_.push_back(error);
      } else {
        const std::string& signature = macros_.at(open_.back()).signature;
        unknown_within_.emplace_back(fmt::format("in the function {}: {}", signature, error.what()), error.position());
      }
    }
  }

  /// The first in full, of the others what is wrong and where.
  [[noreturn]] void fail_unknown() {
    std::stable_sort(unknown_.begin(), unknown_.end(),
                     [](const ExpressionError& a, const ExpressionError& b) { return a.position() < b.position(); });
    std::string message = unknown_[0].what();
    std::set<std::string> said{message};
    for (const ExpressionError& error : unknown_) {
      const std::string_view what = error.what();
      if (said.emplace(what).second)
        message += fmt::format("; {} (at byte {})", what.substr(0, what.find(';')), error.position() + 1);
    }
    throw ExpressionError(message, unknown_[0].position());
  }

  TreePtr expand_call(const Tree& call, const Macro& macro) {
    if (std::find(open_.begin(), open_.end(), call.name) != open_.end()) {
      throw ExpressionError(
          fmt::format("the function {} calls itself ({} -> {})", call.name, fmt::join(open_, " -> "), call.name),
          call.position);
    }
    if (call.args.size() != macro.parameters.size()) {
      throw ExpressionError(
          fmt::format("{} takes {} argument(s), not {}", macro.signature, macro.parameters.size(), call.args.size()),
          call.position);
    }
    Arguments arguments;
    for (std::size_t i = 0; i < call.args.size(); ++i) arguments[macro.parameters[i]] = call.args[i];
    open_.push_back(call.name);
    TreePtr body = expand(placed(parse_body(macro, call.position), call.position));
    open_.pop_back();
    return substitute(body, arguments);
  }

  TreePtr parse_body(const Macro& macro, std::size_t position) const {
    try {
      return parse_expression(macro.body, {.aggregates = aggregates_, .subquery = {}});
    } catch (const ExpressionError& error) {
      const std::string place = error.position() == std::string::npos ? "" : "\n" + caret(macro.body, error.position());
      throw ExpressionError(fmt::format("in the function {}: {}{}", macro.signature, error.what(), place), position);
    }
  }

  /// Everything from a macro stands where it was called.
  static TreePtr placed(const TreePtr& tree, std::size_t position) {
    auto copy = std::make_shared<Tree>(*tree);
    copy->position = position;
    for (TreePtr& arg : copy->args) arg = placed(arg, position);
    if (copy->filter) copy->filter = placed(copy->filter, position);
    return copy;
  }

  TreePtr substitute(const TreePtr& tree, const Arguments& arguments) {
    if (++unfolded_ > kMaxUnfolded) {
      throw ExpressionError("this expression unfolds into too many parts: split it over several columns",
                            tree->position);
    }
    if (tree->kind == TreeKind::kColumn) {
      const auto argument = arguments.find(tree->name);
      return argument == arguments.end() ? tree : argument->second;
    }
    auto copy = std::make_shared<Tree>(*tree);
    for (TreePtr& arg : copy->args) arg = substitute(arg, arguments);
    if (copy->filter) copy->filter = substitute(copy->filter, arguments);
    return copy;
  }

  std::map<std::string, Macro> macros_;
  std::vector<std::string> names_;
  std::vector<std::string> open_;
  std::vector<ExpressionError> unknown_;         ///< calls of what is not there
  std::vector<ExpressionError> unknown_within_;  ///< the same in macros that are called
  std::size_t unfolded_ = 0;
  bool aggregates_;
};

/// Macros that can be called: of one name the first.
Macros callable(const Macros& macros, std::vector<MacroProblem>& problems) {
  Macros good;
  std::map<std::string, std::string> heads;
  for (const auto& [signature, body] : macros) {
    try {
      const std::string name = read_signature(signature, body).first;
      if (!heads.emplace(name, signature).second) fail_signature(signature, "it is defined twice");
      good[signature] = body;
    } catch (const ExpressionError& error) {
      problems.push_back({signature, error.what()});
    }
  }
  return good;
}

}  // namespace

std::function<TreePtr(const TreePtr&)> macro_expander(const Macros& macros, bool aggregates) {
  auto expander = std::make_shared<Expander>(macros, aggregates);
  return [expander](const TreePtr& tree) { return expander->expand_all(tree); };
}

}  // namespace evclean::sql

namespace evclean {

std::vector<MacroProblem> check_macros(const Macros& macros) {
  std::vector<MacroProblem> problems;
  const Macros good = sql::callable(macros, problems);
  for (const auto& [signature, body] : good) {
    try {
      sql::macro_expander(good, true)(sql::parse_expression(body, {.aggregates = true, .subquery = {}}));
    } catch (const ExpressionError& error) {
      const std::string message = error.what();
      if (message.rfind("in the function ", 0) == 0) continue;  // another's mistake, said there
      problems.push_back({signature, message, true, error.position()});
    }
  }
  return problems;
}

}  // namespace evclean
