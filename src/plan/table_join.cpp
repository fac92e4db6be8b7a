// SPDX-License-Identifier: Apache-2.0
#include "table_join.hpp"

#include <algorithm>
#include <map>

#include "evclean/pipeline.hpp"
#include "evclean/suggest.hpp"

namespace evclean {
namespace {

class JoinColumns {
 public:
  JoinColumns(const JoinStep& join_step, const StepSpec& step, DatasetPtr left, DatasetPtr right,
              const TableStepContext& context)
      : join_(join_step), step_(step), left_(std::move(left)), right_(std::move(right)), context_(context) {}

  DatasetPtr run(OperatorReport& report) {
    spec_.how = how();
    spec_.strategy = strategy();
    left_ = with_columns(left_, {}, true);
    right_ = with_columns(right_, literal_columns(), false);
    for (const auto& [left, right] : join_.on) {
      spec_.left_keys.push_back(find(*left_, left, "the left table"));
      spec_.right_keys.push_back(find(*right_, right, fmt::format("table {}", join_.table.value)));
    }
    if (spec_.how != JoinHow::kSemi && spec_.how != JoinHow::kAnti) choose_payload();
    report.name = fmt::format("join {}", join_.table.value);
    try {
      return join(*left_, *right_, spec_, context_.workspace, report);
    } catch (const Error& error) {
      if (error.code() != ExitCode::kUser) throw;
      fail(step_.place, error.what());
    }
  }

 private:
  [[noreturn]] void fail(JobPlace place, const std::string& what) const {
    throw Error(ExitCode::kUser, fmt::format("{}:{}:{}: join: {}", context_.job.path, place.line, place.column, what));
  }

  JoinHow how() const {
    static const std::map<std::string, JoinHow> kWords = {{"inner", JoinHow::kInner}, {"left", JoinHow::kLeft},
                                                          {"right", JoinHow::kRight}, {"full", JoinHow::kFull},
                                                          {"semi", JoinHow::kSemi},   {"anti", JoinHow::kAnti}};
    return kWords.at(join_.how);
  }

  JoinStrategy strategy() const {
    static const std::map<std::string, JoinStrategy> kWords = {{"auto", JoinStrategy::kAuto},
                                                               {"broadcast", JoinStrategy::kBroadcast},
                                                               {"keys", JoinStrategy::kKeys},
                                                               {"rows", JoinStrategy::kRows}};
    return kWords.at(join_.strategy);
  }

  int find(const Dataset& data, const Text& name, const std::string& where) const {
    const int at = data.find(name.value);
    if (at >= 0) return at;
    std::vector<std::string> known;
    for (const Field& field : data.fields()) known.push_back(field.name);
    fail(name.place,
         fmt::format("no column '{}' in {}{}; columns there: {}", name.value, where, did_you_mean(name.value, known),
                     known.empty() ? "none" : fmt::to_string(fmt::join(known, ", "))));
  }

  std::vector<std::string> literal_columns() const {
    std::vector<std::string> names;
    if (!join_.columns) return names;
    for (const Text& name : *join_.columns) {
      if (name.value.find_first_of("*?") == std::string::npos) names.push_back(name.value);
    }
    return names;
  }

  /// A side without rows may lack columns (nobody wrote them down) and its types say nothing: keys take the other
  /// side's types, what is named is there.
  DatasetPtr with_columns(const DatasetPtr& data, const std::vector<std::string>& named, bool is_left) const {
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
    const Dataset& other = is_left ? *right_ : *left_;
    for (const auto& [left, right] : join_.on) {
      const int at = other.find(is_left ? right.value : left.value);
      std::optional<ValueType> type;
      if (at >= 0) type = other.fields()[static_cast<std::size_t>(at)].type;
      put(is_left ? left.value : right.value, type);
    }
    for (const std::string& name : named) put(name, std::nullopt);
    auto wider = std::make_shared<Dataset>(std::move(fields), context_.workspace);
    wider->finish();
    return wider;
  }

  bool is_wanted(const std::string& name) const {
    if (!join_.columns) return true;
    return std::any_of(join_.columns->begin(), join_.columns->end(),
                       [&](const Text& pattern) { return matches(pattern.value, name); });
  }

  static bool matches(const std::string& pattern, const std::string& name) {
    return pattern == name || (pattern.find_first_of("*?") != std::string::npos && glob_matches(pattern, name));
  }

  /// A key of the right is not repeated, but may be named under columns when the left calls it otherwise.
  bool is_repeated_key(const std::string& name) const {
    for (const auto& [left, right] : join_.on) {
      if (right.value != name) continue;
      if (left.value == name || !join_.columns) return true;
      return std::none_of(join_.columns->begin(), join_.columns->end(), [&](const Text& t) { return t.value == name; });
    }
    return false;
  }

  void choose_payload() {
    if (join_.columns) {
      for (const Text& pattern : *join_.columns) check_pattern(pattern);
    }
    const Fields& fields = right_->fields();
    for (std::size_t c = 0; c < fields.size(); ++c) {
      if (!is_wanted(fields[c].name) || is_repeated_key(fields[c].name)) continue;
      spec_.payload.push_back(static_cast<int>(c));
      spec_.payload_names.push_back(new_name(fields[c].name));
    }
  }

  void check_pattern(const Text& pattern) const {
    const Fields& fields = right_->fields();
    const bool found = std::any_of(fields.begin(), fields.end(),
                                   [&](const Field& field) { return matches(pattern.value, field.name); });
    if (!found) find(*right_, pattern, fmt::format("table {}", join_.table.value));
  }

  std::string new_name(const std::string& name) const {
    const auto taken = [&](const std::string& wanted) {
      const auto& names = spec_.payload_names;
      return left_->find(wanted) >= 0 || std::find(names.begin(), names.end(), wanted) != names.end();
    };
    if (!taken(name)) return name;
    if (!taken(name + join_.suffix)) return name + join_.suffix;
    fail(step_.place, fmt::format("both tables have '{}', and '{}{}' is taken too: choose another suffix:", name, name,
                                  join_.suffix));
  }

  const JoinStep& join_;
  const StepSpec& step_;
  DatasetPtr left_, right_;
  const TableStepContext& context_;
  JoinSpec spec_;
};

}  // namespace

DatasetPtr run_join(const JoinStep& join_step, const StepSpec& step, DatasetPtr left, DatasetPtr right,
                    const TableStepContext& context, OperatorReport& report) {
  return JoinColumns(join_step, step, std::move(left), std::move(right), context).run(report);
}

}  // namespace evclean
