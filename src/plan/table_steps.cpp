// SPDX-License-Identifier: Apache-2.0
#include "table_steps.hpp"

#include <algorithm>
#include <map>

#include "evclean/encode.hpp"
#include "evclean/pipeline.hpp"
#include "evclean/record_batch.hpp"
#include "evclean/sql_tree.hpp"
#include "evclean/suggest.hpp"
#include "evclean/valueless.hpp"
#include "kept_text.hpp"
#include "named_columns.hpp"
#include "row_origin.hpp"
#include "table_join.hpp"

namespace evclean {
namespace {

/// Throws the user Error for a place in the job file.
[[noreturn]] void fail_at(const Job& job, JobPlace place, const std::string& what,
                          const std::string& caret_lines = {}) {
  std::string text;
  if (place.line > 0) text = place.in(job.path) + ": ";
  text += what;
  if (!caret_lines.empty()) text += "\n" + caret_lines;
  throw Error(ExitCode::kUser, text);
}

[[noreturn]] void fail_in_text(const Job& job, const std::string& step, const Text& text,
                               const ExpressionError& error) {
  const bool placed = error.position() != std::string::npos && error.position() <= text.value.size();
  fail_at(job, text.place, fmt::format("{}: {}", step, error.what()),
          placed ? caret(text.value, error.position()) : std::string());
}

Query parse_query(const Job& job, const Text& text) {
  try {
    return Query::parse(text.value, job.functions);
  } catch (const ExpressionError& error) {
    fail_in_text(job, "sql", text, error);
  }
}

void add_name(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

/// The table that a query means: exactly so written, else the only one that differs in case.
std::string table_meant(const Job& job, const Text& text, const std::string& written) {
  std::vector<std::string> known, near;
  for (const TableSpec& table : job.tables) known.push_back(table.name);
  const int found = sql::find_name(written, known, &near);
  if (found >= 0) return known[static_cast<std::size_t>(found)];
  const std::string problem = near.empty() ? fmt::format("there is no table '{}'{}; tables: {}", written,
                                                         did_you_mean(written, known), fmt::join(known, ", "))
                                           : fmt::format("{} may be {}: write the one that is meant as it is spelt",
                                                         written, fmt::join(near, " or "));
  const std::size_t at = text.value.find(written);
  fail_at(job, text.place, "sql: " + problem, at == std::string::npos ? std::string() : caret(text.value, at));
}

void add_query_tables(const Job& job, const Text& text, std::vector<std::string>& names) {
  for (const std::string& name : parse_query(job, text).tables()) add_name(names, table_meant(job, text, name));
}

std::vector<NamedExpression> named_expressions(const GroupStep& step) {
  std::vector<NamedExpression> aggregates;
  for (const NamedText& named : step.aggregates) aggregates.push_back({named.name, named.value});
  return aggregates;
}

/// A step's columns found in a dataset.
class Finder {
 public:
  Finder(const TableStepContext& context, const StepSpec& step, const Dataset& data)
      : context_(context), step_(step), data_(data) {}

  int column(const Text& name) const {
    const int at = data_.find(name.value);
    if (at >= 0) return at;
    const std::vector<std::string> known = visible();
    fail_at(
        context_.job, name.place,
        fmt::format("{}: no column '{}'{}; columns here: {}", step_.name, name.value, did_you_mean(name.value, known),
                    known.empty() ? "none" : fmt::to_string(fmt::join(known, ", "))));
  }

  std::vector<int> columns(const std::vector<Text>& names) const {
    std::vector<int> at;
    for (const Text& name : names) {
      const int position = column(name);
      if (std::find(at.begin(), at.end(), position) == at.end()) at.push_back(position);
    }
    return at;
  }

  std::vector<std::string> visible() const {
    std::vector<std::string> names;
    for (const Field& field : data_.fields()) {
      if (!is_origin(field.name)) names.push_back(field.name);
    }
    return names;
  }

 private:
  const TableStepContext& context_;
  const StepSpec& step_;
  const Dataset& data_;
};

/// The first rows of a table of this process alone.
DatasetPtr head_of(const DatasetPtr& data, std::int64_t rows, const Workspace& workspace) {
  if (data->rows() <= rows) return data;
  auto head = std::make_shared<Dataset>(data->fields(), workspace);
  for (const std::int64_t part : data->mine()) {
    data->visit(part, [&](const Batch& batch) {
      const std::int64_t count = std::min(rows, batch.num_rows);
      if (count > 0) head->append(part, slice_batch(batch, 0, count));
      rows -= count;
    });
  }
  head->finish();
  return head;
}

struct Run {
  const TableStepContext& context;
  const StepSpec& step;
  const DatasetPtr& data;

  Finder finder() const { return {context, step, *data}; }
  OperatorReport& report() const {
    context.report.operators.emplace_back();
    context.report.operators.back().name = step.name;
    return context.report.operators.back();
  }

  DatasetPtr operator()(const JoinStep& join_step) const {
    // Made first: what makes it reports too.
    const DatasetPtr right = context.other(join_step.table.value);
    if (context.opens != nullptr) *context.opens = brings_unknown_columns(join_step, *right);
    return run_join(join_step, step, data, right, context, report());
  }

  DatasetPtr operator()(const AlignStep& align_step) const {
    DatasetPtr left = data;
    DatasetPtr right = context.other(align_step.table.value);
    if (context.heads) {
      left = head_of(left, right->rows(), context.workspace);
      right = head_of(right, left->rows(), context.workspace);
    }
    try {
      return align(*left, *right, align_step.table.value, context.workspace, report());
    } catch (const Error& error) {
      if (error.code() != ExitCode::kUser) throw;
      fail_at(context.job, align_step.table.place, fmt::format("align: {}", error.what()));
    }
  }

  DatasetPtr operator()(const DistinctStep& distinct_step) const {
    std::vector<int> columns = finder().columns(distinct_step.columns);
    if (distinct_step.columns.empty()) {
      for (std::size_t c = 0; c < data->fields().size(); ++c) {
        if (!is_origin(data->fields()[c].name)) columns.push_back(static_cast<int>(c));
      }
    }
    return distinct(*data, columns, context.workspace, report());
  }

  DatasetPtr operator()(const GroupStep& group_step) const {
    std::vector<std::string> keys;
    for (const Text& key : group_step.by) {
      finder().column(key);
      keys.push_back(key.value);
    }
    try {
      return run_group(data, keys, named_expressions(group_step), context.job.functions, context.workspace,
                       context.report, context.nameless);
    } catch (const GroupError& error) {
      if (error.index < 0 || error.index >= static_cast<int>(group_step.aggregates.size()))
        fail_at(context.job, step.place, fmt::format("group: {}", error.what()));
      const NamedText& named = group_step.aggregates[static_cast<std::size_t>(error.index)];
      fail_in_text(context.job, "group: " + named.name, {named.value, named.value_place}, error);
    }
  }

  DatasetPtr operator()(const SessionizeStep& session_step) const {
    for (const char* name : {"session_id", "session_seq"}) {
      if (data->find(name) < 0) continue;
      fail_at(context.job, step.place,
              fmt::format("sessionize: there is a column {} already: drop or rename it first", name));
    }
    SessionSpec spec;
    spec.by = finder().columns(session_step.by);
    spec.time = finder().column(session_step.time);
    spec.gap_us = session_step.gap_us;
    const DatasetPtr timed = fitting(data, spec.time, ValueType::kTimestamp, context.workspace);
    const ValueType type = timed->fields()[static_cast<std::size_t>(spec.time)].type;
    if (type == ValueType::kString) {
      fail_at(context.job, session_step.time.place,
              fmt::format("sessionize: column '{}' is a string, not a time: cast it first (cast: {{{}: timestamp}})",
                          session_step.time.value, session_step.time.value));
    }
    if (type == ValueType::kBool) {
      fail_at(context.job, session_step.time.place,
              fmt::format("sessionize: column '{}' is a bool, not a time", session_step.time.value));
    }
    return origins_last(sessionize(*timed, spec, context.workspace, report()), context.workspace);
  }

  DatasetPtr operator()(const SortStep& sort_step) const {
    std::vector<SortKey> keys;
    for (const SortColumn& key : sort_step.columns)
      keys.push_back({finder().column(key.column), key.descending, false});
    return sort(*data, keys, context.workspace, report());
  }

  DatasetPtr operator()(const SqlStep& sql_step) const {
    TableStepContext own = context;
    own.other = [&](const std::string& name) { return name == context.table ? data : context.other(name); };
    if (context.nameless) own.open.insert(context.table);
    return run_table_query(sql_step.query, own);
  }

  DatasetPtr operator()(const EncodeStep& encode_step) const {
    EncodeContext own{context.workspace, context.job.path, context.job.base_dir, {}, context.sample, {}, {}};
    for (std::size_t c = 0; c < data->fields().size(); ++c) {
      if (is_origin(data->fields()[c].name)) own.carried.push_back(static_cast<int>(c));
    }
    own.read_remote = [&](const std::string& path) {
      return read_kept("encode.fitted", path, encode_step.s3.value_or(S3Settings{}), kLargestMapping);
    };
    std::vector<std::string> mappings;
    if (context.encoded != nullptr && *context.encoded) {
      const EncodedTable& before = **context.encoded;
      own.before = EncodedBefore{before.label, before.split, before.features};
      mappings = before.mappings;
    }
    EncodeOutcome outcome = encode(*data, encode_step, own, report());
    if (context.encoded != nullptr) {
      mappings.push_back(std::move(outcome.mapping));
      EncodedTable& made = context.encoded->emplace();
      made = {std::move(outcome.label), std::move(outcome.split), {}, std::move(outcome.features), std::move(mappings)};
      for (const Text& id : encode_step.id) made.ids.push_back(id.value);
    }
    return std::move(outcome.data);
  }

  template <typename Other>
  DatasetPtr operator()(const Other&) const {
    fail_bug("step {} is not one over a whole table", step.name);
  }
};

}  // namespace

std::vector<std::string> tables_used(const Job& job, const TableSpec& spec) {
  std::vector<std::string> names;
  if (spec.sql) add_query_tables(job, *spec.sql, names);
  for (const StepSpec& step : spec.steps) {
    if (const auto* join_step = std::get_if<JoinStep>(&step.body)) add_name(names, join_step->table.value);
    if (const auto* align_step = std::get_if<AlignStep>(&step.body)) add_name(names, align_step->table.value);
    const auto* sql_step = std::get_if<SqlStep>(&step.body);
    if (sql_step == nullptr) continue;
    std::vector<std::string> read;
    add_query_tables(job, sql_step->query, read);
    for (const std::string& name : read) {
      if (name != spec.name) add_name(names, name);  // its own name is the table as it stands there
    }
  }
  return names;
}

namespace {

/// Nothing also where one is not there: the message is to name those that are.
std::optional<std::vector<std::string>> encode_reads(const EncodeStep& step, const Fields& fields) {
  const auto columns = encode_columns(step);
  if (!columns) return std::nullopt;
  std::vector<std::string> names;
  for (const Text& column : *columns) {
    if (find_field(fields, column.value) < 0) return std::nullopt;
    add_name(names, column.value);
  }
  return names;
}

}  // namespace

std::optional<std::vector<std::string>> columns_used(const Job& job, const StepSpec& step, const std::string& table,
                                                     const Fields& fields) {
  if (const auto* group_step = std::get_if<GroupStep>(&step.body)) {
    std::vector<std::string> keys;
    for (const Text& key : group_step->by) keys.push_back(key.value);
    return group_columns(keys, named_expressions(*group_step), job.functions, fields);
  }
  if (const auto* encode_step = std::get_if<EncodeStep>(&step.body)) return encode_reads(*encode_step, fields);
  const auto* sql_step = std::get_if<SqlStep>(&step.body);
  if (sql_step == nullptr) return std::nullopt;
  return query_columns(job, sql_step->query, table, fields);
}

std::optional<std::vector<std::string>> query_columns(const Job& job, const Text& query, const std::string& table,
                                                      const Fields& fields) {
  const Query parsed = parse_query(job, query);
  if (parsed.tables().size() == 1) {
    try {
      parsed.fields({{parsed.tables()[0], fields}});
    } catch (const ExpressionError&) {
      return std::nullopt;  // the message is to name the columns that are there
    }
  }
  return parsed.columns_of(table, fields);
}

namespace {

std::map<std::string, DatasetPtr> tables_of(const Query& query, const Text& text, const TableStepContext& context) {
  std::map<std::string, DatasetPtr> tables;
  for (const std::string& written : query.tables()) {
    const std::string name = table_meant(context.job, text, written);
    if (tables.count(name) == 0) tables[name] = context.other(name);
  }
  return tables;
}

}  // namespace

std::string explain_table_query(const Text& text, const TableStepContext& context) {
  const Query query = parse_query(context.job, text);
  try {
    return explain_query(query, tables_of(query, text, context), context.workspace.comm);
  } catch (const ExpressionError& error) {
    fail_in_text(context.job, "sql", text, error);
  }
}

DatasetPtr run_table_query(const Text& text, const TableStepContext& context) {
  const Query query = parse_query(context.job, text);
  try {
    return run_query(query, tables_of(query, text, context), context.workspace, context.report, context.open);
  } catch (const ExpressionError& error) {
    fail_in_text(context.job, "sql", text, error);
  }
}

DatasetPtr run_table_step(const StepSpec& step, const DatasetPtr& data, const TableStepContext& context) {
  const DatasetPtr input = with_named_columns(data, step, context);
  return std::visit(Run{context, step, input}, step.body);
}

}  // namespace evclean
