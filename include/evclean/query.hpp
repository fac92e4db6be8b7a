// SPDX-License-Identifier: Apache-2.0
// One SELECT of PostgreSQL's grammar over datasets (job contract, 2.4): parsed, planned, run by relational operators.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "evclean/expression.hpp"
#include "evclean/relational.hpp"

namespace evclean {

/// One parsed SELECT. Immutable; cheap to copy.
class Query {
 public:
  /// Errors: ExpressionError with the position in the user's text (syntax, what is not supported by name, …).
  static Query parse(std::string_view text, const Macros& macros = {});
  ~Query();
  Query(const Query&);
  Query& operator=(const Query&);

  const std::string& text() const;
  /// Tables it reads, as written, without names of WITH; in order of appearance, without repeats.
  std::vector<std::string> tables() const;
  /// Columns of a table that it can use at all, for leaving out the others early; empty: any (a star).
  std::optional<std::vector<std::string>> columns_of(std::string_view table, const Fields& fields) const;
  /// Columns of the result. Errors: ExpressionError (unknown column, types that do not fit).
  Fields fields(const std::map<std::string, Fields>& tables) const;
  /// The plan as indented lines for people.
  std::string explain(const std::map<std::string, Fields>& tables) const;

  struct Impl;
  const Impl& impl() const { return *impl_; }  ///< for the room itself

 private:
  explicit Query(std::shared_ptr<const Impl> impl);
  std::shared_ptr<const Impl> impl_;
};

struct QueryReport {
  EvalCounters counters;
  std::deque<OperatorReport> operators;  ///< one is filled in while others are added behind it
};

/// Runs it. Collective. Errors: ExpressionError (mistakes; text compared with numbers names a value), user Error (data:
/// overflow), on all ranks. Counters in the report are this rank's. A table that only the call holds (moved into it)
/// may be let go while it is read. `open`: tables that may have columns which nobody wrote down, without a value.
DatasetPtr run_query(const Query& query, std::map<std::string, DatasetPtr> tables, const Workspace& workspace,
                     QueryReport& report, const std::set<std::string>& open = {});

/// The plan over tables that are at hand, as indented lines for people. Collective. Errors: those of run_query.
std::string explain_query(const Query& query, const std::map<std::string, DatasetPtr>& tables, const Comm& comm);

/// The group step: keys, then each named expression over aggregates (count(*), sum(x) filter (where …), a ratio of
/// two). Errors: GroupError says which of the names is wrong.
struct NamedExpression {
  std::string name, expression;
};
/// `index` into `aggregates` of the one at fault, -1: a key.
class GroupError : public ExpressionError {
 public:
  GroupError(const ExpressionError& error, int which) : ExpressionError(error), index(which) {}
  int index;
};
/// Columns that the group step uses of `fields`; nothing when an expression does not parse or
/// names a column that is not there (the message is to name those that are).
std::optional<std::vector<std::string>> group_columns(const std::vector<std::string>& keys,
                                                      const std::vector<NamedExpression>& aggregates,
                                                      const Macros& macros, const Fields& fields);
DatasetPtr run_group(const DatasetPtr& data, const std::vector<std::string>& keys,
                     const std::vector<NamedExpression>& aggregates, const Macros& macros, const Workspace& workspace,
                     QueryReport& report, bool open = false);

}  // namespace evclean
