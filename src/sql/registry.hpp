// SPDX-License-Identifier: Apache-2.0
// The functions an expression may call. To add one: write it as a plain function of one row's values in the
// functions_*.cpp it belongs to and add() it with an example; the example is its first test.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "binder.hpp"
#include "evclean/expression.hpp"
#include "row_node.hpp"

namespace evclean::sql {

/// A call being bound: arguments already converted to the parameters' types, the operands for messages.
struct CallSite {
  Binder& binder;
  const Tree& tree;
  Operands& operands;
};

/// One way to call a function. A text parameter takes any type, by its CSV text.
struct Overload {
  std::vector<ValueType> parameters;
  std::function<NodePtr(CallSite&, Nodes)> make;
};

/// A function bound by a rule of its own (any number of arguments, any type).
using CustomBind = std::function<NodePtr(Binder&, const Tree&)>;

struct Function {
  FunctionInfo info;  ///< one line for `evclean functions`; an alias has none
  std::vector<Overload> overloads;
  CustomBind custom;
};

class Registry {
 public:
  static const Registry& instance();

  const Function* find(const std::string& name) const;
  std::vector<std::string> names() const;
  std::vector<FunctionInfo> infos() const;

  /// Adds a way to call `name`; `info` is kept from the first.
  void add(const std::string& name, FunctionInfo info, Overload overload);
  void add_custom(const std::string& name, FunctionInfo info, CustomBind bind);
  void add_alias(const std::string& alias, const std::string& name);

  /// Adds a plain function; parameter types follow from its arguments (text, int64, float64, bool, Date, Timestamp).
  template <typename F>
  void add_rows(const std::string& name, FunctionInfo info, F function) {
    add(name, std::move(info),
        {parameters(static_cast<typename Signature<F>::Arguments*>(nullptr)),
         [function](CallSite&, Nodes args) { return row_node(std::move(args), function); }});
  }

 private:
  Registry();
  template <typename... A>
  static std::vector<ValueType> parameters(std::tuple<A...>*) {
    return {value_type_of<A>()...};
  }

  std::map<std::string, Function> functions_;
};

void add_text_functions(Registry& registry);
void add_search_functions(Registry& registry);
void add_number_functions(Registry& registry);
void add_time_functions(Registry& registry);
void add_regex_functions(Registry& registry);
void add_people_functions(Registry& registry);
void add_choice_functions(Registry& registry);

/// Binds a call of a function. Errors: ExpressionError (unknown, refused by name, wrong number or types of arguments).
NodePtr bind_function(Binder& binder, const Tree& tree);

/// Throws ExpressionError when no function has that name: with did-you-mean, or with the reason it is refused.
/// `aggregates`: the supported ones could stand here, so a name near to theirs is suggested.
void check_function_name(const Tree& call, const std::vector<std::string>& macros, bool aggregates = false);

}  // namespace evclean::sql
