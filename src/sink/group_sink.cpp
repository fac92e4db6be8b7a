// SPDX-License-Identifier: Apache-2.0
// Groups of rows into files of all ranks: encoded where their rows are; one rank writes the ends of a file.
#include <arrow/api.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "evclean/descriptor.hpp"
#include "evclean/record_batch.hpp"
#include "file_set.hpp"
#include "row_groups.hpp"

namespace evclean {
namespace {

class GroupSink : public FileSink {
 public:
  GroupSink(std::unique_ptr<GroupFormat> format, GroupRule rule, const FileTarget& target, const Fields& fields,
            const Comm& comm, const SinkOptions& options)
      : format_(std::move(format)),
        rule_(rule),
        comm_(comm),
        schema_(arrow_schema(fields)),
        files_(target, comm, options, rule.own_bytes) {}

  void need(int group) override { files_.need(group); }

  void write(int group, std::int64_t part, const Batch& batch) override {
    const std::vector<ValueColumn> columns = value_columns(batch, static_cast<std::size_t>(schema_->num_fields()));
    OpenPart& open = open_[{part, group}];
    std::int64_t row = 0;
    std::int64_t left = plain_size(columns, row, batch.num_rows);
    while (open.size + left >= rule_.full_bytes) {
      const std::int64_t end = rows_of_size(columns, row, batch.num_rows, rule_.full_bytes - open.size);
      take_rows(open, batch, columns, row, end);
      add_group(group, part, open);
      row = end;
      left = plain_size(columns, row, batch.num_rows);
    }
    if (row == batch.num_rows) return;
    open.size += left;
    take_rows(open, batch, columns, row, batch.num_rows);
  }

  void end_part(int group, std::int64_t part) override {
    OpenPart& open = open_[{part, group}];
    if (open.size >= rule_.own_bytes) add_group(group, part, open);
    const std::string tail = open.rows ? serialize_record_batch(*open.rows->rows()) : std::string();
    files_.end_part(group, part, tail, open.size, open.count);
    open_.erase({part, group});
  }

  void drop_part(std::int64_t part) override {
    open_.erase(open_.lower_bound({part, 0}), open_.lower_bound({part + 1, 0}));
    own_.erase(own_.lower_bound({part, 0}), own_.lower_bound({part + 1, 0}));
    own_sizes_.erase(own_sizes_.lower_bound({part, 0}), own_sizes_.lower_bound({part + 1, 0}));
    files_.drop_part(part);
  }

  std::vector<WrittenFile> close() override {
    EVCLEAN_CHECK(open_.empty(), "part {} is not ended", open_.begin()->first.first);
    std::string head;
    comm_.agree([&] { head = format_->head(); });
    const auto begin = static_cast<std::int64_t>(head.size());
    files_.agree_on_groups();
    const SetLayout layout = files_.settle(
        {begin, begin},
        [&](int group, std::int64_t part, const std::vector<std::string>& tails) { return merge(group, part, tails); });
    const std::vector<std::string> metadata = comm_.all_to_all(pack_placed(layout));
    comm_.agree([&] {
      files_.write(layout);
      write_ends(head, layout, metadata);
    });
    std::vector<WrittenFile> written;
    for (const SetFile& file : layout.files) written.push_back({file.final_path, file.rows, 0, {}});
    return written;
  }

  std::vector<std::string> notes() const override { return {}; }

 private:
  struct OpenPart {
    std::unique_ptr<RowGroup> rows;  ///< null: none yet
    std::int64_t count = 0;
    std::int64_t size = 0;  ///< of the rows, as plain_size counts
  };
  using Slot = std::pair<std::int64_t, int>;  ///< part, group

  void take_rows(OpenPart& open, const Batch& batch, const std::vector<ValueColumn>& columns, std::int64_t begin,
                 std::int64_t end) {
    if (!open.rows) open.rows = format_->make_group();
    open.rows->append(batch, columns, begin, end);
    open.count += end - begin;
  }

  void add_group(int group, std::int64_t part, OpenPart& open) {
    EncodedGroup encoded = open.rows->encode();
    own_[{part, group}].push_back(std::move(encoded.metadata));
    own_sizes_[{part, group}].push_back(static_cast<std::int64_t>(encoded.bytes.size()));
    files_.add_block(group, part, encoded.bytes, open.count);
    open = {};
  }

