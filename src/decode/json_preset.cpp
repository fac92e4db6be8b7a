// SPDX-License-Identifier: Apache-2.0
#include "json_preset.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "evclean/line_ends.hpp"
#include "record_parser.hpp"
#include "structured.hpp"

namespace evclean {
namespace {

class JsonPresetDecoder : public Decoder {
 public:
  JsonPresetDecoder(const Preset& preset, const FormatSpec& spec)
      : preset_(preset),
        json_(make_json_decoder(spec, preset.records)),
        context_{TimeZone::named(spec.timezone), spec.year},
        nulls_(log_words(spec)),
        declared_(spec.types) {}

  void begin_file(const InputFile& file, std::string_view head) override {
    json_->begin_file(file, head);
    columns_.clear();  // another file, or another part of it, brings its keys in another order
    targets_.clear();
    by_key_.clear();
    take_columns();
  }
  const std::vector<InputColumn>& columns() const override { return columns_; }
  std::size_t first_record(std::string_view text, std::size_t from, bool at_end) override {
    return json_->first_record(text, from, at_end);
  }

  char closing_byte() const override { return json_->closing_byte(); }

  DecodeResult decode(const DecodeInput& input) override {
    DecodeResult result = json_->decode(input);
    take_columns();
    name_columns(result);
    fix_types(result);
    return result;
  }

 private:
  void take_columns() {
    const auto& raw = json_->columns();
    for (std::size_t i = targets_.size(); i < raw.size(); ++i) {
      const std::string name = column_name(raw[i].name);
      const auto same = [&](const InputColumn& known) { return known.name == name; };
      const auto found = std::find_if(columns_.begin(), columns_.end(), same);
      targets_.push_back(static_cast<std::size_t>(found - columns_.begin()));
      by_key_.emplace(raw[i].name, i);
      if (found != columns_.end()) continue;
      const CellType* type = type_of(name);
      columns_.push_back(type != nullptr ? wanted_cell(*type, declared_).column
                                         : InputColumn{name, false, ValueType::kString});
    }
  }

  /// Keys that differ in case or signs alone share a column. Where a record has both, the key that sorts first counts,
  /// whichever came first; the other is counted as a key given twice.
  void name_columns(DecodeResult& result) const {
    Batch& batch = result.batch;
    std::vector<Column> columns(columns_.size());
    std::vector<bool> begun(columns_.size());
    for (const auto& [key, i] : by_key_) {
      SpanColumn& raw = std::get<SpanColumn>(batch.columns[i]);
      const std::size_t at = targets_[i];
      if (begun[at]) {
        std::vector<Span>& into = std::get<SpanColumn>(columns[at]).spans;
        for (std::size_t row = 0; row < into.size(); ++row) {
          result.duplicate_keys += !into[row].missing() && !raw.spans[row].missing();
          into[row] = into[row].missing() ? raw.spans[row] : into[row];
        }
      } else {
        columns[at] = std::move(raw);
      }
      begun[at] = true;
    }
    batch.columns = std::move(columns);
    batch.names.clear();
    for (const InputColumn& column : columns_) batch.names.push_back(column.name);
  }

  const CellType* type_of(const std::string& name) const {
    for (const CellType& type : preset_.types) {
      if (type.column.name == name) return &type;
    }
    return nullptr;
  }

  void fix_types(DecodeResult& result) {
    Batch& batch = result.batch;
    reasons_.assign(static_cast<std::size_t>(batch.num_rows), {});
    bool misfits = false;
    for (std::size_t i = 0; i < batch.columns.size(); ++i) {
      if (!columns_[i].fixed || columns_[i].type == ValueType::kString) continue;
      misfits = fix_column(batch, static_cast<int>(i), *type_of(columns_[i].name)) || misfits;
    }
    if (misfits) reject_rows(result);
  }

  bool fix_column(Batch& batch, int column, const CellType& type) {
    const SpanColumn& raw = batch.raw(column);
    FixedValues cells;
    cells.values.resize(raw.spans.size());
    cells.valid.resize(raw.spans.size());
    bool misfits = false;
    for (std::size_t row = 0; row < raw.spans.size(); ++row) {
      const std::string_view text = raw.view(static_cast<std::int64_t>(row));
      if (raw.spans[row].missing() || nulls_.contains(text)) continue;
      if (const auto value = read_cell(type, text, context_)) {
        cells.values[row] = *value;
        cells.valid[row] = 1;
      } else {
        misfits = true;
        if (reasons_[row].empty()) reasons_[row] = misfit_reason(type, text);
      }
    }
    batch.columns[static_cast<std::size_t>(column)] = fixed_array(type.column.type, cells, batch.num_rows);
    return misfits;
  }

  void reject_rows(DecodeResult& result) {
    Batch& batch = result.batch;
    std::vector<std::int32_t> good;
    for (std::int64_t row = 0; row < batch.num_rows; ++row) {
      std::string& reason = reasons_[static_cast<std::size_t>(row)];
      if (reason.empty()) {
        good.push_back(static_cast<std::int32_t>(row));
      } else {
        result.rejects.push_back(reject_of(batch, row, std::move(reason)));
      }
    }
    const auto by_place = [](const Reject& a, const Reject& b) { return a.byte_offset < b.byte_offset; };
    std::stable_sort(result.rejects.begin(), result.rejects.end(), by_place);
    batch.keep(good);
  }

  static Reject reject_of(const Batch& batch, std::int64_t row, std::string reason) {
    const RecordRef record = batch.records[static_cast<std::size_t>(row)];
    const char* text = batch.text->data();
    Reject reject;
    reject.file = batch.origin.file;
    reject.segment = batch.origin.segment;
    reject.line = batch.origin.first_line + count_line_ends(text, 0, record.offset, batch.origin.lone_cr);
    reject.byte_offset = batch.origin.byte_offset + record.offset;
    reject.reason = std::move(reason);
    reject.text = std::string(text + record.offset, std::min<std::size_t>(record.length, 64 << 10));
    return reject;
  }

  const Preset& preset_;
  std::unique_ptr<Decoder> json_;
  TimeContext context_;
  NullWords nulls_;
  std::vector<DeclaredType> declared_;
  std::vector<InputColumn> columns_;
  std::vector<std::size_t> targets_;           ///< of each key: its column
  std::map<std::string, std::size_t> by_key_;  ///< keys, sorted
  std::vector<std::string> reasons_;           ///< a row of the batch at hand
};

}  // namespace

std::unique_ptr<Decoder> make_json_preset_decoder(const Preset& preset, const FormatSpec& spec) {
  return std::make_unique<JsonPresetDecoder>(preset, spec);
}

}  // namespace evclean
