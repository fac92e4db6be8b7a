// SPDX-License-Identifier: Apache-2.0
#include "hdf5_layout.hpp"

#include <algorithm>
#include <limits>
#include <set>

#include "evclean/error.hpp"
#include "value_column.hpp"

namespace evclean {
namespace {

using StoredKind = StoredColumn::Kind;

constexpr std::int64_t kLastExactInteger = std::int64_t{1} << 53;
constexpr std::int64_t kLastDayNs = std::numeric_limits<std::int64_t>::max() / 86'400'000'000'000;
constexpr std::int64_t kLastMicrosecondNs = std::numeric_limits<std::int64_t>::max() / 1000;
constexpr std::int64_t kIntegerTextBytes = 20;
constexpr std::int64_t kTimeTextBytes = 32;

void measure_text(std::string_view text, ColumnExtent& extent) {
  extent.max_bytes = std::max(extent.max_bytes, static_cast<std::int64_t>(text.size()));
  if (text.empty()) return;
  if (text.back() == '\0') ++extent.trailing_nul;
  for (std::size_t w = 0; w < kMissingWords.size(); ++w) {
    // One that is cut, or loses the NULs at its end, may become the word.
    if (text.starts_with(kMissingWords[w])) extent.missing_words |= std::int64_t{1} << w;
  }
}

void measure_value(const ValueColumn& column, std::int64_t row, ColumnExtent& extent) {
  switch (column.kind) {
    case ValueColumn::Kind::kSpans:
    case ValueColumn::Kind::kUtf8:
      return measure_text(column.string(row), extent);
    case ValueColumn::Kind::kInt64:
      extent.beyond_double += column.int64(row) > kLastExactInteger || column.int64(row) < -kLastExactInteger;
      return;
    case ValueColumn::Kind::kDate:
      extent.beyond_ns += column.date(row) > kLastDayNs || column.date(row) < -kLastDayNs;
      return;
    case ValueColumn::Kind::kTimestamp:
      extent.beyond_ns += column.int64(row) > kLastMicrosecondNs || column.int64(row) < -kLastMicrosecondNs;
      return;
    default:
      return;
  }
}

/// Chooses a column's kind and says why when it is not the obvious one.
StoredKind choose_kind(const Field& field, const ColumnExtent& extent, std::vector<std::string>& notes) {
  switch (field.type) {
    case ValueType::kString:
      return StoredKind::kText;
    case ValueType::kFloat64:
      return StoredKind::kFloat64;
    case ValueType::kInt64:
      if (extent.missing == 0) return StoredKind::kInt64;
      if (extent.beyond_double == 0) {
        notes.push_back(fmt::format("HDF5: column {} has missing integers: stored as float64", field.name));
        return StoredKind::kFloat64;
      }
      notes.push_back(
          fmt::format("HDF5: column {} has missing integers and some beyond 2^53: stored as text", field.name));
      return StoredKind::kText;
    case ValueType::kBool:
      if (extent.missing == 0) return StoredKind::kBool;
      notes.push_back(fmt::format("HDF5: column {} has missing booleans: stored as float64", field.name));
      return StoredKind::kFloat64;
    case ValueType::kDate:
    case ValueType::kTimestamp:
      if (extent.beyond_ns == 0) return StoredKind::kTimeNs;
      notes.push_back(fmt::format("HDF5: column {} has times before 1677 or after 2262: stored as text", field.name));
      return StoredKind::kText;
  }
  return StoredKind::kText;
}

std::int64_t text_width(const Field& field, const ColumnExtent& extent, const OutputSpec& spec, StoredTable& table) {
  if (field.type == ValueType::kInt64) return kIntegerTextBytes;
  if (field.type != ValueType::kString) return kTimeTextBytes;
  std::int64_t width = std::max<std::int64_t>(extent.max_bytes, 1);
  if (width > spec.max_string) {
    if (!spec.truncate_long_text) {
      fail_user(
          "{}: column {} has a text of {} bytes, more than max_string: {} (raise max_string, set long_text: truncate, "
          "or drop the column)",
          spec.path, field.name, extent.max_bytes, spec.max_string);
    }
    table.notes.push_back(
        fmt::format("HDF5: texts of column {} longer than {} bytes are cut", field.name, spec.max_string));
    width = std::max<std::int64_t>(spec.max_string, 1);
  }
  if (extent.trailing_nul > 0) {
    table.notes.push_back(fmt::format("HDF5: NUL bytes at the end of texts of column {} are lost", field.name));
  }
  return width;
}

std::string choose_missing_word(const std::vector<ColumnExtent>& extents) {
  std::int64_t taken = 0;
  for (const ColumnExtent& extent : extents) taken |= extent.missing_words;
  for (std::size_t w = 0; w < kMissingWords.size(); ++w) {
    if ((taken >> w & 1) == 0) return kMissingWords[w];
  }
  fail_user("HDF5: every word that can stand for missing texts ({}) is a text of this table",
            fmt::join(kMissingWords, ", "));
}

/// HDF5 describes a table in 64 KiB: names of columns and some bytes for each.
bool do_names_fit(const Fields& fields) {
  constexpr std::size_t kEach = 40;
  constexpr std::size_t kRoom = 56 << 10;
  std::size_t size = 0;
  for (const Field& field : fields) size += field.name.size() + kEach;
  return size <= kRoom;
}

}  // namespace

const std::array<const char*, 4> kMissingWords = {"<NA>", "<missing>", "__missing__", "\x7f\x7f"};

void ColumnExtent::merge(const ColumnExtent& other) {
  max_bytes = std::max(max_bytes, other.max_bytes);
  missing += other.missing;
  beyond_double += other.beyond_double;
  beyond_ns += other.beyond_ns;
  trailing_nul += other.trailing_nul;
  missing_words |= other.missing_words;
}

std::vector<ColumnExtent> measure_columns(const Batch& batch, const Fields& fields) {
  const std::vector<ValueColumn> columns = value_columns(batch, fields.size());
  std::vector<ColumnExtent> extents(columns.size());
  for (std::size_t c = 0; c < columns.size(); ++c) {
    for (std::int64_t row = 0; row < batch.num_rows; ++row) {
      if (columns[c].missing(row)) {
        ++extents[c].missing;
      } else {
        measure_value(columns[c], row, extents[c]);
      }
    }
  }
  return extents;
}

namespace {

/// What pandas hands on as it is written, and Python reads as its own.
bool is_python_word(const std::string& name) {
  static const std::set<std::string> kWords = {
      "False",    "None",   "True",  "and",  "as",     "assert",   "async",   "await", "break", "class",
      "continue", "def",    "del",   "elif", "else",   "except",   "finally", "for",   "from",  "global",
      "if",       "import", "in",    "is",   "lambda", "nonlocal", "not",     "or",    "pass",  "raise",
      "return",   "try",    "while", "with", "yield",  "index",    "columns"};
  return kWords.count(name) > 0;
}

/// The functions of where= (numexpr's), which hide columns of their names.
bool is_query_function(const std::string& name) {
  static const std::set<std::string> kFunctions = {
      "abs",   "arccos",   "arccosh",   "arcsin",    "arcsinh", "arctan", "arctan2", "arctanh", "ceil",    "complex",
      "conj",  "contains", "copy",      "copysign",  "cos",     "cosh",   "exp",     "expm1",   "floor",   "fmod",
      "hypot", "imag",     "isfinite",  "isinf",     "isnan",   "log",    "log10",   "log1p",   "max",     "maximum",
      "min",   "minimum",  "nextafter", "ones_like", "prod",    "real",   "round",   "sign",    "signbit", "sin",
      "sinh",  "sqrt",     "sum",       "tan",       "tanh",    "trunc",  "where"};
  return kFunctions.count(name) > 0;
}

/// Names that look as if where= could ask for them.
void note_words_of_queries(const Fields& fields, std::vector<std::string>& notes) {
  std::vector<std::string> words;
  for (const Field& field : fields) {
    if (is_python_word(field.name) || is_query_function(field.name)) words.push_back(field.name);
  }
  if (words.empty()) return;
  notes.push_back(
      fmt::format("HDF5: pandas' where= takes {} for a word or function of its own, not for a column: rename "
                  "what is to be asked for",
                  fmt::join(words, ", ")));
}

}  // namespace

bool is_query_name(const std::string& name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (name.empty() || !is_letter(name[0]) || name.starts_with("values_block_") || is_python_word(name)) return false;
  return std::all_of(name.begin(), name.end(),
                     [&](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '_'; });
}

StoredTable lay_out(const Fields& fields, const std::vector<ColumnExtent>& extents, const OutputSpec& spec) {
  StoredTable table;
  table.missing_word = choose_missing_word(extents);
  const bool names_fit = do_names_fit(fields);
  if (!names_fit) {
    table.notes.push_back(
        fmt::format("HDF5: {} columns stand as values_block_N: their names together are too long for a "
                    "table's description, and where= does not know them",
                    fields.size()));
  }
  if (names_fit) note_words_of_queries(fields, table.notes);
  for (std::size_t c = 0; c < fields.size(); ++c) {
    const bool queried = names_fit && is_query_name(fields[c].name);
    const std::string field = queried ? fields[c].name : fmt::format("values_block_{}", c);
    StoredColumn column{fields[c].name, field, choose_kind(fields[c], extents[c], table.notes),
                        fields[c].type, 8,     table.row_bytes};
    if (column.kind == StoredKind::kBool) column.width_bytes = 1;
    if (column.kind == StoredKind::kText) {
      column.width_bytes = text_width(fields[c], extents[c], spec, table);
      const auto word_bytes = static_cast<std::int64_t>(table.missing_word.size());
      if (extents[c].missing > 0) column.width_bytes = std::max(column.width_bytes, word_bytes);
    }
    table.row_bytes += column.width_bytes;
    table.columns.push_back(std::move(column));
  }
  return table;
}

}  // namespace evclean
