// SPDX-License-Identifier: Apache-2.0
#include "earlier.hpp"

#include <fmt/format.h>

namespace evclean {
namespace {

using Kind = EncodedColumn::Kind;

void add_ids(const EncodeStep& step, std::set<std::string>& named) {
  for (const Text& id : step.id) named.insert(id.value);
}

}  // namespace

void EarlierColumns::take_names(const Dataset& data, std::set<std::string>& taken) const {
  for (const int column : {split, label}) {
    if (column >= 0) taken.insert(data.fields()[static_cast<std::size_t>(column)].name);
  }
  for (const int column : features) taken.insert(data.fields()[static_cast<std::size_t>(column)].name);
}

int earlier_split(const Dataset& data, const EncodeContext& context) {
  return !context.before || context.before->split.empty() ? -1 : data.find(context.before->split);
}

EarlierColumns earlier_columns(const Dataset& data, const EncodeStep& step, const std::set<std::string>& named,
                               const EncodeContext& context) {
  EarlierColumns earlier;
  if (!context.before) return earlier;
  const auto kept = [&](const std::string& name) {
    return name.empty() || named.count(name) > 0 ? -1 : data.find(name);
  };
  earlier.split = kept(context.before->split);
  earlier.label = kept(context.before->label);
  if (step.split && earlier_split(data, context) >= 0) {
    fail_encode(context, step.place,
                fmt::format("an earlier encode has split the table ('{}'): split stands in the first one only",
                            context.before->split));
  }
  if (step.label && earlier.label >= 0) {
    fail_encode(
        context, step.label->place,
        fmt::format("an earlier encode has made '{}' the label: a table has one; name that one as id, or keep it "
                    "as a feature, if it is no longer to be y",
                    context.before->label));
  }
  for (const std::string& name : context.before->features) {
    if (const int column = kept(name); column >= 0) earlier.features.push_back(column);
  }
  return earlier;
}

std::set<std::string> columns_named(const EncodeStep& step) {
  std::set<std::string> named;
  add_ids(step, named);
  if (step.label) named.insert(step.label->value);
  for (const EncodedColumn& column : step.columns) {
    if (column.kind != Kind::kMissing) named.insert(column.column.value);
  }
  return named;
}

std::set<std::string> columns_named(const EncodeStep& step, const Mapping& mapping) {
  std::set<std::string> named;
  add_ids(step, named);
  if (mapping.label) named.insert(mapping.label->column);
  for (const FittedColumn& column : mapping.columns) {
    if (column.kind != Kind::kMissing) named.insert(column.column);
  }
  return named;
}

}  // namespace evclean
