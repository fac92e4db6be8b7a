// SPDX-License-Identifier: Apache-2.0
#include "columns.hpp"

#include <arrow/api.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "evclean/suggest.hpp"

namespace evclean {
namespace {

constexpr std::size_t kLongestName = 200;

/// Cuts on a UTF-8 boundary.
void cut(std::string& text, std::size_t bytes) {
  if (text.size() <= bytes) return;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xc0) == 0x80) --bytes;
  text.resize(bytes);
}

}  // namespace

void fail_encode(const EncodeContext& context, JobPlace place, const std::string& what) {
  if (place.line <= 0) fail_user("encode: {}", what);
  fail_user("{}: encode: {}", place.in(context.job_path), what);
}

std::vector<std::string> visible_columns(const Dataset& data, const EncodeContext& context) {
  std::vector<std::string> names;
  for (std::size_t c = 0; c < data.fields().size(); ++c) {
    if (std::find(context.carried.begin(), context.carried.end(), static_cast<int>(c)) == context.carried.end()) {
      names.push_back(data.fields()[c].name);
    }
  }
  return names;
}

int find_column(const Dataset& data, const Text& name, const EncodeContext& context) {
  const int at = data.find(name.value);
  if (at >= 0) return at;
  const std::vector<std::string> known = visible_columns(data, context);
  fail_encode(context, name.place,
              fmt::format("no column '{}'{}; columns here: {}", name.value, did_you_mean(name.value, known),
                          known.empty() ? "none" : fmt::to_string(fmt::join(known, ", "))));
}

std::vector<int> find_columns(const Dataset& data, const std::vector<Text>& names, const EncodeContext& context) {
  std::vector<int> at;
  for (const Text& name : names) at.push_back(find_column(data, name, context));
  return at;
}

Batch one_row(const Dataset& data, std::vector<Aggregate> aggregates, const EncodeContext& context) {
  for (std::size_t i = 0; i < aggregates.size(); ++i) aggregates[i].name = fmt::format("a{}", i);
  OperatorReport ignored;
  const DatasetPtr row = group(data, {{}, std::move(aggregates)}, context.workspace, ignored);
  std::vector<Batch> batches = gather_everywhere(*row, context.workspace);
  EVCLEAN_CHECK(batches.size() == 1 && batches[0].num_rows == 1, "an aggregate of one row");
  return std::move(batches[0]);
}

std::int64_t int_at(const Batch& row, std::size_t column) {
  return static_cast<const arrow::Int64Array&>(*row.array(static_cast<int>(column))).Value(0);
}

std::optional<double> double_at(const Batch& row, std::size_t column) {
  const arrow::Array& array = *row.array(static_cast<int>(column));
  if (array.IsNull(0)) return std::nullopt;
  return static_cast<const arrow::DoubleArray&>(array).Value(0);
}

std::string free_name(std::string name, std::set<std::string>& taken) {
  cut(name, kLongestName);
  std::string free = name;
  for (int n = 2; !taken.insert(free).second; ++n) free = fmt::format("{}_{}", name, n);
  return free;
}

std::string with_commas(std::int64_t number) {
  const std::string digits = fmt::to_string(number);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

}  // namespace evclean
