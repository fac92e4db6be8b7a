// SPDX-License-Identifier: Apache-2.0
#include "columns_behind.hpp"

#include <algorithm>

#include "evclean/pattern.hpp"
#include "evclean/pipeline.hpp"
#include "evclean/relational.hpp"
#include "evclean/types.hpp"
#include "table_join.hpp"
#include "table_steps.hpp"

namespace evclean {
namespace {

/// Follows the columns of a table through its steps.
class ColumnsRead {
 public:
  using Other = std::function<DatasetPtr(const std::string&)>;

  ColumnsRead(const Job& job, const std::string& table, const Fields& fields, const Other& other)
      : job_(job), table_(table), other_(other), uses_(fields.size(), Use::kNone) {
    for (std::size_t c = 0; c < fields.size(); ++c)
      columns_.push_back({fields[c].name, static_cast<int>(c), fields[c].type});
  }

  /// Takes a step along. False: it is one that nobody can say it of.
  bool take(const StepSpec& step) {
    std::visit([this, &step](const auto& body) { take(body, step); }, step.body);
    return known_;
  }
  /// Nothing of the columns is left behind the last step that was taken.
  bool ended() const { return ended_; }
  /// What is left at the table's end is written.
  void end() { use_all(Use::kTyped); }

  ColumnsBehind result(const Fields& fields) const {
    ColumnsBehind behind;
    for (std::size_t c = 0; c < fields.size(); ++c) {
      if (uses_[c] != Use::kNone) behind.carried.push_back(fields[c].name);
      if (uses_[c] == Use::kNamed || uses_[c] == Use::kText) behind.as_text.insert(fields[c].name);
    }
    return behind;
  }

 private:
  enum class Use : std::uint8_t { kNone, kNamed, kText, kTyped };
  struct Column {
    std::string name;
    int original = -1;  ///< its place where the following began; -1: a step has made its values since
    ValueType type = ValueType::kString;
    bool filled = false;  ///< whoever reads it reads what a fill took for its type
  };

  Column* find(const std::string& name) {
    const auto at = std::find_if(columns_.begin(), columns_.end(), [&](const Column& c) { return c.name == name; });
    return at == columns_.end() ? nullptr : &*at;
  }
  void use(const Column& column, Use how) {
    if (column.original < 0) return;
    Use& known = uses_[static_cast<std::size_t>(column.original)];
    known = std::max(known, column.filled && how == Use::kText ? Use::kTyped : how);
  }
  void use(const std::string& name, Use how) {
    const Column* const column = find(name);
    known_ &= column != nullptr;  // the message is to name all there are
    if (column != nullptr) use(*column, how);
  }
  void use_all(Use how) {
    for (const Column& column : columns_) use(column, how);
  }
  void read(const std::vector<Text>& names) {
    for (const Text& name : names) use(name.value, Use::kTyped);
  }
  void read_expression(const std::string& text) {
    std::vector<std::string> names;
    for (const Column& column : columns_) names.push_back(column.name);
    try {
      for (const int at : Expression::parse(text, job_.functions).columns(names))
        use(columns_[static_cast<std::size_t>(at)], Use::kTyped);
    } catch (const ExpressionError&) {
      known_ = false;
    }
  }
  /// A column that is replaced keeps its place, so it must be there. `old`: what becomes of the values it had.
  void make(const std::string& name, Use old = Use::kNamed) {
    Column* const column = find(name);
    if (column == nullptr) return columns_.push_back({name});
    use(*column, old);
    column->original = -1;
  }
  void make(const std::vector<NamedText>& values) {
    for (const NamedText& value : values) {
      read_expression(value.value);
      make(value.name);
    }
  }
  /// Columns that a select or drop names: it wants to find them.
  std::vector<std::string> chosen(const std::vector<Text>& wanted) {
    std::vector<std::string> names;
    for (const Text& text : wanted) {
      if (find(text.value) != nullptr || !is_glob(text.value)) {
        names.push_back(text.value);
        continue;
      }
      for (const Column& column : columns_) {
        if (glob_matches(text.value, column.name)) names.push_back(column.name);
      }
    }
    for (const std::string& name : names) use(name, Use::kNamed);
    return names;
  }
  static bool is_in(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  }

