// SPDX-License-Identifier: Apache-2.0
#include "matrix_rows.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace evclean {
namespace {

bool is_number(ValueType type) {
  return type == ValueType::kInt64 || type == ValueType::kFloat64 || type == ValueType::kBool;
}

[[noreturn]] void refuse_column(const Field& field, const std::string& shown) {
  fail_user(
      "{}: column '{}' is a {}, and a matrix holds numbers: encode it (step encode), or leave it out (drop: [{}])",
      shown, field.name, type_name(field.type), field.name);
}

constexpr std::int64_t kPackedRows = 256;  // 10 MB of 10,000 features
constexpr std::int64_t kStretchBytes = 4 << 20;

}  // namespace

MatrixColumns::MatrixColumns(const Fields& fields, const EncodedTable& encoded, const std::string& shown) {
  for (std::size_t c = 0; c < fields.size(); ++c) {
    const std::string& name = fields[c].name;
    if (!encoded.split.empty() && name == encoded.split) {
      split = static_cast<int>(c);
      continue;
    }
    if (std::find(encoded.ids.begin(), encoded.ids.end(), name) != encoded.ids.end()) continue;
    if (!is_number(fields[c].type)) refuse_column(fields[c], shown);
    if (!encoded.label.empty() && name == encoded.label) {
      label = static_cast<int>(c);
      continue;
    }
    features.push_back(c);
    names.push_back(name);
  }
  if (split >= 0 && fields[static_cast<std::size_t>(split)].type != ValueType::kString) {
    refuse_column(fields[static_cast<std::size_t>(split)], shown);
  }
  if (features.empty()) fail_user("{}: no column is a feature: the matrix would be empty", shown);
}

MatrixRows::MatrixRows(MatrixColumns columns, const Fields& fields, const SinkOptions& options)
    : columns_(std::move(columns)), fields_(fields), stage_(options.memory_bytes, options.scratch_dir) {
  if (columns_.split < 0) {
    needed_ = {groups_.number({})};
    return;
  }
  train_ = groups_.number({"train"});
  test_ = groups_.number({"test"});
  needed_ = {train_, test_};
}

std::vector<int> MatrixRows::groups_of(const ValueColumn* split, std::int64_t rows) const {
  std::vector<int> groups(static_cast<std::size_t>(rows), train_);
  if (split == nullptr) return groups;
  for (std::int64_t row = 0; row < rows; ++row) {
    if (!split->missing(row) && split->string(row) == "test") groups[static_cast<std::size_t>(row)] = test_;
  }
  return groups;
}

void MatrixRows::write(std::int64_t part, const Batch& batch) {
  const std::vector<ValueColumn> columns = value_columns(batch, fields_.size());
  const ValueColumn* const split = columns_.split < 0 ? nullptr : &columns[static_cast<std::size_t>(columns_.split)];
  const std::vector<int> groups = groups_of(split, batch.num_rows);
  for (const int group : needed_) {
    std::vector<std::int64_t> rows;
    for (std::int64_t row = 0; row < batch.num_rows; ++row) {
      if (groups[static_cast<std::size_t>(row)] != group) continue;
      rows.push_back(row);
      if (static_cast<std::int64_t>(rows.size()) < kPackedRows) continue;
      pack(columns, rows, group, part);
      rows.clear();
    }
    if (!rows.empty()) pack(columns, rows, group, part);
  }
}

void MatrixRows::Counts::add(const Counts& more) {
  missing += more.missing;
  rounded += more.rounded;
  endless += more.endless;
}

float MatrixRows::value_at(const ValueColumn& column, std::int64_t row, Counts& counts) {
  if (column.missing(row)) {
    ++counts.missing;
    return std::numeric_limits<float>::quiet_NaN();
  }
  if (column.kind == ValueColumn::Kind::kBool) return column.boolean(row) ? 1.0F : 0.0F;
  if (column.kind == ValueColumn::Kind::kInt64) {
    const std::int64_t whole = column.int64(row);
    const auto value = static_cast<float>(whole);
    counts.rounded += value >= 0x1p63F || static_cast<std::int64_t>(value) != whole ? 1 : 0;
    return value;
  }
  const double number = column.float64(row);
  const auto value = static_cast<float>(number);
  counts.endless += std::isinf(value) && !std::isinf(number) ? 1 : 0;
  return value;
}

