// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>

#include <algorithm>
#include <string_view>

#include "evclean/arrow_status.hpp"
#include "evclean/line_ends.hpp"
#include "table_input.hpp"

namespace evclean {
namespace {

bool wanted(const TableInput& input) { return input.spec->input && input.spec->input->source; }

/// The data's own `_file` or `_line` (of a file that was cleaned before), or one that has made way already.
bool is_taken(std::string_view name) {
  if (!name.starts_with("_file") && !name.starts_with("_line")) return false;
  name.remove_prefix(5);
  while (name.starts_with("_2")) name.remove_prefix(2);
  return name.empty();
}

}  // namespace

void keep_own_columns(const TableInput& input, Batch& batch) {
  if (!wanted(input)) return;
  for (std::string& name : batch.names) {
    if (is_taken(name)) name += "_2";
  }
}

void add_source_columns(const TableInput& input, std::int64_t line_base, Batch& batch) {
  if (!wanted(input) || batch.records.empty()) return;
  const auto file = static_cast<std::size_t>(std::max(batch.origin.file, 0));
  const std::string shown = file < input.files.size() ? input.files[file].shown : "test input";
  arrow::StringBuilder files;
  arrow::Int64Builder lines;
  const char* text = batch.text->data();
  std::uint32_t counted = 0;
  std::int64_t line = line_base + batch.origin.first_line + 1;
  for (const RecordRef record : batch.records) {
    line += count_line_ends(text, counted, record.offset, batch.origin.lone_cr);
    counted = record.offset;
    check_arrow(files.Append(shown), "_file");
    check_arrow(lines.Append(line), "_line");
  }
  batch.put("_file", take_arrow(files.Finish(), "_file"));
  batch.put("_line", take_arrow(lines.Finish(), "_line"));
}

void add_source_columns(const TableInput& input, std::vector<InputColumn>& columns) {
  if (!wanted(input)) return;
  for (InputColumn& column : columns) {
    if (is_taken(column.name)) column.name += "_2";
  }
  // Typed by the engine: nothing to infer, and no word means missing.
  columns.push_back({"_file", true, ValueType::kString});
  columns.push_back({"_line", true, ValueType::kInt64});
}

}  // namespace evclean
