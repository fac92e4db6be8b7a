// SPDX-License-Identifier: Apache-2.0
// Steps that fill, choose, name, type and number columns.
#include <algorithm>
#include <array>

#include "compiler.hpp"
#include "evclean/names.hpp"
#include "evclean/suggest.hpp"

namespace evclean {
bool reads_as(const std::string& text, ValueType type) {
  std::int64_t integer = 0, us = 0;
  std::int32_t days = 0;
  double number = 0;
  bool flag = false;
  switch (type) {
    case ValueType::kString:
      return true;
    case ValueType::kInt64:
      return parse_int64(text, integer);
    case ValueType::kFloat64:
      return parse_float64(text, number);
    case ValueType::kBool:
      return parse_bool(text, flag);
    case ValueType::kDate:
      return parse_date(text, DateOrder::kNone, days);
    case ValueType::kTimestamp:
      return parse_timestamp(text, DateOrder::kNone, TimeZone::utc(), us);
  }
  return false;
}

namespace {

/// The type that inference gives a column of this text alone.
ValueType type_by_text(const std::string& text) {
  Evidence evidence;
  evidence.kinds[static_cast<std::size_t>(classify(text))].count = 1;
  const ValueType type = settle(evidence).type;
  return reads_as(text, type) ? type : ValueType::kString;
}

}  // namespace

bool glob_matches(std::string_view pattern, std::string_view name) {
  std::size_t p = 0, n = 0, star = std::string_view::npos, mark = 0;
  while (n < name.size()) {
    if (p < pattern.size() && (pattern[p] == '?' || (pattern[p] == name[n] && pattern[p] != '*'))) {
      ++p;
      ++n;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

/// A column without any value becomes one of the text's type; it goes on to fit whatever the text reads as.
void PipelineCompiler::Impl::type_by_fill(int position, const std::string& text, Ops& ops) {
  Sym& column = columns[static_cast<std::size_t>(position)];
  empties_used.insert(column.empty_slot);
  column.filled = text;
  column.type = type_by_text(text);
  if (column.type != ValueType::kString) ops.push_back(make_absent_op(column.name, column.type));
}

/// Text that reads as nothing but text is for string columns: what a column without any value would be, it cannot say.
/// What is not settled here nobody reads: it stays as it is.
Ops PipelineCompiler::Impl::compile(const FillStep& fill) {
  Ops ops = settle_ops(used(), true);
  std::vector<FillValue> values;
  for (const NamedText& value : fill.values) {
    const int position = require({value.name, value.place});
    const Sym& column = columns[static_cast<std::size_t>(position)];
    if (column.unfilled()) type_by_fill(position, value.value, ops);
    if (!reads_as(value.value, column.type)) {
      throw StepError{fmt::format("'{}' does not fit column '{}', which is {}: cast the column to string first, or "
                                  "fill it with a value of its type",
                                  value.value, value.name, type_name(column.type)),
                      value.value_place,
                      {},
                      false};
    }
    values.push_back({value.name, column.type, value.value});
  }
  // Behind the named ones: what those have filled is not missing any more.
  const bool typed = fill.all && type_by_text(fill.all->value) != ValueType::kString;
  for (std::size_t c = 0; typed && c < columns.size(); ++c) {
    if (columns[c].unfilled()) type_by_fill(static_cast<int>(c), fill.all->value, ops);
  }
  for (const Sym& column : columns) {
    if (column.slot >= 0) continue;
    if (fill.none && column.type == ValueType::kString) values.push_back({column.name, column.type, "None"});
    if (fill.all && reads_as(fill.all->value, column.type))
      values.push_back({column.name, column.type, fill.all->value});
  }
  ops.push_back(make_fill_op(std::move(values)));
  return ops;
}

/// Without any record there is no column to begin with, and nothing to say.
void PipelineCompiler::Impl::need_a_column(bool any) const {
  if (any || columns.empty() || options.no_records) return;
  throw StepError{fmt::format("no column is left of {}: a table needs at least one", fmt::join(names(), ", ")),
                  spec().place,
                  {},
                  closed};
}

Ops PipelineCompiler::Impl::compile(const SelectStep& select) {
  std::vector<Sym> chosen;
  const auto choose = [&](const Sym& column) {
    const auto same = [&](const Sym& other) { return other.name == column.name; };
    if (std::none_of(chosen.begin(), chosen.end(), same)) chosen.push_back(column);
  };
  for (const Text& wanted : select.columns) {
    if (find(wanted.value) < 0 && is_glob(wanted.value)) {
      for (const Sym& column : columns) {
        if (glob_matches(wanted.value, column.name)) choose(column);
      }
    } else {
      choose(columns[static_cast<std::size_t>(require(wanted))]);
    }
  }
  need_a_column(!chosen.empty());
  columns = std::move(chosen);
  return one(make_keep_columns_op(names()));
}

Ops PipelineCompiler::Impl::compile(const DropStep& drop) {
  std::set<std::string> dropped;
  for (const Text& unwanted : drop.columns) {
    if (find(unwanted.value) < 0 && is_glob(unwanted.value)) {
      for (const Sym& column : columns) {
        if (glob_matches(unwanted.value, column.name)) dropped.insert(column.name);
      }
    } else {
      dropped.insert(columns[static_cast<std::size_t>(require(unwanted))].name);
    }
  }
  need_a_column(dropped.size() < columns.size());
  std::erase_if(columns, [&](const Sym& column) { return dropped.count(column.name) > 0; });
  return one(make_keep_columns_op(names()));
}

Ops PipelineCompiler::Impl::compile(const RenameStep& rename) {
  std::vector<std::pair<std::string, std::string>> changes;
  std::vector<RenamedColumn> reasons;
  if (rename.warehouse) {
    NameRule rule;
    rule.version = rename.version;
    rule.camel_split = rename.camel_split;
    for (const RenamedColumn& column : warehouse_names(names(), rule)) {
      if (column.name == column.source) continue;
      changes.emplace_back(column.source, column.name);
      reasons.push_back(column);
    }
  }
  for (const NamedText& pair : rename.names)
    changes.emplace_back(columns[static_cast<std::size_t>(require({pair.name, pair.place}))].name, pair.value);
  std::vector<Sym> renamed = columns;
  for (const auto& [from, to] : changes) renamed[static_cast<std::size_t>(find(from))].name = to;
  std::set<std::string> seen;
  for (const Sym& column : renamed) {
    if (!seen.insert(column.name).second) {
      throw StepError{fmt::format("two columns would be named '{}'", column.name), spec().place, {}, closed};
    }
  }
  columns = std::move(renamed);
  for (const auto& [from, to] : changes) {
    if (!rename.warehouse) reasons.push_back({from, to, {"renamed by the job"}});
  }
  add_renames(renames, reasons);
  return one(make_rename_op(std::move(changes)));
}

Ops PipelineCompiler::Impl::compile(const CastStep& cast) {
  Ops ops;
  for (const NamedText& wanted : cast.types) {
    const int position = require({wanted.name, wanted.place});
    const auto type = parse_cast_type(wanted.value);
    if (!type) {
      throw StepError{fmt::format("'{}' is not a type: string, int64, float64, bool, date, timestamp, or date:%d/%m/%Y",
                                  wanted.value),
                      wanted.value_place,
                      {},
                      true};
    }
    Sym& column = columns[static_cast<std::size_t>(position)];
    if (column.slot >= 0) {
      slots[static_cast<std::size_t>(column.slot)].fixed = true;  // the cast decides, not inference
      settled[static_cast<std::size_t>(column.slot)] = true;
      Ops mark = settle_ops({position}, false);
      for (auto& op : mark) ops.push_back(std::move(op));
    }
    if (column.filled) {  // it has values, of this type now
      column.filled.reset();
      column.empty_slot = -1;
    }
    column.type = type->type;
    column.slot = -1;
    ops.push_back(make_cast_op(wanted.name, *type, cast.null_on_error, options.zone, "cast"));
  }
  return ops;
}

namespace {

/// The text that a value of the type has: 1 is 1.0 in a column of float64. Text that does not read stays.
std::string text_in(ValueType type, const std::string& text) {
  std::array<char, 48> buffer{};
  char* end = buffer.data();
  std::int64_t us = 0;
  std::int32_t days = 0;
  double number = 0;
  bool flag = false;
  if (type == ValueType::kFloat64 && parse_float64(text, number)) end = write_float64(end, number);
  if (type == ValueType::kDate && parse_date(text, DateOrder::kNone, days)) end = write_date(end, days);
  if (type == ValueType::kTimestamp && parse_timestamp(text, DateOrder::kNone, TimeZone::utc(), us))
    end = write_timestamp(end, us, ' ', false);
  if (type == ValueType::kBool && parse_bool(text, flag)) return flag ? "true" : "false";
  return end == buffer.data() ? text : std::string(buffer.data(), end);
}

}  // namespace

/// Values are those of the column's type, however the job writes them.
Ops PipelineCompiler::Impl::compile(const MapStep& map) {
  Ops ops = settle_ops(used(), true);
  std::vector<NamedText> values = map.values;
  const ValueType type = columns[static_cast<std::size_t>(require(map.column))].type;
  for (NamedText& value : values) value.name = text_in(type, value.name);
  put(map.column.value, ValueType::kString);
  ops.push_back(make_map_op(map.column.value, values, map.otherwise));
  return ops;
}

Ops PipelineCompiler::Impl::compile(const ExplodeStep& explode) {
  const int source = require(explode.column);
  const std::string target = explode.as ? explode.as->value : explode.column.value;
  Ops ops = settle_ops({source}, false);
  const int existing = find(target);
  if (existing >= 0 && existing != source) {
    Ops mark = settle_ops({existing}, false);
    for (auto& op : mark) ops.push_back(std::move(op));
  }
  put(target, ValueType::kString, add_slot(target, at, false));
  const bool of_records = at == first_step_off_records(steps);
  ops.push_back(make_explode_op({explode.column.value, target, explode.keep_empty, of_records}));
  return ops;
}

/// A join settles every column that it or a step behind it reads, as the rows that reach it have them: whether it is
/// looked up or exchanged, types agree.
Ops PipelineCompiler::Impl::compile(const JoinStep& join) {
  EVCLEAN_CHECK(options.join != nullptr, "a join stands in a pipeline");
  for (const auto& [left, right] : join.on) require(left);
  Ops ops = settle_ops(used(), true);
  std::vector<bool> no_value;
  for (const Sym& column : columns) no_value.push_back(column.unfilled());
  JoinedColumns joined = options.join(at, fields(), no_value);
  Ops typed;
  for (const auto& [position, type] : joined.empties) {
    Sym& column = columns[static_cast<std::size_t>(position)];
    if (column.empty_slot < 0) continue;  // one of two keys was it already
    empties_used.insert(column.empty_slot);
    column.empty_slot = -1;
    column.type = type;
    typed.push_back(make_absent_op(column.name, type));
  }
  for (std::size_t c = 0; c < joined.added.size(); ++c) {
    const Field& field = joined.added[c];
    columns.push_back({field.name, field.type});
    if (joined.added_empty[c]) columns.back().empty_slot = add_slot(field.name, at, true);
  }
  ops.push_back(std::move(joined.op));
  for (auto& op : typed) ops.push_back(std::move(op));
  return ops;
}

Ops PipelineCompiler::Impl::compile(const IndexStep& index) {
  put(index.name.value, ValueType::kInt64);
  return one(make_index_op(index.name.value));
}

Ops PipelineCompiler::Impl::compile(const LimitStep& limit) { return one(make_limit_op(limit.rows)); }

Ops PipelineCompiler::Impl::compile(const SampleStep& sample) {
  return one(make_sample_op(sample.fraction, sample.seed));
}

}  // namespace evclean