/// Columns to rows of X, and the label apart.
void MatrixRows::pack(const std::vector<ValueColumn>& columns, const std::vector<std::int64_t>& rows, int group,
                      std::int64_t part) {
  const std::size_t width = columns_.features.size();
  const auto put = [&](std::size_t column, float* out, std::size_t stride, std::size_t number) {
    Counts counts;
    for (std::size_t i = 0; i < rows.size(); ++i) out[i * stride] = value_at(columns[column], rows[i], counts);
    if (counts.any()) counts_[part][number].add(counts);
  };
  Waiting& waiting = waiting_[{group, part}];
  waiting.rows += static_cast<std::int64_t>(rows.size());
  std::vector<float> packed(rows.size() * width);
  for (std::size_t f = 0; f < width; ++f) put(columns_.features[f], packed.data() + f, width, f);
  append(waiting.stretches[static_cast<std::size_t>(MatrixPart::kX)], packed);
  if (columns_.label < 0) return;
  packed.resize(rows.size());
  put(static_cast<std::size_t>(columns_.label), packed.data(), 1, width);
  append(waiting.stretches[static_cast<std::size_t>(MatrixPart::kY)], packed);
}

/// A stretch ends with the rows that fill it.
void MatrixRows::append(std::vector<std::int64_t>& stretches, const std::vector<float>& values) {
  if (stretches.empty() || stage_.size(stretches.back()) >= kStretchBytes) stretches.push_back(next_stretch_++);
  stage_.append(stretches.back(), {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)});
}

void MatrixRows::copy_to(const MatrixSide& side, MatrixPart which, std::int64_t part, std::int64_t first,
                         std::int64_t count, int file, std::int64_t offset, const std::string& shown) const {
  std::int64_t skip = first * row_bytes(which), left = count * row_bytes(which);
  for (const std::int64_t stretch : stretches(side, which, part)) {
    const std::int64_t size = stage_.size(stretch);
    const std::int64_t begin = std::min(skip, size), bytes = std::min(size - begin, left);
    if (bytes > 0) stage_.copy_range(stretch, begin, bytes, file, offset, shown);
    skip -= begin;
    left -= bytes;
    offset += bytes;
  }
}

void MatrixRows::drop(std::int64_t part) {
  for (const auto& [place, waiting] : waiting_) {
    if (place.second != part) continue;
    for (const auto& stretches : waiting.stretches) {
      for (const std::int64_t stretch : stretches) stage_.drop(stretch);
    }
  }
  std::erase_if(waiting_, [&](const auto& entry) { return entry.first.second == part; });
  counts_.erase(part);
}

std::vector<MatrixSide> MatrixRows::settle(const Comm& comm) {
  PartRows here;
  for (const auto& [place, waiting] : waiting_) here[place] = waiting.rows;
  std::vector<MatrixSide> sides;
  for (GroupRows& rows : number_rows(here, needed_, groups_, comm)) {
    std::string name = groups_[rows.group].folder;
    sides.push_back({std::move(name), std::move(rows)});
  }
  std::reverse(sides.begin(), sides.end());  // they come by their names
  return sides;
}

std::vector<std::string> MatrixRows::agree_on_notes(const Comm& comm) const {
  const std::size_t columns = columns_.features.size() + (columns_.label < 0 ? 0 : 1);
  std::vector<std::int64_t> sums(3 * columns, 0);
  for (const auto& [part, counts] : counts_) {
    for (const auto& [number, count] : counts) {
      sums[3 * number] += count.missing;
      sums[3 * number + 1] += count.rounded;
      sums[3 * number + 2] += count.endless;
    }
  }
  sums = comm.sum(std::move(sums));
  std::vector<std::string> notes;
  for (std::size_t c = 0; c < columns; ++c) {
    const bool is_label = c == columns_.features.size();
    const std::string& name = fields_[is_label ? static_cast<std::size_t>(columns_.label) : columns_.features[c]].name;
    const auto say = [&](std::int64_t count, const char* what) {
      if (count > 0) notes.push_back(fmt::format("column {}: {} {}", name, count, what));
    };
    say(sums[3 * c], "missing values are NaN");
    say(sums[3 * c + 1], "integers are rounded, float32 holds 24 bits");
    say(sums[3 * c + 2], "numbers are infinite, float32 ends at 3.4e38");
  }
  return notes;
}

}  // namespace evclean
