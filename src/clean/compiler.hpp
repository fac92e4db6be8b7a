// SPDX-License-Identifier: Apache-2.0
// The compiler's state: the columns as they stand before the next step. Private to this room.
#pragma once

#include <map>
#include <optional>
#include <set>

#include "ops.hpp"

namespace evclean {

/// A column before the next step. While `slot` is not -1 it is raw and not settled.
struct Sym {
  std::string name;
  ValueType type = ValueType::kString;
  int slot = -1;
  int empty_slot = -1;                     ///< settled without any value: the slot it was
  std::optional<std::string> filled = {};  ///< the text that a step put into every row of such a column
  bool unfilled() const { return empty_slot >= 0 && !filled; }
};

/// A mistake in a step, before it has its place in the job file.
struct StepError {
  std::string message;
  JobPlace place;
  std::string caret;         ///< line with a caret; may be empty
  bool final = false;        ///< does not depend on a guess
  std::string unknown = {};  ///< the column that is not there
};

using Ops = std::vector<std::unique_ptr<Op>>;

struct PipelineCompiler::Impl {
  std::vector<StepSpec> steps;
  bool closed = false;
  Options options;
  std::vector<Sym> columns;
  std::vector<Slot> slots;
  std::vector<bool> settled;  ///< a slot: its type has been told
  int at = 0;                 ///< the next step
  bool declared = false;      ///< declared types have been compiled
  bool finished = false;
  bool last_error_final = false;
  std::string last_unknown;
  std::vector<bool> empty;  ///< a slot: no value was seen
  std::set<int> empties_used;
  std::vector<RenamedColumn> renames;

  std::vector<std::string> names() const;
  Fields fields() const;
  int find(const std::string& name) const;
  /// Position of a column that a step names. Errors: StepError with did-you-mean.
  int require(const Text& name) const;
  void need_a_column(bool any) const;
  void type_by_fill(int position, const std::string& text, Ops& ops);
  int add_slot(const std::string& name, int step, bool fixed);
  void put(const std::string& name, ValueType type, int slot = -1);
  const StepSpec& spec() const { return steps[static_cast<std::size_t>(at)]; }

  /// Parses an expression of the job and finds the columns it reads among `visible`.
  Expression parse(const std::string& text, JobPlace place) const;
  std::vector<int> columns_of(const Expression& expression, const std::vector<std::string>& visible,
                              JobPlace place) const;
  /// Binds and wraps: `make` turns the bound expression into an operation that writes `target` (empty: none).
  std::unique_ptr<Op> bind(const Text& text, const std::string& target, bool condition, ValueType& type,
                           const std::function<std::unique_ptr<Op>(BoundExpression)>& make);
  /// The same where columns without any value stand for another type. Null: none fits.
  std::unique_ptr<Op> bind_fitting(const std::vector<int>& empties, const std::string& target,
                                   const std::function<std::unique_ptr<Op>(const Fields&)>& bind_as);
  BoundExpression bind_types(const Expression& expression, const Fields& typed, JobPlace place) const;

  /// Columns (positions) that the next step settles.
  std::vector<int> used() const;
  std::vector<int> used_by_values(const std::vector<NamedText>& values) const;
  Ops settle_ops(const std::vector<int>& positions, bool convert);
  Ops compile_step();
  Ops declared_ops();
  Error located(const StepError& error) const;

  // One a step, in compile_columns.cpp and compile_values.cpp.
  Ops compile(const FilterStep&);
  Ops compile(const SetStep&);
  Ops compile(const FlagStep&);
  Ops compile(const ParseStep&);
  Ops compile(const FillStep&);
  Ops compile(const SelectStep&);
  Ops compile(const DropStep&);
  Ops compile(const RenameStep&);
  Ops compile(const CastStep&);
  Ops compile(const MapStep&);
  Ops compile(const ExplodeStep&);
  Ops compile(const JoinStep&);
  Ops compile(const IndexStep&);
  Ops compile(const LimitStep&);
  Ops compile(const SampleStep&);
  /// Other steps over whole tables stand between pipelines, never in one.
  template <typename TableStep>
  Ops compile(const TableStep&) {
    fail_bug("step {} is not one of a pipeline", spec().name);
  }
};

/// Whether a text is a value of the type.
bool reads_as(const std::string& text, ValueType type);

inline Ops one(std::unique_ptr<Op> op) {
  Ops ops;
  ops.push_back(std::move(op));
  return ops;
}

}  // namespace evclean