  std::string merge(int group, std::int64_t part, const std::vector<std::string>& tails) {
    const auto rows = format_->make_group();
    for (const std::string& tail : tails) {
      const Batch batch = from_record_batch(*parse_record_batch(arrow::Buffer::FromString(tail), schema_));
      rows->append(batch, value_columns(batch, batch.columns.size()), 0, batch.num_rows);
    }
    EncodedGroup encoded = rows->encode();
    merged_[{part, group}] = std::move(encoded.metadata);
    return std::move(encoded.bytes);
  }

  /// This rank's row groups at their final places, packed for the ranks that write the ends of their files: file,
  /// offset, length, metadata.
  std::vector<std::string> pack_placed(const SetLayout& layout) const {
    std::vector<std::string> packed(static_cast<std::size_t>(comm_.size()));
    for (const PlacedPiece& piece : layout.mine) {
      std::string& to = packed[static_cast<std::size_t>(SetLayout::ends_owner(piece.file, comm_))];
      std::int64_t offset = piece.offset;
      for (std::size_t b = piece.first_block; b < piece.first_block + piece.blocks; ++b) {
        const Slot slot{piece.part, piece.group};
        const std::string& metadata = piece.merged ? merged_.at(slot) : own_.at(slot)[b];
        const std::int64_t head[3] = {static_cast<std::int64_t>(piece.file), offset,
                                      static_cast<std::int64_t>(metadata.size())};
        to.append(reinterpret_cast<const char*>(head), sizeof head);
        to += metadata;
        if (!piece.merged) offset += own_sizes_.at(slot)[b];
      }
    }
    return packed;
  }

  static void unpack_placed(std::string_view packed, std::map<std::size_t, std::vector<PlacedGroup>>& groups) {
    while (!packed.empty()) {
      std::int64_t head[3];
      std::memcpy(head, packed.data(), sizeof head);
      packed.remove_prefix(sizeof head);
      groups[static_cast<std::size_t>(head[0])].push_back(
          {head[1], std::string(packed.substr(0, static_cast<std::size_t>(head[2])))});
      packed.remove_prefix(static_cast<std::size_t>(head[2]));
    }
  }

  void write_ends(const std::string& head, const SetLayout& layout, const std::vector<std::string>& metadata) const {
    std::map<std::size_t, std::vector<PlacedGroup>> groups;  // by file
    for (const std::string& packed : metadata) unpack_placed(packed, groups);
    for (std::size_t f = 0; f < layout.files.size(); ++f) {
      if (SetLayout::ends_owner(f, comm_) != comm_.rank()) continue;
      std::vector<PlacedGroup>& placed = groups[f];
      std::sort(placed.begin(), placed.end(), [](const auto& a, const auto& b) { return a.offset < b.offset; });
      const SetFile& to = layout.files[f];
      Descriptor file = open_for_writing(to.hidden_path, to.final_path);
      write_at(file.get(), 0, head, to.final_path);
      write_at(file.get(), to.end_bytes, format_->tail(placed, to.rows), to.final_path);
      close_checked(std::move(file), to.final_path);
    }
  }

  std::unique_ptr<GroupFormat> format_;
  GroupRule rule_;
  const Comm& comm_;
  std::shared_ptr<arrow::Schema> schema_;
  FileSet files_;
  std::map<Slot, OpenPart> open_;
  std::map<Slot, std::vector<std::string>> own_;         ///< metadata of a part's row groups
  std::map<Slot, std::vector<std::int64_t>> own_sizes_;  ///< and their bytes
  std::map<Slot, std::string> merged_;                   ///< by first part of a run
};

}  // namespace

std::unique_ptr<FileSink> make_group_sink(std::unique_ptr<GroupFormat> format, GroupRule rule, const FileTarget& target,
                                          const Fields& fields, const Comm& comm, const SinkOptions& options) {
  return std::make_unique<GroupSink>(std::move(format), rule, target, fields, comm, options);
}

}  // namespace evclean
