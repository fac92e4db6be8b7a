// SPDX-License-Identifier: Apache-2.0
// What several steps do with a batch's columns: align, choose, rename, see as text; and rejects of rows.
#include <arrow/api.h>

#include <algorithm>

#include "evclean/arrow_status.hpp"
#include "evclean/line_ends.hpp"
#include "ops.hpp"

namespace evclean {
namespace {

constexpr std::size_t kRejectTextBytes = 64 << 10;

/// A column that this block's records lack. Where the format says its type it has it here too: nothing settles it
/// later.
Column missing_column(const InputColumn& wanted, const Batch& batch) {
  if (wanted.fixed) {
    return take_arrow(arrow::MakeArrayOfNull(arrow_type(wanted.type), batch.num_rows), "missing values");
  }
  SpanColumn column;
  column.text = batch.text;
  column.spans.resize(static_cast<std::size_t>(batch.num_rows));
  return column;
}

class KeepColumns final : public Op {
 public:
  explicit KeepColumns(std::vector<std::string> columns) : columns_(std::move(columns)) {}
  void apply(Batch& batch, OpState&) override {
    std::vector<Column> kept;
    for (const std::string& name : columns_)
      kept.push_back(std::move(batch.columns[static_cast<std::size_t>(batch.find(name))]));
    batch.columns = std::move(kept);
    batch.names = columns_;
  }

 private:
  std::vector<std::string> columns_;
};

class Rename final : public Op {
 public:
  explicit Rename(std::vector<std::pair<std::string, std::string>> names) : names_(std::move(names)) {}
  void apply(Batch& batch, OpState&) override {
    std::vector<std::string> renamed = batch.names;
    for (const auto& [from, to] : names_) renamed[static_cast<std::size_t>(batch.find(from))] = to;
    batch.names = std::move(renamed);
  }

 private:
  std::vector<std::pair<std::string, std::string>> names_;
};

}  // namespace

std::unique_ptr<Op> make_keep_columns_op(std::vector<std::string> columns) {
  return std::make_unique<KeepColumns>(std::move(columns));
}

std::unique_ptr<Op> make_rename_op(std::vector<std::pair<std::string, std::string>> names) {
  return std::make_unique<Rename>(std::move(names));
}

void align_columns(Batch& batch, const std::vector<InputColumn>& input) {
  bool same = batch.names.size() == input.size();
  for (std::size_t i = 0; same && i < input.size(); ++i) same = batch.names[i] == input[i].name;
  if (same) return;
  std::vector<Column> columns;
  std::vector<std::string> names;
  for (const InputColumn& wanted : input) {
    const int at = batch.find(wanted.name);
    columns.push_back(at >= 0 ? std::move(batch.columns[static_cast<std::size_t>(at)]) : missing_column(wanted, batch));
    names.push_back(wanted.name);
  }
  batch.columns = std::move(columns);
  batch.names = std::move(names);
}

SpanColumn text_column(const Batch& batch, int column) {
  if (batch.is_raw(column)) return batch.raw(column);
  const arrow::Array& array = *batch.array(column);
  auto text = std::make_shared<TextBlock>();
  SpanColumn out;
  out.nulls_marked = true;
  out.spans.resize(static_cast<std::size_t>(array.length()));
  const auto* strings =
      array.type_id() == arrow::Type::STRING ? static_cast<const arrow::StringArray*>(&array) : nullptr;
  for (std::int64_t row = 0; row < array.length(); ++row) {
    if (array.IsNull(row)) continue;
    const std::string shown = strings ? std::string() : value_text(array, row);
    const std::string_view value = strings ? strings->GetView(row) : std::string_view(shown);
    out.spans[static_cast<std::size_t>(row)] = Span::of(text->append(value), static_cast<std::uint32_t>(value.size()));
  }
  out.text = std::move(text);
  return out;
}

Reject make_reject(const Batch& batch, std::int64_t row, std::string reason) {
  Reject reject;
  reject.reason = std::move(reason);
  reject.file = batch.origin.file;
  reject.segment = batch.origin.segment;
  if (batch.records.empty() || !batch.text) {
    reject.line = row;
    if (!batch.source_offsets.empty()) reject.byte_offset = batch.source_offsets[static_cast<std::size_t>(row)];
    return reject;
  }
  const RecordRef record = batch.records[static_cast<std::size_t>(row)];
  const char* begin = batch.text->data();
  reject.line = batch.origin.first_line + count_line_ends(begin, 0, record.offset, batch.origin.lone_cr);
  reject.byte_offset = batch.source_offset(row);
  reject.text.assign(begin + record.offset, std::min<std::size_t>(record.length, kRejectTextBytes));
  return reject;
}

}  // namespace evclean
