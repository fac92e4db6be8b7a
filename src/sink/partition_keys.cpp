// SPDX-License-Identifier: Apache-2.0
#include "partition_keys.hpp"

#include "evclean/types.hpp"
#include "partition_sink.hpp"

namespace evclean {
namespace {

constexpr std::size_t kLongestName = 255;

/// A value as the CSV writes it. `buffer` holds what is no text already.
std::string_view value_text(const ValueColumn& column, std::int64_t row, char (&buffer)[64]) {
  const auto upto = [&](const char* end) { return std::string_view(buffer, static_cast<std::size_t>(end - buffer)); };
  switch (column.kind) {
    case ValueColumn::Kind::kSpans:
    case ValueColumn::Kind::kUtf8:
      return column.string(row);
    case ValueColumn::Kind::kInt64:
      return upto(write_int64(buffer, column.int64(row)));
    case ValueColumn::Kind::kFloat64:
      return upto(write_float64(buffer, column.float64(row)));
    case ValueColumn::Kind::kBool:
      return column.boolean(row) ? "true" : "false";
    case ValueColumn::Kind::kDate:
      return upto(write_date(buffer, column.date(row)));
    case ValueColumn::Kind::kTimestamp:
      return upto(write_timestamp(buffer, column.int64(row), ' ', false));
  }
  return {};
}

}  // namespace

PartitionKeys::PartitionKeys(const FileTarget& target, const Fields& fields, std::vector<int> columns)
    : target_(target), columns_(std::move(columns)) {
  for (const int c : columns_) codes_.push_back({fields[static_cast<std::size_t>(c)].name, {}, {}, -1});
}

int PartitionKeys::add_code(Codes& codes, std::string folder) {
  if (folder.size() > kLongestName) {
    fail_user("{}: partition_by: a value of column '{}' makes a folder name of {} bytes, and {} are the most",
              target_.spec.path, codes.name, folder.size(), kLongestName);
  }
  codes.folders.push_back(std::move(folder));
  return static_cast<int>(codes.folders.size()) - 1;
}

int PartitionKeys::code_of(Codes& codes, const ValueColumn& column, std::int64_t row) {
  char buffer[64];
  const bool missing = column.missing(row);
  const std::string_view text = missing ? std::string_view() : value_text(column, row, buffer);
  if (text.empty()) {  // Hive and Spark have no empty value
    if (codes.null_code < 0) {
      const std::string prefix = hive_folder(codes.name, "");
      codes.null_code = add_code(codes, prefix + std::string(kNullPartition));
    }
    return codes.null_code;
  }
  const auto found = codes.of_text.find(text);
  if (found != codes.of_text.end()) return found->second;
  const int code = add_code(codes, hive_folder(codes.name, text));
  codes.of_text.emplace(text, code);
  return code;
}

int PartitionKeys::group_of(const std::vector<int>& row_codes) {
  const auto [found, is_new] = groups_.emplace(row_codes, 0);
  if (!is_new) return found->second;
  std::string folder;
  for (std::size_t k = 0; k < row_codes.size(); ++k)
    folder += codes_[k].folders[static_cast<std::size_t>(row_codes[k])] + "/";
  return found->second = target_.groups->number({folder, 0, 0});
}

std::vector<int> PartitionKeys::groups_of(std::int64_t part, const Batch& batch) {
  const std::vector<ValueColumn> all = value_columns(batch, batch.columns.size());
  std::vector<std::int64_t>& empty_texts = empty_texts_[part];
  empty_texts.resize(columns_.size());
  std::vector<int> groups(static_cast<std::size_t>(batch.num_rows));
  std::vector<int> row_codes(columns_.size(), -1);
  std::vector<int> last_codes;
  int last_group = -1;
  for (std::int64_t row = 0; row < batch.num_rows; ++row) {
    for (std::size_t k = 0; k < columns_.size(); ++k) {
      const ValueColumn& column = all[static_cast<std::size_t>(columns_[k])];
      row_codes[k] = code_of(codes_[k], column, row);
      empty_texts[k] += row_codes[k] == codes_[k].null_code && !column.missing(row);
    }
    if (row_codes != last_codes) {
      last_group = group_of(row_codes);
      last_codes = row_codes;
    }
    groups[static_cast<std::size_t>(row)] = last_group;
  }
  count_groups(part, groups);
  return groups;
}

void PartitionKeys::count_groups(std::int64_t part, const std::vector<int>& groups) {
  std::set<int>& known = in_use_[part];
  for (const int group : std::set<int>(groups.begin(), groups.end())) {
    if (known.insert(group).second) ++uses_[group];
  }
  if (static_cast<std::int64_t>(uses_.size()) > target_.spec.max_partitions) check_count(folders_here());
}

std::set<std::string> PartitionKeys::folders_here() const {
  std::set<std::string> folders;
  for (const auto& [group, parts] : uses_) folders.insert((*target_.groups)[group].folder);
  return folders;
}

void PartitionKeys::check_count(const std::set<std::string>& folders) const {
  if (static_cast<std::int64_t>(folders.size()) <= target_.spec.max_partitions) return;
  std::vector<std::set<std::string>> values(codes_.size());
  for (const std::string& folder : folders) {
    std::size_t begin = 0;
    for (std::set<std::string>& level : values) {
      const std::size_t end = folder.find('/', begin);
      level.insert(folder.substr(begin, end - begin));
      begin = end + 1;
    }
  }
  std::size_t most = 0;
  for (std::size_t k = 0; k < values.size(); ++k) {
    if (values[k].size() > values[most].size()) most = k;
  }
  fail_user(
      "{}: partition_by: more than {} partitions: column '{}' alone has {} values or more (take a column with fewer "
      "values, "
      "such as a day, or raise max_partitions)",
      target_.spec.path, target_.spec.max_partitions, codes_[most].name, values[most].size());
}

void PartitionKeys::drop_part(std::int64_t part) {
  for (const int group : in_use_[part]) {
    if (--uses_[group] == 0) uses_.erase(group);
  }
  in_use_.erase(part);
  empty_texts_.erase(part);
}

std::vector<std::string> PartitionKeys::settle(const Comm& comm) const {
  std::string mine;
  for (const std::string& folder : folders_here()) mine += folder + '\n';
  std::set<std::string> folders;
  for (const std::string& theirs : comm.all_gather(mine)) {
    for (std::size_t begin = 0; begin < theirs.size();) {
      const std::size_t end = theirs.find('\n', begin);
      folders.insert(theirs.substr(begin, end - begin));
      begin = end + 1;
    }
  }
  check_count(folders);
  std::vector<std::int64_t> empty_texts(codes_.size());
  for (const auto& [part, counts] : empty_texts_) {
    for (std::size_t k = 0; k < counts.size(); ++k) empty_texts[k] += counts[k];
  }
  empty_texts = comm.sum(std::move(empty_texts));
  std::vector<std::string> notes;
  for (std::size_t k = 0; k < codes_.size(); ++k) {
    if (empty_texts[k] == 0) continue;
    notes.push_back(fmt::format("{}: {} rows with an empty text in column {} are in {}={}, as in Hive and Spark",
                                target_.spec.path, empty_texts[k], codes_[k].name, codes_[k].name, kNullPartition));
  }
  return notes;
}

}  // namespace evclean
