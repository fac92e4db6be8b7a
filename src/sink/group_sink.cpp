// SPDX-License-Identifier: Apache-2.0
// Groups of rows into one file of all ranks: encoded where their rows are, the first rank writes the file's ends.
#include <arrow/api.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "evclean/descriptor.hpp"
#include "evclean/record_batch.hpp"
#include "row_groups.hpp"
#include "shared_file.hpp"

namespace evclean {
namespace {

using Rows = std::shared_ptr<arrow::RecordBatch>;

class GroupSink : public Sink {
 public:
  GroupSink(std::unique_ptr<GroupFormat> format, GroupRule rule, FileTarget target, const Fields& fields,
            const Comm& comm, const SinkOptions& options)
      : format_(std::move(format)),
        rule_(rule),
        target_(std::move(target)),
        comm_(comm),
        schema_(arrow_schema(fields)),
        file_(comm, options, rule.own_bytes) {}

  void write(std::int64_t part, const Batch& batch) override {
    OpenPart& open = open_[part];
    open.rows += batch.num_rows;
    Rows rows = to_record_batch(batch, schema_);
    while (open.size + plain_size(*rows) >= rule_.full_bytes) {
      const std::int64_t count = rows_of_size(*rows, rule_.full_bytes - open.size);
      open.batches.push_back(rows->Slice(0, count));
      add_group(part, open);
      rows = rows->Slice(count);
    }
    if (rows->num_rows() == 0) return;
    open.size += plain_size(*rows);
    open.batches.push_back(std::move(rows));
  }

  void end_part(std::int64_t part) override {
    OpenPart& open = open_[part];
    if (open.size >= rule_.own_bytes) add_group(part, open);
    std::string tail;
    if (!open.batches.empty()) {
      tail = serialize_record_batch(*take_arrow(arrow::ConcatenateRecordBatches(open.batches), "joining batches"));
    }
    file_.end_part(part, open.rows, tail, open.size);
    open_.erase(part);
  }

  void drop_part(std::int64_t part) override {
    open_.erase(part);
    own_.erase(part);
    file_.drop_part(part);
  }

  std::vector<WrittenFile> close() override {
    EVCLEAN_CHECK(open_.empty(), "part {} is not ended", open_.begin()->first);
    std::string head;
    comm_.agree([&] { head = format_->head(); });
    const auto begin = static_cast<std::int64_t>(head.size());
    const FileLayout layout = file_.settle(
        begin, [&](std::int64_t part, const std::vector<std::string>& tails) { return merge(part, tails); });
    const std::vector<std::string> metadata = comm_.gather(pack_placed(layout));
    comm_.agree([&] {
      file_.write(layout, target_.hidden_path, target_.final_path);
      if (comm_.is_root()) write_ends(head, layout, metadata);
    });
    return written(target_, layout.rows);
  }

  std::vector<std::string> notes() const override { return {}; }

 private:
  struct OpenPart {
    std::vector<Rows> batches;
    std::int64_t size = 0;  ///< of the batches, as plain_size counts
    std::int64_t rows = 0;
  };

  void add_group(std::int64_t part, OpenPart& open) {
    EncodedGroup group = format_->encode(open.batches);
    own_[part].push_back({file_.block_bytes(part), std::move(group.metadata)});
    file_.add_block(part, group.bytes);
    open.batches.clear();
    open.size = 0;
  }

  std::string merge(std::int64_t part, const std::vector<std::string>& tails) {
    std::vector<Rows> batches;
    for (const std::string& tail : tails)
      batches.push_back(parse_record_batch(arrow::Buffer::FromString(tail), schema_));
    EncodedGroup group = format_->encode(batches);
    merged_[part] = std::move(group.metadata);
    return std::move(group.bytes);
  }

  /// This rank's row groups at their final places, packed: offset, length, metadata.
  std::string pack_placed(const FileLayout& layout) const {
    std::string packed;
    const auto add = [&](std::int64_t offset, const std::string& metadata) {
      const std::int64_t head[2] = {offset, static_cast<std::int64_t>(metadata.size())};
      packed.append(reinterpret_cast<const char*>(head), sizeof head);
      packed += metadata;
    };
    for (const PlacedStretch& stretch : layout.mine) {
      if (stretch.merged) {
        add(stretch.offset, merged_.at(stretch.part));
      } else {
        for (const PlacedGroup& group : own_.at(stretch.part)) add(stretch.offset + group.offset, group.metadata);
      }
    }
    return packed;
  }

  static void unpack_placed(std::string_view packed, std::vector<PlacedGroup>& groups) {
    while (!packed.empty()) {
      std::int64_t head[2];
      std::memcpy(head, packed.data(), sizeof head);
      packed.remove_prefix(sizeof head);
      groups.push_back({head[0], std::string(packed.substr(0, static_cast<std::size_t>(head[1])))});
      packed.remove_prefix(static_cast<std::size_t>(head[1]));
    }
  }

  void write_ends(const std::string& head, const FileLayout& layout, const std::vector<std::string>& metadata) const {
    std::vector<PlacedGroup> groups;
    for (const std::string& packed : metadata) unpack_placed(packed, groups);
    std::sort(groups.begin(), groups.end(), [](const auto& a, const auto& b) { return a.offset < b.offset; });
    Descriptor file = open_for_writing(target_.hidden_path, target_.final_path);
    write_at(file.get(), 0, head, target_.final_path);
    write_at(file.get(), layout.end_bytes, format_->tail(groups, layout.rows), target_.final_path);
    close_checked(std::move(file), target_.final_path);
  }

  std::unique_ptr<GroupFormat> format_;
  GroupRule rule_;
  FileTarget target_;
  const Comm& comm_;
  std::shared_ptr<arrow::Schema> schema_;
  SharedFile file_;
  std::map<std::int64_t, OpenPart> open_;
  std::map<std::int64_t, std::vector<PlacedGroup>> own_;  ///< by part; offsets within the part's blocks
  std::map<std::int64_t, std::string> merged_;            ///< by first part of a run
};

}  // namespace

std::unique_ptr<Sink> make_group_sink(std::unique_ptr<GroupFormat> format, GroupRule rule, const FileTarget& target,
                                      const Fields& fields, const Comm& comm, const SinkOptions& options) {
  return std::make_unique<GroupSink>(std::move(format), rule, target, fields, comm, options);
}

}  // namespace evclean
