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

constexpr std::int64_t kPackedRows = 1024;

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

/// Columns to rows of X, and the label apart.
void MatrixRows::pack(const std::vector<ValueColumn>& columns, const std::vector<std::int64_t>& rows, int group,
                      std::int64_t part) {
  const std::size_t width = columns_.features.size();
  std::vector<Counts>& counts = counts_[part];
  counts.resize(width + 1);
  const auto put = [&](const ValueColumn& column, float* out, std::size_t stride, Counts& count) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      float& value = out[i * stride];
      if (column.missing(rows[i])) {
        value = std::numeric_limits<float>::quiet_NaN();
        ++count.missing;
      } else if (column.kind == ValueColumn::Kind::kInt64) {
        const std::int64_t whole = column.int64(rows[i]);
        value = static_cast<float>(whole);
        count.rounded += value >= 0x1p63F || static_cast<std::int64_t>(value) != whole ? 1 : 0;
      } else {
        value = column.kind == ValueColumn::Kind::kBool ? (column.boolean(rows[i]) ? 1.0F : 0.0F)
                                                        : static_cast<float>(column.float64(rows[i]));
      }
    }
  };
  const auto bytes_of = [](const std::vector<float>& values) {
    return std::string_view(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
  };
  std::vector<float> packed(rows.size() * width);
  for (std::size_t f = 0; f < width; ++f) put(columns[columns_.features[f]], packed.data() + f, width, counts[f]);
  stage_.append(slot(group, MatrixPart::kX, part), bytes_of(packed));
  if (columns_.label >= 0) {
    packed.resize(rows.size());
    put(columns[static_cast<std::size_t>(columns_.label)], packed.data(), 1, counts[width]);
    stage_.append(slot(group, MatrixPart::kY, part), bytes_of(packed));
  }
  here_[{group, part}] += static_cast<std::int64_t>(rows.size());
}

void MatrixRows::drop(std::int64_t part) {
  for (const auto& [place, rows] : here_) {
    if (place.second != part) continue;
    stage_.drop(slot(place.first, MatrixPart::kX, part));
    if (columns_.label >= 0) stage_.drop(slot(place.first, MatrixPart::kY, part));
  }
  std::erase_if(here_, [&](const auto& entry) { return entry.first.second == part; });
  counts_.erase(part);
}

std::vector<MatrixSide> MatrixRows::settle(const Comm& comm) {
  std::vector<MatrixSide> sides;
  for (GroupRows& rows : number_rows(here_, needed_, groups_, comm)) {
    std::string name = groups_[rows.group].folder;
    sides.push_back({std::move(name), std::move(rows)});
  }
  std::reverse(sides.begin(), sides.end());  // they come by their names
  return sides;
}

std::vector<std::string> MatrixRows::agree_on_notes(const Comm& comm) const {
  const std::size_t width = columns_.features.size();
  std::vector<std::int64_t> sums(2 * (width + 1), 0);
  for (const auto& [part, counts] : counts_) {
    for (std::size_t c = 0; c < counts.size(); ++c) {
      sums[2 * c] += counts[c].missing;
      sums[2 * c + 1] += counts[c].rounded;
    }
  }
  sums = comm.sum(std::move(sums));
  std::vector<std::string> notes;
  for (std::size_t c = 0; c <= width; ++c) {
    if (c == width && columns_.label < 0) break;
    const std::string& name = fields_[c < width ? columns_.features[c] : static_cast<std::size_t>(columns_.label)].name;
    if (sums[2 * c] > 0) notes.push_back(fmt::format("column {}: {} missing values are NaN", name, sums[2 * c]));
    if (sums[2 * c + 1] > 0) {
      notes.push_back(fmt::format("column {}: {} integers are rounded, float32 holds 24 bits", name, sums[2 * c + 1]));
    }
  }
  return notes;
}

}  // namespace evclean
