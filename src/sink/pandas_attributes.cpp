// SPDX-License-Identifier: Apache-2.0
#include "pandas_attributes.hpp"

#include <fmt/format.h>

namespace evclean {
namespace {

using AttributeKind = TableAttribute::Kind;

TableAttribute text(std::string name, std::string value) {
  return {std::move(name), AttributeKind::kText, std::move(value), 0};
}
TableAttribute pickle(std::string name, std::string value) {
  return {std::move(name), AttributeKind::kPickle, std::move(value), 0};
}
TableAttribute number(std::string name, std::int64_t value) {
  return {std::move(name), AttributeKind::kNumber, {}, value};
}

/// A pickled list of texts, without the closing dot.
std::string open_list(const std::vector<std::string>& names) {
  std::string out = "(l";
  for (const std::string& name : names) out += "V" + name + "\na";
  return out;
}

std::string list(const std::vector<std::string>& names) { return open_list(names) + "."; }

std::string dtype(const StoredColumn& column) {
  switch (column.kind) {
    case StoredColumn::Kind::kInt64:
      return "int64";
    case StoredColumn::Kind::kFloat64:
      return "float64";
    case StoredColumn::Kind::kBool:
      return "bool";
    case StoredColumn::Kind::kTimeNs:
      return "datetime64[ns]";
    case StoredColumn::Kind::kText:
      return fmt::format("bytes{}", 8 * column.width_bytes);
  }
  return {};
}

/// The next code point of UTF-8 text; a stray byte stands for itself.
std::uint32_t next_code_point(std::string_view& rest) {
  const auto lead = static_cast<unsigned char>(rest[0]);
  const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  if (size == 1 || rest.size() < size) {
    rest.remove_prefix(1);
    return lead;
  }
  std::uint32_t point = lead & (0xffu >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) point = point << 6 | (static_cast<unsigned char>(rest[i]) & 0x3f);
  rest.remove_prefix(size);
  return point;
}

}  // namespace

std::string pickled_name(std::string_view name) {
  std::string out;
  while (!name.empty()) {
    const std::uint32_t point = next_code_point(name);
    if (point >= 0x20 && point < 0x7f && point != '\\') {
      out += static_cast<char>(point);
    } else {
      out += point > 0xffff ? fmt::format("\\U{:08x}", point) : fmt::format("\\u{:04x}", point);
    }
  }
  return out;
}

std::vector<TableAttribute> root_attributes() {
  return {text("CLASS", "GROUP"), text("PYTABLES_FORMAT_VERSION", "2.1"), text("VERSION", "1.0")};
}

std::vector<TableAttribute> group_attributes(const StoredTable& table) {
  std::vector<std::string> names, fields, queried;
  for (const StoredColumn& column : table.columns) {
    names.push_back(pickled_name(column.name));
    fields.push_back(column.field);
    if (column.field == column.name) queried.push_back(column.field);
  }
  return {text("CLASS", "GROUP"),
          text("VERSION", "1.0"),
          text("pandas_type", "frame_table"),
          text("table_type", "appendable_frame"),
          text("pandas_version", "0.15.2"),
          text("encoding", "UTF-8"),
          text("errors", "strict"),
          text("nan_rep", table.missing_word),
          number("levels", 1),
          pickle("index_cols", "(l(I0\nVindex\nta."),
          pickle("values_cols", list(fields)),
          pickle("data_columns", list(queried)),
          pickle("non_index_axes", "(l(I1\n" + open_list(names) + "ta."),
          pickle("info", "(dI1\n(dVnames\n(lNasVtype\nVIndex\nssVindex\n(ds.")};
}

std::vector<TableAttribute> table_attributes(const StoredTable& table, std::int64_t rows) {
  std::vector<TableAttribute> all = {text("CLASS", "TABLE"), text("VERSION", "2.7"), text("index_kind", "integer"),
                                     number("NROWS", rows), text("FIELD_0_NAME", "index")};
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    const std::string& field = table.columns[c].field;
    all.push_back(text(fmt::format("FIELD_{}_NAME", c + 1), field));
    all.push_back(pickle(field + "_kind", list({pickled_name(table.columns[c].name)})));
    all.push_back(text(field + "_dtype", dtype(table.columns[c])));
    all.push_back(pickle(field + "_meta", "N."));
    if (table.columns[c].kind == StoredColumn::Kind::kText) all.push_back(text(field + "_nan_rep", table.missing_word));
  }
  return all;
}

}  // namespace evclean