  void take(const FilterStep& filter, const StepSpec&) { read_expression(filter.expression.value); }
  void take(const SetStep& set, const StepSpec&) { make(set.values); }
  void take(const FlagStep& flag, const StepSpec&) { make(flag.values); }
  /// A value for all is one for those that are read later on.
  void take(const FillStep& fill, const StepSpec&) {
    for (Column& column : columns_) column.filled |= fill.none || fill.all;
    for (const NamedText& value : fill.values) use(value.name, Use::kTyped);
  }
  /// What a cast by a format, or to text, reads is the text as it was; another takes what inference has found.
  void take(const CastStep& cast, const StepSpec&) {
    for (const NamedText& wanted : cast.types) {
      const bool text = wanted.value == type_name(ValueType::kString) || wanted.value.find(':') != std::string::npos;
      use(wanted.name, text ? Use::kText : Use::kTyped);
      if (Column* const column = find(wanted.name)) column->original = -1;
    }
  }
  void take(const MapStep& map, const StepSpec&) {
    use(map.column.value, Use::kTyped);
    make(map.column.value);
  }
  void take(const ParseStep& parse, const StepSpec&) {
    use(parse.column.value, Use::kText);
    for (const Text& text : parse.patterns) {
      try {
        const Pattern pattern(text.value);
        for (const auto& group : pattern.groups()) make(parse.prefix + group.name, Use::kText);
      } catch (const Error&) {
        known_ = false;
      }
    }
  }
  void take(const ExplodeStep& explode, const StepSpec&) {
    use(explode.column.value, Use::kTyped);
    make(explode.as ? explode.as->value : explode.column.value);
  }
  void take(const IndexStep& index, const StepSpec&) { make(index.name.value); }
  void take(const LimitStep&, const StepSpec&) {}
  void take(const SampleStep&, const StepSpec&) {}
  void take(const SelectStep& select, const StepSpec&) {
    const std::vector<std::string> names = chosen(select.columns);
    std::erase_if(columns_, [&](const Column& column) { return !is_in(names, column.name); });
  }
  void take(const DropStep& drop, const StepSpec&) {
    const std::vector<std::string> names = chosen(drop.columns);
    std::erase_if(columns_, [&](const Column& column) { return is_in(names, column.name); });
  }
  /// Names depend on each other, so those that are given up must be there too.
  void take(const RenameStep& rename, const StepSpec&) {
    std::vector<Column> renamed = columns_;
    if (rename.warehouse) {
      use_all(Use::kNamed);
      std::vector<std::string> names;
      for (const Column& column : columns_) names.push_back(column.name);
      NameRule rule;
      rule.version = rename.version;
      rule.camel_split = rename.camel_split;
      const std::vector<RenamedColumn> changes = warehouse_names(names, rule);
      for (std::size_t c = 0; c < changes.size(); ++c) renamed[c].name = changes[c].name;
    }
    for (const NamedText& pair : rename.names) {
      use(pair.name, Use::kNamed);
      const Column* const column = find(pair.name);
      if (column != nullptr) renamed[static_cast<std::size_t>(column - columns_.data())].name = pair.value;
    }
    std::set<std::string> seen;
    for (const Column& column : renamed) known_ &= seen.insert(column.name).second;
    columns_ = std::move(renamed);
  }
  void take(const SortStep& sort, const StepSpec&) {
    for (const SortColumn& key : sort.columns) use(key.column.value, Use::kTyped);
  }
  void take(const DistinctStep& distinct, const StepSpec&) {
    if (distinct.columns.empty()) use_all(Use::kTyped);
    read(distinct.columns);
  }
  void take(const SessionizeStep& session, const StepSpec&) {
    read(session.by);
    use(session.time.value, Use::kTyped);
    for (const char* name : {"session_id", "session_seq"}) {
      known_ &= find(name) == nullptr;
      make(name);
    }
  }
  /// A column of the right is called otherwise while the left has its name, so that one stays.
  void take(const JoinStep& join, const StepSpec&) {
    for (const auto& [left, right] : join.on) use(left.value, Use::kTyped);
    const DatasetPtr right = other_ ? other_(join.table.value) : nullptr;
    known_ &= right != nullptr && right->rows() > 0;  // without rows it may lack columns
    if (!known_) return;
    std::vector<Column> added;
    for (const int c : join_payload(join, right->fields())) {
      const std::string& name = right->fields()[static_cast<std::size_t>(c)].name;
      const Column* const same = find(name);
      if (same != nullptr) use(*same, Use::kNamed);
      added.push_back({same == nullptr ? name : name + join.suffix});
      known_ &= find(added.back().name) == nullptr;
    }
    columns_.insert(columns_.end(), added.begin(), added.end());
  }
  /// The names of the right depend on those of the left.
  void take(const AlignStep& align, const StepSpec&) {
    const DatasetPtr right = other_ ? other_(align.table.value) : nullptr;
    known_ &= right != nullptr && right->rows() > 0;
    if (!known_) return;
    Fields left;
    for (const Column& column : columns_) left.push_back({column.name, column.type});
    const Fields both = aligned_fields(left, right->fields());
    for (std::size_t c = left.size(); c < both.size(); ++c) {
      const std::string& own = right->fields()[c - left.size()].name;
      for (std::string name = own; name != both[c].name; name += "_right") {
        if (const Column* const same = find(name)) use(*same, Use::kNamed);
      }
    }
    for (std::size_t c = left.size(); c < both.size(); ++c) columns_.push_back({both[c].name});
  }
  template <typename MakesAnother>
  void take(const MakesAnother&, const StepSpec& step) {
    Fields fields;
    for (const Column& column : columns_) fields.push_back({column.name, column.type});
    const auto names = columns_used(job_, step, table_, fields);
    known_ &= names.has_value();
    for (const std::string& name : names.value_or(std::vector<std::string>())) use(name, Use::kTyped);
    ended_ = true;
  }

