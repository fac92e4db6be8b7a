// SPDX-License-Identifier: Apache-2.0
// A node from a plain function of one row's values. Null in, null out; a function that gives an empty optional gives
// null too. A function may take EvalCounters& first, to count what went wrong.
#pragma once

#include <optional>
#include <tuple>
#include <utility>

#include "node.hpp"
#include "output.hpp"

namespace evclean::sql {

/// The parts of a callable's type: its result and its arguments, without EvalCounters&.
template <typename F>
struct Signature : Signature<decltype(&F::operator())> {};
template <typename C, typename R, typename... A>
struct Signature<R (C::*)(EvalCounters&, A...) const> : Signature<R (C::*)(A...) const> {
  static constexpr bool counts = true;
};
template <typename C, typename R, typename... A>
struct Signature<R (C::*)(EvalCounters&, A...)> : Signature<R (C::*)(A...) const> {
  static constexpr bool counts = true;
};
template <typename C, typename R, typename... A>
struct Signature<R (C::*)(A...)> : Signature<R (C::*)(A...) const> {};
template <typename C, typename R, typename... A>
struct Signature<R (C::*)(A...) const> {
  using Result = R;
  using Arguments = std::tuple<A...>;
  static constexpr bool counts = false;
};

/// What a result becomes in a column: optional<T> is T, std::string is text.
template <typename R>
struct ResultOf {
  using Type = std::conditional_t<std::is_same_v<R, std::string>, std::string_view, R>;
  static constexpr bool optional = false;
};
template <typename R>
struct ResultOf<std::optional<R>> {
  using Type = typename ResultOf<R>::Type;
  static constexpr bool optional = true;
};

template <typename F>
class RowNode final : public Node {
  using Sig = Signature<F>;
  using Arguments = typename Sig::Arguments;
  using Result = ResultOf<typename Sig::Result>;
  static constexpr std::size_t kCount = std::tuple_size_v<Arguments>;
  using Indices = std::make_index_sequence<kCount>;

 public:
  RowNode(Nodes args, F function)
      : Node(value_type_of<typename Result::Type>()), args_(std::move(args)), function_(std::move(function)) {
    EVCLEAN_CHECK(args_.size() == kCount, "{} arguments for {}", args_.size(), kCount);
  }

  Value evaluate(const Frame& frame) override { return run(frame, Indices{}); }

 private:
  template <std::size_t... I>
  Value run(const Frame& frame, std::index_sequence<I...>) {
    const std::array<Value, kCount> values{args_[I]->evaluate(frame)...};
    const std::tuple<Reader<std::tuple_element_t<I, Arguments>>...> readers{
        Reader<std::tuple_element_t<I, Arguments>>(values[I])...};
    Output<typename Result::Type> output(frame.num_rows);
    const bool may_miss = (std::get<I>(readers).may_miss() || ...);
    for (std::int64_t row = 0; row < frame.num_rows; ++row) {
      if (may_miss && !(std::get<I>(readers).valid(row) && ...)) {
        output.null(row);
      } else if constexpr (Sig::counts) {
        put(output, row, function_(frame.counters, std::get<I>(readers).get(row)...));
      } else {
        put(output, row, function_(std::get<I>(readers).get(row)...));
      }
    }
    return Value::of(output.finish());
  }

  template <typename R>
  static void put(Output<typename Result::Type>& output, std::int64_t row, const R& result) {
    if constexpr (!Result::optional) {
      output.set(row, result);
    } else if (result) {
      output.set(row, *result);
    } else {
      output.null(row);
    }
  }

  Nodes args_;
  F function_;
};

template <typename F>
NodePtr row_node(Nodes args, F function) {
  bool costly = Signature<F>::counts;
  for (const NodePtr& arg : args) costly = costly || arg->costly;
  return with_cost(std::make_unique<RowNode<F>>(std::move(args), std::move(function)), costly);
}

/// Moves nodes into a list.
template <typename... N>
Nodes nodes_of(N... nodes) {
  Nodes list;
  (list.push_back(std::move(nodes)), ...);
  return list;
}

}  // namespace evclean::sql
