// SPDX-License-Identifier: Apache-2.0
#include "warehouse_sql.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "evclean/error.hpp"

namespace evclean {
namespace {

std::string quoted(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    if (c == quote) out += quote;
    out += c;
  }
  return out += quote;
}

bool is_csv(const OutputSpec& spec) { return spec.format == OutputFormat::kCsv || spec.format == OutputFormat::kTsv; }

const ColumnProfile& profile_of(const WarehouseTable& table, std::size_t column) { return table.profiles[column]; }

/// Missing values, and texts that load as such. Of a table without rows nothing is known.
bool may_be_null(const WarehouseTable& table, std::size_t column) {
  const ColumnProfile& profile = profile_of(table, column);
  const bool empty_is_null = is_csv(table.spec) && table.spec.missing_text.empty();
  return profile.rows == 0 || profile.missing > 0 || (empty_is_null && profile.empty_texts > 0);
}

std::string redshift_type(const WarehouseTable& table, std::size_t column) {
  switch (table.fields[column].type) {
    case ValueType::kString:
      return fmt::format("VARCHAR({})", std::max<std::int64_t>(profile_of(table, column).max_bytes, 1));
    case ValueType::kInt64:
      return "BIGINT";
    case ValueType::kFloat64:
      return "DOUBLE PRECISION";
    case ValueType::kBool:
      return "BOOLEAN";
    case ValueType::kDate:
      return "DATE";
    case ValueType::kTimestamp:
      // JSON lines have times with a zone.
      return table.spec.format == OutputFormat::kJsonLines ? "TIMESTAMPTZ" : "TIMESTAMP";
  }
  return {};
}

/// Redshift makes the table's names lower case, so that 'auto' would load nulls for a key with capitals.
std::string_view json_names(const WarehouseTable& table) {
  const bool lower = std::all_of(table.fields.begin(), table.fields.end(), [](const Field& field) {
    return std::none_of(field.name.begin(), field.name.end(),
                        [](unsigned char c) { return (c >= 'A' && c <= 'Z') || c >= 0x80; });
  });
  return lower ? "auto" : "auto ignorecase";
}

std::string redshift_format(const WarehouseTable& table) {
  const OutputSpec& spec = table.spec;
  const char* const codec = spec.codec == OutputCodec::kGzip   ? "\nGZIP"
                            : spec.codec == OutputCodec::kZstd ? "\nZSTD"
                                                               : "";
  if (spec.format == OutputFormat::kParquet) return "FORMAT AS PARQUET";
  if (spec.format == OutputFormat::kJsonLines)
    return fmt::format("FORMAT AS JSON '{}'\nTIMEFORMAT 'auto'\nDATEFORMAT 'auto'{}", json_names(table), codec);
  return fmt::format(
      "FORMAT AS CSV\nDELIMITER {}\nIGNOREHEADER 1\nNULL AS {}{}\nTIMEFORMAT 'auto'\nDATEFORMAT 'auto'{}",
      spec.format == OutputFormat::kTsv ? "'\\t'" : "','", sql_text(spec.missing_text),
      spec.missing_text.empty() ? "\nEMPTYASNULL" : "", codec);
}

std::string athena_type(ValueType type, bool as_text) {
  if (as_text) return "string";
  switch (type) {
    case ValueType::kString:
      return "string";
    case ValueType::kInt64:
      return "bigint";
    case ValueType::kFloat64:
      return "double";
    case ValueType::kBool:
      return "boolean";
    case ValueType::kDate:
      return "date";
    case ValueType::kTimestamp:
      return "timestamp";
  }
  return {};
}

/// Columns that stand as text in the files' table, for the view to read.
bool stands_as_text(const OutputSpec& spec, ValueType type) {
  if (is_csv(spec)) return true;  // OpenCSVSerDe fails on empty numbers and knows no such times
  const bool is_time = type == ValueType::kDate || type == ValueType::kTimestamp;
  return spec.format == OutputFormat::kJsonLines && is_time;
}

std::string athena_format(const OutputSpec& spec) {
  switch (spec.format) {
    case OutputFormat::kParquet:
      return "STORED AS PARQUET";
    case OutputFormat::kJsonLines:
      return "ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'\n"
             "WITH SERDEPROPERTIES ('case.insensitive' = 'true', 'ignore.malformed.json' = 'false')\n"
             "STORED AS TEXTFILE";
    default:
      // Backslashes are text here; the escape character is one that texts do not hold.
      return fmt::format(
          "ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde'\n"
          "WITH SERDEPROPERTIES ('separatorChar' = '{}', 'quoteChar' = '\"', 'escapeChar' = '\\u0001')\n"
          "STORED AS TEXTFILE",
          spec.format == OutputFormat::kTsv ? "\\t" : ",");
  }
}

std::string athena_properties(const OutputSpec& spec) {
  if (spec.format == OutputFormat::kParquet) return "TBLPROPERTIES ('parquet.compression' = 'ZSTD')";
  return is_csv(spec) ? "TBLPROPERTIES ('skip.header.line.count' = '1')" : "";
}

/// How the view reads a text column.
std::string view_value(const OutputSpec& spec, const Field& field) {
  const std::string name = sql_name(field.name);
  if (!stands_as_text(spec, field.type)) return name;
  const std::string text = is_csv(spec) ? fmt::format("NULLIF({}, {})", name, sql_text(spec.missing_text)) : name;
  switch (field.type) {
    case ValueType::kString:
      return fmt::format("{} AS {}", text, name);
    case ValueType::kTimestamp:
      if (!is_csv(spec)) return fmt::format("CAST(from_iso8601_timestamp({}) AS TIMESTAMP) AS {}", text, name);
      return fmt::format("CAST({} AS TIMESTAMP) AS {}", text, name);
    default: {
      static const std::map<ValueType, const char*> kTypes = {{ValueType::kInt64, "BIGINT"},
                                                              {ValueType::kFloat64, "DOUBLE"},
                                                              {ValueType::kBool, "BOOLEAN"},
                                                              {ValueType::kDate, "DATE"}};
      return fmt::format("CAST({} AS {}) AS {}", text, kTypes.at(field.type), name);
    }
  }
}

std::string view_sql(const WarehouseTable& table) {
  std::vector<std::string> values;
  for (const Field& field : table.fields) values.push_back("  " + view_value(table.spec, field));
  for (const Field& field : table.partitions) values.push_back("  " + sql_name(field.name));
  return fmt::format(
      "\n-- The files hold text; this view has the types.\nCREATE OR REPLACE VIEW {} AS\nSELECT\n{}\nFROM {};\n",
      sql_name(table.name + "_typed"), fmt::join(values, ",\n"), sql_name(table.name));
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

/// "day=2026-11-01/city=a%2Fb/" as (`day` = '2026-11-01', `city` = 'a/b').
std::string partition_values(const WarehouseTable& table, std::string_view folder) {
  std::vector<std::string> values;
  for (const Field& column : table.partitions) {
    const std::size_t equals = folder.find('=');
    const std::size_t end = folder.find('/');
    const std::string value = percent_decoded(folder.substr(equals + 1, end - equals - 1));
    values.push_back(fmt::format("{} = {}", backtick_name(column.name), sql_text(value)));
    folder.remove_prefix(end + 1);
  }
  return fmt::format("{}", fmt::join(values, ", "));
}

std::string partition_sql(const WarehouseTable& table) {
  constexpr std::size_t kPerStatement = 100;
  std::string sql;
  for (std::size_t i = 0; i < table.folders.size(); ++i) {
    if (i % kPerStatement == 0) sql += fmt::format("\nALTER TABLE {} ADD IF NOT EXISTS", backtick_name(table.name));
    sql += fmt::format("\n  PARTITION ({}) LOCATION {}", partition_values(table, table.folders[i]),
                       sql_text(table.s3_folder + "/" + table.folders[i]));
    if (i + 1 == table.folders.size() || (i + 1) % kPerStatement == 0) sql += ";\n";
  }
  return sql;
}

std::string lowered(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

void check_name(const OutputSpec& spec, const std::string& name, std::map<std::string, std::string>& seen) {
  const bool redshift = spec.warehouse == Warehouse::kRedshift;
  const char* const where = redshift ? "Redshift" : "Athena";
  const auto refuse = [&](std::string_view why) {
    fail_user("{}: warehouse: {} does not take the column name '{}': {} (the step 'rename: warehouse' cures it)",
              spec.path, where, name, why);
  };
  static const std::vector<std::string> kSystemColumns = {"oid", "tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"};
  const std::size_t most = redshift ? 127 : 255;
  if (name.empty()) refuse("it is empty");
  if (name.size() > most) refuse(fmt::format("it has {} bytes, and {} are the most", name.size(), most));
  if (name.find('\0') != std::string::npos) refuse("it holds a NUL byte");
  const std::string lower = lowered(name);
  if (redshift && std::find(kSystemColumns.begin(), kSystemColumns.end(), lower) != kSystemColumns.end())
    refuse("it is a column of the system");
  if (!redshift && name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") != std::string::npos)
    refuse("Athena takes lower case letters, digits and _ only");
  const auto [other, is_new] = seen.emplace(lower, name);
  if (!is_new) refuse(fmt::format("'{}' is the same name there", other->second));
}

/// No statement makes a table without a column.
std::string no_columns_sql(const WarehouseTable& table) {
  return fmt::format(
      "-- There was no record, so no column of {} is known: there is nothing to be made or loaded.\n"
      "-- The statements come with the first record (or with the columns under types:).\n",
      table.spec.warehouse == Warehouse::kRedshift ? sql_name(table.name) : backtick_name(table.name));
}

}  // namespace

std::string sql_text(std::string_view text) { return quoted(text, '\''); }
std::string sql_name(std::string_view name) { return quoted(name, '"'); }
std::string backtick_name(std::string_view name) { return quoted(name, '`'); }

void check_warehouse(const OutputSpec& spec, const Fields& fields) {
  if (spec.warehouse == Warehouse::kNone) return;
  constexpr std::size_t kMostColumns = 1600;
  if (spec.warehouse == Warehouse::kRedshift && fields.size() > kMostColumns)
    fail_user("{}: warehouse: redshift takes {} columns at most, and there are {}", spec.path, kMostColumns,
              fields.size());
  std::map<std::string, std::string> seen;
  for (const Field& field : fields) check_name(spec, field.name, seen);
}

void check_warehouse_values(const WarehouseTable& table) {
  constexpr std::int64_t kMostBytes = 65535;
  const bool redshift = table.spec.warehouse == Warehouse::kRedshift;
  for (std::size_t c = 0; c < table.fields.size(); ++c) {
    const ColumnProfile& profile = profile_of(table, c);
    const std::string& name = table.fields[c].name;
    if (redshift && profile.max_bytes > kMostBytes) {
      fail_user(
          "{}: warehouse: redshift: column '{}' has a text of {} bytes, and a VARCHAR holds {} (cut it with substr, or "
          "drop it)",
          table.spec.path, name, profile.max_bytes, kMostBytes);
    }
    if (redshift && profile.nul_bytes > 0 && table.spec.format != OutputFormat::kParquet) {
      fail_user(
          "{}: warehouse: redshift: column '{}' has texts with a NUL byte, which COPY does not load (remove it with "
          "replace)",
          table.spec.path, name);
    }
    if (!redshift && is_csv(table.spec) && profile.line_breaks > 0) {
      fail_user(
          "{}: warehouse: athena: column '{}' has texts with a line break, which Athena cannot read from CSV: write "
          "Parquet or "
          "JSON lines",
          table.spec.path, name);
    }
  }
}

std::string redshift_sql(const WarehouseTable& table) {
  if (table.fields.empty()) return no_columns_sql(table);
  std::vector<std::string> columns, names;
  for (std::size_t c = 0; c < table.fields.size(); ++c) {
    names.push_back(sql_name(table.fields[c].name));
    columns.push_back(
        fmt::format("  {} {}{}", names.back(), redshift_type(table, c), may_be_null(table, c) ? "" : " NOT NULL"));
  }
  // Parquet goes by the order of its columns and takes no list.
  const bool listed = table.spec.format != OutputFormat::kParquet;
  return fmt::format(
      "-- Amazon Redshift. Put the files and the manifest at the place named below, and your role for {}.\n"
      "CREATE TABLE IF NOT EXISTS {} (\n{}\n);\n\nCOPY {}{}\nFROM {}\nIAM_ROLE {}\n{}\nMANIFEST;\n",
      kRolePlaceholder, sql_name(table.name), fmt::join(columns, ",\n"), sql_name(table.name),
      listed ? fmt::format(" ({})", fmt::join(names, ", ")) : "", sql_text(table.s3_folder + "/" + table.manifest_name),
      sql_text(kRolePlaceholder), redshift_format(table));
}

std::string athena_sql(const WarehouseTable& table) {
  if (table.fields.empty()) return no_columns_sql(table);
  std::vector<std::string> columns, partitions;
  bool has_text = false;
  for (const Field& field : table.fields) {
    const bool as_text = stands_as_text(table.spec, field.type);
    has_text = has_text || as_text;
    columns.push_back(fmt::format("  {} {}", backtick_name(field.name), athena_type(field.type, as_text)));
  }
  // A folder's value may be __HIVE_DEFAULT_PARTITION__, which is no number.
  for (const Field& field : table.partitions) partitions.push_back(backtick_name(field.name) + " string");
  std::string sql = fmt::format(
      "-- Amazon Athena. Its table is all files of a folder: put only this output's files there.\n"
      "CREATE EXTERNAL TABLE IF NOT EXISTS {} (\n{}\n)\n",
      backtick_name(table.name), fmt::join(columns, ",\n"));
  if (!partitions.empty()) sql += fmt::format("PARTITIONED BY ({})\n", fmt::join(partitions, ", "));
  sql += fmt::format("{}\nLOCATION {}", athena_format(table.spec), sql_text(table.s3_folder + "/"));
  const std::string properties = athena_properties(table.spec);
  sql += properties.empty() ? ";\n" : "\n" + properties + ";\n";
  sql += partition_sql(table);
  if (has_text) sql += view_sql(table);
  return sql;
}

std::vector<std::string> warehouse_notes(const WarehouseTable& table) {
  std::vector<std::string> notes;
  if (!is_csv(table.spec) || !table.spec.missing_text.empty()) return notes;
  for (std::size_t c = 0; c < table.fields.size(); ++c) {
    if (profile_of(table, c).empty_texts == 0) continue;
    notes.push_back(fmt::format("{}: {} empty texts of column {} load as null (missing_text: '\\N' keeps them apart)",
                                table.spec.path, profile_of(table, c).empty_texts, table.fields[c].name));
  }
  return notes;
}

}  // namespace evclean
