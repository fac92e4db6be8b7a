// SPDX-License-Identifier: Apache-2.0
#include "check_steps.hpp"

#include <algorithm>
#include <cstdio>

#include "evclean/encode.hpp"
#include "table_join.hpp"

namespace evclean {
namespace {

bool names_one(const Text& column) { return !is_glob(column.value); }

void add_pairs(const std::vector<NamedText>& pairs, std::vector<Text>& to) {
  for (const NamedText& pair : pairs) to.push_back({pair.name, pair.place});
}

/// Columns that a step names outside of expressions.
std::vector<Text> named_columns(const StepBody& body) {
  std::vector<Text> names;
  if (const auto* select = std::get_if<SelectStep>(&body)) names = select->columns;
  if (const auto* drop = std::get_if<DropStep>(&body)) names = drop->columns;
  if (const auto* distinct = std::get_if<DistinctStep>(&body)) names = distinct->columns;
  if (const auto* group = std::get_if<GroupStep>(&body)) names = group->by;
  if (const auto* rename = std::get_if<RenameStep>(&body)) add_pairs(rename->names, names);
  if (const auto* cast = std::get_if<CastStep>(&body)) add_pairs(cast->types, names);
  if (const auto* fill = std::get_if<FillStep>(&body)) add_pairs(fill->values, names);
  if (const auto* parse = std::get_if<ParseStep>(&body)) names = {parse->column};
  if (const auto* encode = std::get_if<EncodeStep>(&body))
    names = encode_columns(*encode).value_or(std::vector<Text>{});
  if (const auto* session = std::get_if<SessionizeStep>(&body)) {
    names = session->by;
    names.push_back(session->time);
  }
  if (const auto* sort = std::get_if<SortStep>(&body)) {
    for (const SortColumn& key : sort->columns) names.push_back(key.column);
  }
  std::erase_if(names, [](const Text& name) { return !names_one(name); });
  return names;
}

/// A step of which one value stands for another.
template <typename Step, typename Value>
StepSpec with_values(const StepSpec& step, std::vector<Value> Step::*values, const Value& value) {
  StepSpec one = step;
  std::get<Step>(one.body).*values = {value};
  return one;
}

/// What a step does one after the other: its parts may stand for it.
std::vector<StepSpec> parts_in_turn(const StepSpec& step) {
  std::vector<StepSpec> parts;
  if (const auto* set = std::get_if<SetStep>(&step.body)) {
    for (const NamedText& value : set->values) parts.push_back(with_values(step, &SetStep::values, value));
  }
  if (const auto* flag = std::get_if<FlagStep>(&step.body)) {
    for (const NamedText& value : flag->values) parts.push_back(with_values(step, &FlagStep::values, value));
  }
  if (const auto* cast = std::get_if<CastStep>(&step.body)) {
    for (const NamedText& type : cast->types) parts.push_back(with_values(step, &CastStep::types, type));
  }
  if (const auto* fill = std::get_if<FillStep>(&step.body)) {
    for (const NamedText& value : fill->values) {
      parts.push_back({step.name, step.place, FillStep{false, {}, {value}}});
    }
    if (fill->none || fill->all) parts.push_back({step.name, step.place, FillStep{fill->none, fill->all, {}}});
  }
  return parts;
}

/// Parts of a step that cannot stand for it, each with a mistake of its own.
std::vector<StepSpec> parts_apart(const StepSpec& step, const std::vector<Text>& unknown) {
  std::vector<StepSpec> parts;
  if (const auto* parse = std::get_if<ParseStep>(&step.body)) {
    for (const Text& pattern : parse->patterns) parts.push_back(with_values(step, &ParseStep::patterns, pattern));
  }
  if (const auto* group = std::get_if<GroupStep>(&step.body)) {
    for (const NamedText& aggregate : group->aggregates) {
      StepSpec one = with_values(step, &GroupStep::aggregates, aggregate);
      std::erase_if(std::get<GroupStep>(one.body).by, [&](const Text& key) {
        return std::any_of(unknown.begin(), unknown.end(), [&](const Text& name) { return name.value == key.value; });
      });
      parts.push_back(std::move(one));
    }
  }
  return parts;
}

/// Names of the groups of a pattern, which need not be a good one.
void add_groups(const ParseStep& parse, std::set<std::string>& names) {
  for (const Text& pattern : parse.patterns) {
    const std::string& text = pattern.value;
    for (std::size_t at = text.find("(?"); at != text.npos; at = text.find("(?", at + 1)) {
      std::size_t open = at + 2;
      if (open < text.size() && text[open] == 'P') ++open;
      const std::size_t close = text.find('>', open);
      if (open < text.size() && text[open] == '<' && close != text.npos)
        names.insert(parse.prefix + text.substr(open + 1, close - open - 1));
    }
  }
}

bool is_of_unknown_column(const std::string& message) { return message.find("no column ") != message.npos; }

/// "no column n …", "the string column 'n' …": but not of a name that begins so.
bool is_about(const std::string& message, const std::string& column) {
  if (message.find("column '" + column + "'") != message.npos) return true;
  const std::string bare = "column " + column;
  for (std::size_t at = message.find(bare); at != message.npos; at = message.find(bare, at + 1)) {
    const std::size_t end = at + bare.size();
    if (end == message.size() || std::string_view(" :;,\n").find(message[end]) != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace

JobProblem located_problem(const Job& job, const Error& error, JobPlace otherwise) {
  const std::string text = error.what();
  const auto in_file = [&](const std::string& path) -> std::optional<JobProblem> {
    const std::string prefix = path + ":";
    int line = 0, column = 0, read = 0;
    if (!text.starts_with(prefix)) return std::nullopt;
    if (std::sscanf(text.c_str() + prefix.size(), "%d:%d: %n", &line, &column, &read) < 2 || read == 0)
      return std::nullopt;
    return JobProblem{{line, column}, text.substr(prefix.size() + static_cast<std::size_t>(read))};
  };
  if (auto own = in_file(job.path)) return *std::move(own);
  for (const auto& piece : job.pieces) {
    if (auto found = in_file(piece->path)) {
      found->place.piece = piece.get();
      return *std::move(found);
    }
  }
  return {otherwise, text};
}

StepChecker::StepChecker(const Job& job, std::vector<JobProblem>& problems, std::function<Fields(const TableSpec&)> run,
                         std::function<DatasetPtr(const std::string&)> right, UnknownColumn unknown)
    : job_(job), problems_(problems), run_(std::move(run)), right_(std::move(right)), unknown_(unknown) {}

void StepChecker::check(const TableSpec& spec) {
  partial_ = spec;
  partial_.steps.clear();
  for (const StepSpec& step : spec.steps) {
    const auto* join = std::get_if<JoinStep>(&step.body);
    const auto* align = std::get_if<AlignStep>(&step.body);
    const std::string* const table = join != nullptr ? &join->table.value : align ? &align->table.value : nullptr;
    const auto named = [&](const TableSpec& other) { return other.name == *table; };
    // The reading of the job has said that there is no such table.
    if (table != nullptr && std::none_of(job_.tables.begin(), job_.tables.end(), named)) continue;
    if (passes(step, true)) {
      close_columns(step);
    } else {
      check_parts(step);
    }
  }
}

/// Behind a step that says which columns there are, all of them are known.
void StepChecker::close_columns(const StepSpec& step) {
  const auto* select = std::get_if<SelectStep>(&step.body);
  const bool names_all = select != nullptr && std::all_of(select->columns.begin(), select->columns.end(), names_one);
  if (names_all || std::holds_alternative<GroupStep>(step.body)) unknown_ = UnknownColumn::kMistake;
}

/// Whether the table runs with a step behind those that are kept.
bool StepChecker::passes(const StepSpec& step, bool keep) {
  partial_.steps.push_back(step);
  try {
    run_(partial_);
    if (!keep) partial_.steps.pop_back();
    return true;
  } catch (const Error& error) {
    partial_.steps.pop_back();
    last_ = error;
    return false;
  }
}

void StepChecker::check_parts(const StepSpec& step) {
  const Error whole = *last_;
  bool found = false;
  const auto part_passes = [&](const StepSpec& part, bool keep) {
    if (passes(part, keep)) return true;
    note(*last_, step.place);
    found = true;
    return false;
  };
  std::vector<Text> unknown;
  for (const Text& name : named_columns(step.body)) {
    if (!part_passes({step.name, step.place, SelectStep{{name}}}, false)) unknown.push_back(name);
  }
  for (const StepSpec& part : parts_apart(step, unknown)) part_passes(part, false);
  const std::vector<StepSpec> in_turn = parts_in_turn(step);
  for (const StepSpec& part : in_turn) {
    if (!part_passes(part, true)) doubt(part);
  }
  if (const auto* join = std::get_if<JoinStep>(&step.body)) {
    const std::size_t before = problems_.size();
    check_join(step, *join);
    found = found || problems_.size() > before;
  }
  if (!found) note(whole, step.place);
  if (in_turn.empty()) doubt(step);
}

void StepChecker::check_join(const StepSpec& step, const JoinStep& join) {
  try {
    const Fields left = run_(partial_);
    const DatasetPtr right = right_(join.table.value);
    if (right->rows() > 0) check_join_columns(step, join, left, right->fields());  // else nobody knows its columns
  } catch (const Error&) {                                                         // said elsewhere
  }
}

void StepChecker::check_join_columns(const StepSpec& step, const JoinStep& join, const Fields& left,
                                     const Fields& right) {
  const auto try_join = [&](std::vector<std::pair<Text, Text>> on, std::optional<std::vector<Text>> columns,
                            const Fields& left_fields, const Fields& right_fields) {
    JoinStep part = join;
    part.on = std::move(on);
    part.columns = std::move(columns);
    part.how = part.columns ? "inner" : "semi";
    try {
      join_spec(part, step, left_fields, right_fields, job_.path);
    } catch (const Error& error) {
      note(error, step.place);
    }
  };
  for (const auto& pair : join.on) {
    try_join({pair}, std::nullopt, left, {{pair.second.value, ValueType::kString}});
    try_join({pair}, std::nullopt, {{pair.first.value, ValueType::kString}}, right);
  }
  for (const Text& column : join.columns.value_or(std::vector<Text>{})) try_join({}, {{column}}, {}, right);
}

/// A problem, unless it is known or follows from another.
void StepChecker::note(const Error& error, JobPlace place) {
  JobProblem problem = located_problem(job_, error, place);
  if (is_muted(problem.message)) return;
  if (unknown_ == UnknownColumn::kMistake || !is_of_unknown_column(problem.message)) {
    problems_.push_back(std::move(problem));
  } else if (unknown_ == UnknownColumn::kNote) {
    unknown_columns_.push_back(std::move(problem));
  }
}

bool StepChecker::is_muted(const std::string& message) const {
  if (all_doubtful_ && is_of_unknown_column(message)) return true;
  return std::any_of(doubtful_.begin(), doubtful_.end(),
                     [&](const std::string& name) { return is_about(message, name); });
}

/// What is said of the columns that a step with a mistake would have made follows from the mistake.
void StepChecker::doubt(const StepSpec& step) {
  const auto put = [&](const std::vector<NamedText>& made) {
    for (const NamedText& one : made) doubtful_.insert(one.name);
  };
  if (const auto* set = std::get_if<SetStep>(&step.body)) put(set->values);
  if (const auto* flag = std::get_if<FlagStep>(&step.body)) put(flag->values);
  if (const auto* cast = std::get_if<CastStep>(&step.body)) put(cast->types);
  if (const auto* parse = std::get_if<ParseStep>(&step.body)) add_groups(*parse, doubtful_);
  if (const auto* explode = std::get_if<ExplodeStep>(&step.body))
    doubtful_.insert(explode->as ? explode->as->value : explode->column.value);
  if (const auto* map = std::get_if<MapStep>(&step.body)) doubtful_.insert(map->column.value);
  if (const auto* rename = std::get_if<RenameStep>(&step.body)) {
    for (const NamedText& pair : rename->names) doubtful_.insert(pair.value);
    all_doubtful_ |= rename->warehouse;
  }
  if (const auto* group = std::get_if<GroupStep>(&step.body)) {
    for (const Text& key : group->by) doubtful_.insert(key.value);
    put(group->aggregates);
  }
  if (std::holds_alternative<SessionizeStep>(step.body)) doubtful_.insert({"session_id", "session_seq"});
  const auto* join = std::get_if<JoinStep>(&step.body);
  if (join != nullptr && join->columns && std::all_of(join->columns->begin(), join->columns->end(), names_one)) {
    for (const Text& column : *join->columns) doubtful_.insert({column.value, column.value + join->suffix});
  } else if (join != nullptr) {
    all_doubtful_ |= join->how != "semi" && join->how != "anti";
  }
  all_doubtful_ |= std::holds_alternative<AlignStep>(step.body) || std::holds_alternative<SqlStep>(step.body) ||
                   std::holds_alternative<EncodeStep>(step.body);
}

}  // namespace evclean
