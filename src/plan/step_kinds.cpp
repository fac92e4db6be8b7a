// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "evclean/pipeline.hpp"
#include "table_steps.hpp"

namespace evclean {
namespace {

template <typename... Steps>
bool is_one_of(const StepBody& body) {
  return (std::holds_alternative<Steps>(body) || ...);
}

/// Follows the columns of a table through its steps until one leaves out all that it does not name.
class ColumnsRead {
 public:
  ColumnsRead(const Job& job, const std::string& table, const Fields& fields) : job_(job), table_(table) {
    for (const Field& field : fields) names_.push_back(field.name);
    original_.insert(names_.begin(), names_.end());
  }

  /// Takes a step along. False: it is one that nobody can say it of.
  bool take(const StepSpec& step) {
    known_ = true;
    std::visit([this, &step](const auto& body) { take(body, step); }, step.body);
    return known_;
  }
  bool ended() const { return ended_; }
  const std::set<std::string>& used() const { return used_; }

 private:
  void read(const std::string& name) {
    known_ &= std::find(names_.begin(), names_.end(), name) != names_.end();  // the message is to name all
    if (original_.count(name) > 0) used_.insert(name);
  }
  void read(const std::vector<Text>& names) {
    for (const Text& name : names) read(name.value);
  }
  void read_expression(const std::string& text) {
    try {
      for (const int at : Expression::parse(text, job_.functions).columns(names_))
        read(names_[static_cast<std::size_t>(at)]);
    } catch (const ExpressionError&) {
      known_ = false;
    }
  }
  void make(const std::string& name) {
    original_.erase(name);
    if (std::find(names_.begin(), names_.end(), name) == names_.end()) names_.push_back(name);
  }
  void make(const std::vector<NamedText>& values) {
    for (const NamedText& value : values) {
      read_expression(value.value);
      make(value.name);
    }
  }

  void take(const FilterStep& filter, const StepSpec&) { read_expression(filter.expression.value); }
  void take(const SetStep& set, const StepSpec&) { make(set.values); }
  void take(const FlagStep& flag, const StepSpec&) { make(flag.values); }
  void take(const FillStep& fill, const StepSpec&) {
    for (const NamedText& value : fill.values) read(value.name);
  }
  void take(const CastStep& cast, const StepSpec&) {
    for (const NamedText& type : cast.types) read(type.name);
  }
  void take(const MapStep& map, const StepSpec&) { read(map.column.value); }
  void take(const IndexStep& index, const StepSpec&) { make(index.name.value); }
  void take(const LimitStep&, const StepSpec&) {}
  void take(const SampleStep&, const StepSpec&) {}
  void take(const DropStep& drop, const StepSpec&) { read(drop.columns); }
  void take(const SortStep& sort, const StepSpec&) {
    for (const SortColumn& key : sort.columns) read(key.column.value);
  }
  void take(const DistinctStep& distinct, const StepSpec&) {
    known_ &= !distinct.columns.empty();
    read(distinct.columns);
  }
  void take(const SessionizeStep& session, const StepSpec&) {
    read(session.by);
    read(session.time.value);
    for (const char* name : {"session_id", "session_seq"}) {
      known_ &= std::find(names_.begin(), names_.end(), name) == names_.end();
      make(name);
    }
  }
  void take(const SelectStep& select, const StepSpec&) {
    read(select.columns);  // a pattern is no name: then all are carried
    ended_ = true;
  }
  void take(const GroupStep&, const StepSpec& step) {
    Fields fields;
    for (const std::string& name : names_) fields.push_back({name, ValueType::kString});
    const auto columns = columns_used(job_, step, table_, fields);
    known_ &= columns.has_value();
    for (const std::string& name : columns.value_or(std::vector<std::string>())) read(name);
    ended_ = true;
  }
  template <typename Other>
  void take(const Other&, const StepSpec&) {
    known_ = false;
  }

  const Job& job_;
  const std::string& table_;
  std::vector<std::string> names_;  ///< as they stand
  std::set<std::string> original_;  ///< of them: those that nothing has replaced
  std::set<std::string> used_;
  bool known_ = true, ended_ = false;
};

}  // namespace

std::optional<std::vector<std::string>> columns_read_behind(const Job& job, const TableSpec& spec, std::size_t from,
                                                            const Fields& fields) {
  if (is_one_of<GroupStep, SqlStep, EncodeStep>(spec.steps[from].body))
    return columns_used(job, spec.steps[from], spec.name, fields);
  ColumnsRead read(job, spec.name, fields);
  for (std::size_t at = from; !read.ended(); ++at) {
    if (at == spec.steps.size() || !read.take(spec.steps[at])) return std::nullopt;
  }
  std::vector<std::string> in_order;
  for (const Field& field : fields) {
    if (read.used().count(field.name) > 0) in_order.push_back(field.name);
  }
  return in_order;
}

bool is_table_step(const StepSpec& step) {
  return is_one_of<JoinStep, AlignStep, DistinctStep, GroupStep, SessionizeStep, SortStep, SqlStep, EncodeStep>(
      step.body);
}

std::size_t next_table_step(const TableSpec& spec, std::size_t from, std::size_t end) {
  while (from < end && !is_table_step(spec.steps[from])) ++from;
  return from;
}

TableSpec with_steps(const TableSpec& spec, std::size_t begin, std::size_t end) {
  TableSpec piece = spec;
  piece.steps.assign(spec.steps.begin() + static_cast<std::ptrdiff_t>(begin),
                     spec.steps.begin() + static_cast<std::ptrdiff_t>(end));
  return piece;
}

bool ends_records(const StepSpec& step) {
  return is_one_of<JoinStep, AlignStep, GroupStep, SqlStep, ExplodeStep>(step.body);
}

bool makes_columns(const StepSpec& step) { return is_one_of<GroupStep, SqlStep>(step.body); }

bool drops_rows(const StepSpec& step) {
  return rejects_rows(step) || is_one_of<FilterStep, LimitStep, SampleStep, DistinctStep>(step.body);
}

bool rejects_rows(const StepSpec& step) {
  const auto* cast = std::get_if<CastStep>(&step.body);
  return cast != nullptr && !cast->null_on_error;
}

}  // namespace evclean