  const Job& job_;
  const std::string& table_;
  const Other& other_;
  std::vector<Column> columns_;
  std::vector<Use> uses_;  ///< of the columns where the following began
  bool known_ = true, ended_ = false;
};

}  // namespace

std::vector<std::string> ColumnsBehind::typed() const {
  std::vector<std::string> names;
  for (const std::string& name : carried) {
    if (as_text.count(name) == 0) names.push_back(name);
  }
  return names;
}

std::optional<ColumnsBehind> columns_behind(const Job& job, const TableSpec& spec, std::size_t from,
                                            const Fields& fields,
                                            const std::function<DatasetPtr(const std::string&)>& other) {
  ColumnsRead read(job, spec.name, fields, other);
  for (std::size_t at = from; at < spec.steps.size() && !read.ended(); ++at) {
    if (!read.take(spec.steps[at])) return std::nullopt;
  }
  if (!read.ended()) read.end();
  return read.result(fields);
}

std::vector<StepSpec> narrowing_steps(const ColumnsBehind& wanted, const Fields& fields,
                                      const std::set<std::string>& open) {
  std::vector<StepSpec> steps;
  CastStep cast;
  for (const std::string& name : wanted.as_text) {
    if (open.count(name) > 0) cast.types.push_back({name, std::string(type_name(ValueType::kString)), {}, {}});
  }
  if (!cast.types.empty()) steps.push_back({"cast", {}, std::move(cast)});
  if (wanted.carried.size() == fields.size()) return steps;
  SelectStep select;
  for (const std::string& name : wanted.carried) select.columns.push_back({name, {}});
  // A column that is called like a pattern would choose others.
  const bool plain =
      std::none_of(wanted.carried.begin(), wanted.carried.end(), [](const std::string& name) { return is_glob(name); });
  if (plain) steps.push_back({"select", {}, std::move(select)});
  return steps;
}

}  // namespace evclean
