// SPDX-License-Identifier: Apache-2.0
// The statements by which a warehouse takes an output in. Names and values are quoted: text from data is never code.
#pragma once

#include <string>
#include <vector>

#include "evclean/job.hpp"
#include "evclean/sink.hpp"
#include "warehouse_profile.hpp"

namespace evclean {

/// What the user replaces, where the output is not on S3 yet.
inline constexpr const char* kFolderPlaceholder = "<s3-folder>";
inline constexpr const char* kRolePlaceholder = "<iam-role-arn>";

/// A table as a warehouse sees it.
struct WarehouseTable {
  OutputSpec spec;
  std::string name;
  Fields fields;                        ///< of the files
  std::vector<ColumnProfile> profiles;  ///< of `fields`
  Fields partitions;                    ///< columns that are folders
  std::vector<std::string> folders;     ///< "day=2026-11-01/", with rows, sorted
  std::string s3_folder;                ///< "s3://bucket/folder" or a placeholder
  std::string manifest_name;            ///< Redshift
};

/// Checks names and combinations before any row is there. Errors: user Error that says what to do.
void check_warehouse(const OutputSpec& spec, const Fields& fields);
/// Checks what only the values tell (a text too long, a line break in CSV for Athena). Errors: user Error.
void check_warehouse_values(const WarehouseTable& table);

std::string redshift_sql(const WarehouseTable& table);
std::string athena_sql(const WarehouseTable& table);
/// COPY's manifest of files, with their sizes.
std::string redshift_manifest(const WarehouseTable& table, const std::vector<WrittenFile>& files);
/// What the report should say of texts that load as something else.
std::vector<std::string> warehouse_notes(const WarehouseTable& table);

std::string sql_text(std::string_view text);       ///< 'it''s'
std::string sql_name(std::string_view name);       ///< "a ""b"""
std::string backtick_name(std::string_view name);  ///< `a ``b```

}  // namespace evclean
