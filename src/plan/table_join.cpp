// SPDX-License-Identifier: Apache-2.0
#include "table_join.hpp"

#include <algorithm>
#include <map>

#include "evclean/pipeline.hpp"
#include "evclean/suggest.hpp"
#include "evclean/valueless.hpp"

namespace evclean {
namespace {

bool is_wanted(const JoinStep& join, const std::string& name) {
  if (!join.columns) return true;
  return std::any_of(join.columns->begin(), join.columns->end(),
                     [&](const Text& pattern) { return glob_matches(pattern.value, name); });
}

/// A key of the right is not repeated, but may be named under columns when the left calls it otherwise.
bool is_repeated_key(const JoinStep& join, const std::string& name) {
  for (const auto& [left, right] : join.on) {
    if (right.value != name) continue;
    if (left.value == name || !join.columns) return true;
    return std::none_of(join.columns->begin(), join.columns->end(), [&](const Text& t) { return t.value == name; });
  }
  return false;
}

JoinHow how_of(const JoinStep& join) {
  static const std::map<std::string, JoinHow> kWords = {{"inner", JoinHow::kInner}, {"left", JoinHow::kLeft},
                                                        {"right", JoinHow::kRight}, {"full", JoinHow::kFull},
                                                        {"semi", JoinHow::kSemi},   {"anti", JoinHow::kAnti}};
  return kWords.at(join.how);
}

JoinStrategy strategy_of(const JoinStep& join) {
  static const std::map<std::string, JoinStrategy> kWords = {{"auto", JoinStrategy::kAuto},
                                                             {"broadcast", JoinStrategy::kBroadcast},
                                                             {"keys", JoinStrategy::kKeys},
                                                             {"rows", JoinStrategy::kRows}};
  return kWords.at(join.strategy);
}

std::vector<std::string> literal_columns(const JoinStep& join) {
  std::vector<std::string> names;
  if (!join.columns) return names;
  for (const Text& name : *join.columns) {
    if (!is_glob(name.value)) names.push_back(name.value);
  }
  return names;
}

/// From words to positions.
class JoinColumns {
 public:
  JoinColumns(const JoinStep& join_step, const StepSpec& step, const Fields& left, const Fields& right,
              const std::string& job_path)
      : join_(join_step), step_(step), left_(left), right_(right), job_path_(job_path) {}

  JoinSpec spec() {
    spec_.how = how_of(join_);
    spec_.strategy = strategy_of(join_);
    spec_.right_name = join_.table.value;
    for (const auto& [left, right] : join_.on) {
      spec_.left_keys.push_back(find(left_, left, "the left table"));
      spec_.right_keys.push_back(find(right_, right, fmt::format("table {}", join_.table.value)));
    }
    if (spec_.how != JoinHow::kSemi && spec_.how != JoinHow::kAnti) choose_payload();
    return std::move(spec_);
  }

 private:
  int find(const Fields& fields, const Text& name, const std::string& where) const {
    const int at = find_field(fields, name.value);
    if (at >= 0) return at;
    std::vector<std::string> known;
    for (const Field& field : fields) known.push_back(field.name);
    throw join_error(
        job_path_, name.place,
        fmt::format("no column '{}' in {}{}; columns there: {}", name.value, where, did_you_mean(name.value, known),
                    known.empty() ? "none" : fmt::to_string(fmt::join(known, ", "))));
  }

  void choose_payload() {
    if (join_.columns) {
      for (const Text& pattern : *join_.columns) check_pattern(pattern);
    }
    spec_.payload = join_payload(join_, right_);
    for (const int column : spec_.payload)
      spec_.payload_names.push_back(new_name(right_[static_cast<std::size_t>(column)].name));
  }

  void check_pattern(const Text& pattern) const {
    const bool found = std::any_of(right_.begin(), right_.end(),
                                   [&](const Field& field) { return glob_matches(pattern.value, field.name); });
    if (!found) find(right_, pattern, fmt::format("table {}", join_.table.value));
  }

  /// What the left does not have keeps its name, so a name with the suffix must not be one of the right's either.
  std::string new_name(const std::string& name) const {
    if (find_field(left_, name) < 0) return name;
    const std::string wanted = name + join_.suffix;
    const bool taken = find_field(left_, wanted) >= 0 ||
                       std::any_of(spec_.payload.begin(), spec_.payload.end(),
                                   [&](int column) { return right_[static_cast<std::size_t>(column)].name == wanted; });
    if (!taken) return wanted;
    throw join_error(job_path_, step_.place,
                     fmt::format("both tables have '{0}', and '{0}{1}' is taken too: choose another suffix, as in "
                                 "suffix: {1}2",
                                 name, join_.suffix));
  }

