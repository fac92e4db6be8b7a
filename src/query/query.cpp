// SPDX-License-Identifier: Apache-2.0
#include "evclean/query.hpp"

#include "evclean/select.hpp"
#include "executor.hpp"
#include "known_empty.hpp"
#include "planner.hpp"
#include "reads.hpp"
#include "sample.hpp"

namespace evclean {

struct Query::Impl {
  std::string text;
  sql::SelectPtr select;
};

Query Query::parse(std::string_view text, const Macros& macros) {
  auto impl = std::make_shared<Impl>();
  impl->text = text;
  impl->select = sql::parse_select(text, macros);
  return Query(std::move(impl));
}

Query::Query(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
Query::~Query() = default;
Query::Query(const Query&) = default;
Query& Query::operator=(const Query&) = default;

const std::string& Query::text() const { return impl_->text; }
std::vector<std::string> Query::tables() const { return query::tables_read(*impl_->select); }

std::optional<std::vector<std::string>> Query::columns_of(std::string_view table, const Fields& fields) const {
  return query::columns_read(*impl_->select, table, fields);
}

Fields Query::fields(const std::map<std::string, Fields>& tables) const {
  Fields fields;
  for (const query::Column& column : query::Planner(tables).plan(*impl_->select).columns) {
    fields.push_back({column.name, column.type});
  }
  return fields;
}

std::string Query::explain(const std::map<std::string, Fields>& tables) const {
  return query::explain_plan(query::Planner(tables).plan(*impl_->select));
}

namespace {

query::QueryPlan plan_over(const Query& query, const std::map<std::string, DatasetPtr>& tables, const Comm& comm,
                           const std::set<std::string>& open) {
  std::map<std::string, Fields> fields;
  for (const auto& [name, data] : tables) fields[name] = data->fields();
  const auto sample = [&](const std::string& table, const std::string& column) {
    return query::sample_of(*tables.at(table), column, comm);
  };
  return query::plan_knowing(tables, open, [&](query::KnownEmpty empty) {
    return query::Planner(fields, sample, std::move(empty)).plan(*query.impl().select);
  });
}

}  // namespace

std::string explain_query(const Query& query, const std::map<std::string, DatasetPtr>& tables, const Comm& comm) {
  return query::explain_plan(plan_over(query, tables, comm, {}));
}

DatasetPtr run_query(const Query& query, std::map<std::string, DatasetPtr> tables, const Workspace& workspace,
                     QueryReport& report, const std::set<std::string>& open) {
  const query::QueryPlan plan = plan_over(query, tables, workspace.comm, open);
  return query::Executor(plan, std::move(tables), workspace, report).run();
}

}  // namespace evclean
