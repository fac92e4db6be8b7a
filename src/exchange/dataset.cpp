// SPDX-License-Identifier: Apache-2.0
#include "evclean/dataset.hpp"

#include <arrow/array.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

namespace evclean {

struct Dataset::Impl {
  Impl(Fields columns, const Workspace& workspace)
      : comm(workspace.comm), fields(columns), stage(std::move(columns), workspace.budget, workspace.scratch_dir) {}

  const Comm& comm;
  Fields fields;
  BatchStage stage;
  std::vector<Part> parts;
  std::vector<std::int64_t> numbers;  ///< of a part, before finish()
  std::int64_t rows = 0;
  std::vector<char> valued = std::vector<char>(fields.size(), 0);  ///< a column: it has values
  std::map<std::int64_t, std::vector<char>> valued_in = {};        ///< the same of a part, before finish()
  std::map<std::string, std::string> examples = {};
};

namespace {

/// What a rank says of one of its parts.
struct PartNews {
  std::int64_t number = 0;
  std::int64_t rows = 0;
};

bool has_any(const Batch& batch, int column) {
  if (!batch.is_raw(column)) {
    const arrow::Array& array = *batch.array(column);
    return array.length() > array.null_count();
  }
  const std::vector<Span>& spans = batch.raw(column).spans;
  return std::any_of(spans.begin(), spans.end(), [](const Span span) { return !span.missing(); });
}

/// Columns with values, a byte each, then the parts.
std::string pack(const BatchStage& stage, const std::vector<char>& valued) {
  std::string bytes(valued.begin(), valued.end());
  for (const std::int64_t number : stage.parts()) {
    const PartNews news{number, stage.rows(number)};
    if (news.rows > 0) bytes.append(reinterpret_cast<const char*>(&news), sizeof news);
  }
  return bytes;
}

}  // namespace

Dataset::Dataset(Fields fields, const Workspace& workspace)
    : impl_(std::make_unique<Impl>(std::move(fields), workspace)) {}
Dataset::~Dataset() = default;

void Dataset::append(std::int64_t part, const Batch& batch) {
  std::vector<char>& valued = impl_->valued_in[part];
  valued.resize(impl_->fields.size());
  for (std::size_t c = 0; c < valued.size() && batch.num_rows > 0; ++c) {
    if (valued[c] == 0 && impl_->fields[c].type == ValueType::kString)
      valued[c] = has_any(batch, static_cast<int>(c)) ? 1 : 0;
  }
  impl_->stage.append(part, batch);
}

void Dataset::drop(std::int64_t part) {
  impl_->valued_in.erase(part);
  impl_->stage.drop(part);
}

bool Dataset::has_value(int column) const { return impl_->valued[static_cast<std::size_t>(column)] != 0; }
void Dataset::keep_value(int column) { impl_->valued[static_cast<std::size_t>(column)] = 1; }

void Dataset::finish() {
  std::map<std::int64_t, Part> all;
  std::vector<char>& valued = impl_->valued;
  const auto add_valued = [&](const char* more) {
    for (std::size_t c = 0; c < valued.size(); ++c) valued[c] = valued[c] != 0 || more[c] != 0 ? 1 : 0;
  };
  for (const auto& [part, columns] : std::exchange(impl_->valued_in, {})) add_valued(columns.data());
  const std::vector<std::string> told = impl_->comm.all_gather(pack(impl_->stage, valued));
  for (std::size_t rank = 0; rank < told.size(); ++rank) {
    add_valued(told[rank].data());
    for (std::size_t at = valued.size(); at < told[rank].size(); at += sizeof(PartNews)) {
      PartNews news;
      std::memcpy(&news, told[rank].data() + at, sizeof news);
      const bool is_new = all.emplace(news.number, Part{static_cast<std::int32_t>(rank), news.rows, 0}).second;
      EVCLEAN_CHECK(is_new, "part {} is on two ranks", news.number);
    }
  }
  for (auto& [number, part] : all) {
    part.first_row = impl_->rows;
    impl_->rows += part.rows;
    impl_->parts.push_back(part);
    impl_->numbers.push_back(number);
  }
}

const Fields& Dataset::fields() const { return impl_->fields; }
const std::vector<Dataset::Part>& Dataset::parts() const { return impl_->parts; }
std::int64_t Dataset::rows() const { return impl_->rows; }

std::vector<std::int64_t> Dataset::mine() const {
  std::vector<std::int64_t> mine;
  for (std::size_t part = 0; part < impl_->parts.size(); ++part) {
    if (impl_->parts[part].owner == impl_->comm.rank()) mine.push_back(static_cast<std::int64_t>(part));
  }
  return mine;
}

void Dataset::visit(std::int64_t part, const std::function<void(Batch)>& take) const {
  impl_->stage.visit(impl_->numbers[static_cast<std::size_t>(part)], take);
}

std::int64_t Dataset::batches(std::int64_t part) const {
  return impl_->stage.batches(impl_->numbers[static_cast<std::size_t>(part)]);
}

Batch Dataset::batch(std::int64_t part, std::int64_t index) const {
  return impl_->stage.batch(impl_->numbers[static_cast<std::size_t>(part)], index);
}

Batch Dataset::take(std::int64_t part, std::int64_t index) const {
  return impl_->stage.take(impl_->numbers[static_cast<std::size_t>(part)], index);
}

int Dataset::find(std::string_view name) const {
  const auto found =
      std::find_if(impl_->fields.begin(), impl_->fields.end(), [&](const Field& field) { return field.name == name; });
  return found == impl_->fields.end() ? -1 : static_cast<int>(found - impl_->fields.begin());
}

std::int64_t Dataset::spilled_bytes() const { return impl_->stage.spilled_bytes(); }

std::string Dataset::example(const std::string& column) const {
  const auto found = impl_->examples.find(column);
  return found == impl_->examples.end() ? std::string() : found->second;
}

void Dataset::note_example(const std::string& column, std::string text) { impl_->examples[column] = std::move(text); }

}  // namespace evclean