  const JoinStep& join_;
  const StepSpec& step_;
  const Fields &left_, &right_;
  const std::string& job_path_;
  JoinSpec spec_;
};

/// A side without rows may lack columns (nobody wrote them down) and its types say nothing: keys take the other
/// side's types, what is named is there.
DatasetPtr with_columns(const JoinStep& join, const DatasetPtr& data, const Dataset& other, bool is_left,
                        const Workspace& workspace) {
  if (data->rows() > 0) return data;
  Fields fields = data->fields();
  const auto put = [&](const std::string& name, std::optional<ValueType> type) {
    for (Field& field : fields) {
      if (field.name != name) continue;
      if (type) field.type = *type;
      return;
    }
    fields.push_back({name, type.value_or(ValueType::kString)});
  };
  for (const auto& [left, right] : join.on) {
    const int at = other.find(is_left ? right.value : left.value);
    std::optional<ValueType> type;
    if (at >= 0) type = other.fields()[static_cast<std::size_t>(at)].type;
    put(is_left ? left.value : right.value, type);
  }
  for (const std::string& name : is_left ? std::vector<std::string>() : literal_columns(join)) put(name, std::nullopt);
  auto wider = std::make_shared<Dataset>(std::move(fields), workspace);
  wider->finish();
  return wider;
}

}  // namespace

Error join_error(const std::string& job_path, JobPlace place, const std::string& what) {
  return Error(ExitCode::kUser, fmt::format("{}: join: {}", place.in(job_path), what));
}

JoinSpec join_spec(const JoinStep& join_step, const StepSpec& step, const Fields& left, const Fields& right,
                   const std::string& job_path) {
  return JoinColumns(join_step, step, left, right, job_path).spec();
}

std::vector<int> join_payload(const JoinStep& join_step, const Fields& right) {
  std::vector<int> columns;
  if (join_step.how == "semi" || join_step.how == "anti") return columns;
  for (std::size_t c = 0; c < right.size(); ++c) {
    if (is_wanted(join_step, right[c].name) && !is_repeated_key(join_step, right[c].name))
      columns.push_back(static_cast<int>(c));
  }
  return columns;
}

bool brings_unknown_columns(const JoinStep& join_step, const Dataset& right) {
  if (right.rows() > 0 || !right.fields().empty() || join_step.how == "semi" || join_step.how == "anti") return false;
  return !join_step.columns || std::any_of(join_step.columns->begin(), join_step.columns->end(),
                                           [](const Text& column) { return is_glob(column.value); });
}

std::optional<std::vector<std::string>> joined_columns(const JoinStep& join_step, const Fields& right) {
  std::vector<std::string> names;
  for (const auto& [left, key] : join_step.on) names.push_back(key.value);
  const auto is_there = [&](const std::string& pattern) {
    return std::any_of(right.begin(), right.end(),
                       [&](const Field& field) { return glob_matches(pattern, field.name); });
  };
  if (!std::all_of(names.begin(), names.end(), is_there)) return std::nullopt;
  for (const Text& pattern : join_step.columns.value_or(std::vector<Text>{})) {
    if (!is_there(pattern.value)) return std::nullopt;
  }
  for (const int column : join_payload(join_step, right)) names.push_back(right[static_cast<std::size_t>(column)].name);
  return names;
}

DatasetPtr run_join(const JoinStep& join_step, const StepSpec& step, DatasetPtr left, DatasetPtr right,
                    const TableStepContext& context, OperatorReport& report) {
  left = with_columns(join_step, left, *right, true, context.workspace);
  right = with_columns(join_step, right, *left, false, context.workspace);
  // A key without any value takes the other side's type.
  for (const auto& [left_key, right_key] : join_step.on) {
    const int l = left->find(left_key.value), r = right->find(right_key.value);
    if (l < 0 || r < 0) continue;
    left = fitting(left, l, right->fields()[static_cast<std::size_t>(r)].type, context.workspace);
    right = fitting(right, r, left->fields()[static_cast<std::size_t>(l)].type, context.workspace);
  }
  const JoinSpec spec = join_spec(join_step, step, left->fields(), right->fields(), context.job.path);
  report.name = fmt::format("join {}", join_step.table.value);
  try {
    return join(*left, *right, spec, context.workspace, report);
  } catch (const Error& error) {
    if (error.code() != ExitCode::kUser) throw;
    throw join_error(context.job.path, step.place, error.what());
  }
}

}  // namespace evclean
