// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>

#include <algorithm>

#include "evclean/arrow_status.hpp"
#include "table_input.hpp"

namespace evclean {
namespace {

bool wanted(const TableInput& input) { return input.spec->input && input.spec->input->source; }

}  // namespace

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
    line += std::count(text + counted, text + record.offset, '\n');
    counted = record.offset;
    check_arrow(files.Append(shown), "_file");
    check_arrow(lines.Append(line), "_line");
  }
  batch.put("_file", take_arrow(files.Finish(), "_file"));
  batch.put("_line", take_arrow(lines.Finish(), "_line"));
}

void add_source_columns(const TableInput& input, std::vector<InputColumn>& columns) {
  if (!wanted(input)) return;
  std::erase_if(columns, [](const InputColumn& c) { return c.name == "_file" || c.name == "_line"; });
  // Typed by the engine: nothing to infer, and no word means missing.
  columns.push_back({"_file", true, ValueType::kString});
  columns.push_back({"_line", true, ValueType::kInt64});
}

}  // namespace evclean
