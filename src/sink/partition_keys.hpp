// SPDX-License-Identifier: Apache-2.0
// The partition of every row: values of the columns to folders to groups of files.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "file_sinks.hpp"
#include "value_column.hpp"

namespace evclean {

class PartitionKeys {
 public:
  PartitionKeys(const FileTarget& target, const Fields& fields, std::vector<int> columns);

  /// The group of each row. Errors: user Error naming the column when there are more partitions than
  /// `max_partitions`, or a value is too long for a folder's name.
  std::vector<int> groups_of(std::int64_t part, const Batch& batch);
  void drop_part(std::int64_t part);
  /// Checks the number of partitions of all ranks and gives notes for the report. Collective. Errors: as groups_of().
  std::vector<std::string> settle(const Comm& comm) const;

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  /// The values of one column seen so far, as codes.
  struct Codes {
    std::string name;
    std::unordered_map<std::string, int, TextHash, std::equal_to<>> of_text;
    std::vector<std::string> folders;  ///< of a code: "day=2026-11-01"
    int null_code = -1;
  };

  int code_of(Codes& codes, const ValueColumn& column, std::int64_t row);
  int add_code(Codes& codes, std::string folder);
  int group_of(const std::vector<int>& row_codes);
  void count_groups(std::int64_t part, const std::vector<int>& groups);
  void check_count(const std::set<std::string>& folders) const;
  std::set<std::string> folders_here() const;

  FileTarget target_;
  std::vector<int> columns_;
  std::vector<Codes> codes_;
  std::map<std::vector<int>, int> groups_;                         ///< codes of the columns -> group
  std::map<std::int64_t, std::set<int>> in_use_;                   ///< part -> groups
  std::map<int, std::int64_t> uses_;                               ///< group -> parts
  std::map<std::int64_t, std::vector<std::int64_t>> empty_texts_;  ///< part -> a column: empty texts
};

}  // namespace evclean
