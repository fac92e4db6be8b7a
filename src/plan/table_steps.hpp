// SPDX-License-Identifier: Apache-2.0
// Steps over whole tables: which they are, and how each runs over datasets.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "evclean/job.hpp"
#include "evclean/query.hpp"
#include "evclean/sink.hpp"

namespace evclean {

/// Whether a step needs rows of other ranks, so that a pipeline ends before it.
bool is_table_step(const StepSpec& step);
/// The first such step of a table in [from, end), or `end`: up to there steps need no other row.
std::size_t next_table_step(const TableSpec& spec, std::size_t from, std::size_t end);
/// A table with its steps [begin, end) alone.
TableSpec with_steps(const TableSpec& spec, std::size_t begin, std::size_t end);
/// Whether rows stand for records no longer behind a step (join, group, sql, align, explode).
bool ends_records(const StepSpec& step);
/// Whether the columns behind a step are those that it names (group, sql).
bool makes_columns(const StepSpec& step);
/// Whether a step of a pipeline may drop or reject rows.
bool drops_rows(const StepSpec& step);
bool rejects_rows(const StepSpec& step);

/// Names of the tables that a table's steps and its own query read, without itself; in order of appearance. Errors:
/// user Error with place and caret for a query that does not parse.
std::vector<std::string> tables_used(const Job& job, const TableSpec& spec);

/// Columns of `table` that a step uses of the table it stands in (group, sql); nothing: all of them, or unknown.
std::optional<std::vector<std::string>> columns_used(const Job& job, const StepSpec& step, const std::string& table,
                                                     const Fields& fields);

/// The same of a table's own query.
std::optional<std::vector<std::string>> query_columns(const Job& job, const Text& query, const std::string& table,
                                                      const Fields& fields);

struct TableStepContext {
  const Job& job;
  const std::string& table;  ///< the step's own, for sql
  const Workspace& workspace;
  std::function<DatasetPtr(const std::string&)> other;  ///< a table of the job by name
  QueryReport& report;
  bool nameless = false;                           ///< nobody wrote down all columns of the step's table
  std::optional<EncodedTable>* encoded = nullptr;  ///< (out) what the step encode made
  bool sample = false;                             ///< the first rows only: see EncodeContext
  bool heads = false;                              ///< tables are their first rows: their lengths say nothing
  std::set<std::string> open = {};                 ///< nameless tables that a query reads
  bool* opens = nullptr;                           ///< (out) behind the step the table is nameless
};

/// Runs a step. Collective. Errors: user Error with the step's place and a caret.
DatasetPtr run_table_step(const StepSpec& step, const DatasetPtr& data, const TableStepContext& context);

/// Runs a table's own query. Collective.
DatasetPtr run_table_query(const Text& query, const TableStepContext& context);

/// The plan of a query as lines for people. Collective. Errors: those of running it that are mistakes.
std::string explain_table_query(const Text& query, const TableStepContext& context);

}  // namespace evclean
