// SPDX-License-Identifier: Apache-2.0
#include "partition_sink.hpp"

#include <arrow/api.h>

#include <algorithm>

#include "evclean/record_batch.hpp"
#include "evclean/suggest.hpp"
#include "partition_keys.hpp"
#include "row_groups.hpp"

namespace evclean {
namespace {

/// Rows wait until there are so many that each partition gets a run of them. What is in the files does not depend on
/// it.
constexpr std::int64_t kWaitBytes = 8 << 20;

bool is_unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         c == '.' || c == '~';
}

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (is_unreserved(c)) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

class PartitionSink : public Sink {
 public:
  PartitionSink(std::unique_ptr<FileSink> inside, const FileTarget& target, const Fields& fields, const Comm& comm)
      : inside_(std::move(inside)),
        comm_(comm),
        spec_(target.spec),
        fields_(fields),
        schema_(arrow_schema(fields)),
        columns_(partition_columns(target.spec, fields)),
        keys_(target, fields, columns_) {}

  void write(std::int64_t part, const Batch& batch) override {
    if (batch.num_rows == 0) return;
    // A table without any record has just the columns that are named, and no file that would need others.
    if (open_.empty()) check_columns_left(spec_, fields_);
    OpenPart& open = open_[part];
    open.waiting.push_back(to_record_batch(batch, schema_));
    open.size += plain_size(*open.waiting.back());
    if (open.size >= kWaitBytes) pass_on(part, open);
  }

  void end_part(std::int64_t part) override {
    OpenPart& open = open_[part];
    pass_on(part, open);
    for (const int group : open.groups) inside_->end_part(group, part);
    open_.erase(part);
  }

  void drop_part(std::int64_t part) override {
    open_.erase(part);
    inside_->drop_part(part);
    keys_.drop_part(part);
  }

  std::vector<WrittenFile> close() override {
    notes_ = keys_.settle(comm_);
    std::vector<WrittenFile> files = inside_->close();
    if (files.empty()) notes_.push_back(fmt::format("{}: there are no rows, so there is no partition", spec_.path));
    return files;
  }

  std::vector<std::string> notes() const override {
    std::vector<std::string> notes = inside_->notes();
    notes.insert(notes.end(), notes_.begin(), notes_.end());
    return notes;
  }

 private:
  using Rows = std::shared_ptr<arrow::RecordBatch>;
  struct OpenPart {
    std::vector<Rows> waiting;
    std::int64_t size = 0;
    std::set<int> groups;
  };

  /// Hands the waiting rows on, those of a partition together.
  void pass_on(std::int64_t part, OpenPart& open) {
    if (open.waiting.empty()) return;
    const Rows rows = take_arrow(arrow::ConcatenateRecordBatches(open.waiting), "joining batches");
    const Batch batch = from_record_batch(*rows);
    const std::vector<int> groups = keys_.groups_of(part, batch);
    const std::vector<std::int32_t> order = sorted_by_group(groups);
    const auto group_at = [&](std::size_t place) { return groups[static_cast<std::size_t>(order[place])]; };
    const Batch sorted = without_keys(batch, order, group_at(0) == group_at(order.size() - 1));
    for (std::size_t begin = 0; begin < order.size();) {
      const int group = group_at(begin);
      std::size_t end = begin;
      while (end < order.size() && group_at(end) == group) ++end;
      const auto count = static_cast<std::int64_t>(end - begin);
      inside_->write(group, part, slice_batch(sorted, static_cast<std::int64_t>(begin), count));
      open.groups.insert(group);
      begin = end;
    }
    open.waiting.clear();
    open.size = 0;
  }

  static std::vector<std::int32_t> sorted_by_group(const std::vector<int>& groups) {
    std::vector<std::int32_t> order(groups.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::int32_t>(i);
    std::stable_sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) {
      return groups[static_cast<std::size_t>(a)] < groups[static_cast<std::size_t>(b)];
    });
    return order;
  }

  /// The rows in this order, without the columns that are folders.
  Batch without_keys(const Batch& batch, const std::vector<std::int32_t>& order, bool is_one_group) const {
    Batch sorted;
    sorted.num_rows = batch.num_rows;
    for (int c = 0; c < static_cast<int>(batch.columns.size()); ++c) {
      if (std::find(columns_.begin(), columns_.end(), c) != columns_.end()) continue;
      sorted.names.push_back(batch.names[static_cast<std::size_t>(c)]);
      sorted.columns.emplace_back(is_one_group ? batch.array(c) : gather(*batch.array(c), order));
    }
    return sorted;
  }

  std::unique_ptr<FileSink> inside_;
  const Comm& comm_;
  OutputSpec spec_;
  Fields fields_;
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<int> columns_;
  PartitionKeys keys_;
  std::map<std::int64_t, OpenPart> open_;
  std::vector<std::string> notes_;
};

}  // namespace

std::vector<int> partition_columns(const OutputSpec& spec, const Fields& fields) {
  std::vector<std::string> names;
  for (const Field& field : fields) names.push_back(field.name);
  std::vector<int> columns;
  for (const Text& wanted : spec.partition_by) {
    const auto found = std::find(names.begin(), names.end(), wanted.value);
    if (found == names.end()) {
      fail_user("{}: partition_by: table {} has no column '{}'{}", spec.path, spec.table, wanted.value,
                did_you_mean(wanted.value, names));
    }
    columns.push_back(static_cast<int>(found - names.begin()));
  }
  return columns;
}

void check_columns_left(const OutputSpec& spec, const Fields& fields) {
  if (spec.partition_by.empty() || partition_columns(spec, fields).size() < fields.size()) return;
  fail_user("{}: partition_by takes every column of table {}: none is left for the files", spec.path, spec.table);
}

Fields without_partition_columns(const OutputSpec& spec, const Fields& fields) {
  const std::vector<int> columns = partition_columns(spec, fields);
  Fields left;
  for (int c = 0; c < static_cast<int>(fields.size()); ++c) {
    if (std::find(columns.begin(), columns.end(), c) == columns.end())
      left.push_back(fields[static_cast<std::size_t>(c)]);
  }
  return left;
}

std::string hive_folder(std::string_view name, std::string_view value) {
  std::string encoded = percent_encoded(value);
  // The word for null is not the text of the same letters.
  if (encoded == kNullPartition) encoded.replace(0, 1, "%5F");
  return fmt::format("{}={}", percent_encoded(name), encoded);
}

std::unique_ptr<Sink> make_partition_sink(std::unique_ptr<FileSink> inside, const FileTarget& target,
                                          const Fields& fields, const Comm& comm) {
  return std::make_unique<PartitionSink>(std::move(inside), target, fields, comm);
}

}  // namespace evclean
