// SPDX-License-Identifier: Apache-2.0
// Parquet into one file of all ranks: row groups are encoded where their rows are, the first rank writes the footer.
#include <arrow/api.h>

#include <cstring>
#include <map>

#include "descriptor.hpp"
#include "file_sinks.hpp"
#include "parquet_pieces.hpp"
#include "record_batch.hpp"
#include "shared_file.hpp"

namespace evclean {
namespace {

/// A row group ends with the first row that brings it to this size ...
constexpr std::int64_t kGroupBytes = 64 << 20;
/// ... and what is left of a part is one of its own from this size on.
constexpr std::int64_t kOwnGroupBytes = 16 << 20;

using Rows = std::shared_ptr<arrow::RecordBatch>;

class ParquetSink : public Sink {
 public:
  ParquetSink(const OutputSpec& spec, FileTarget target, const Fields& fields, const Comm& comm,
              const SinkOptions& options)
      : target_(std::move(target)),
        comm_(comm),
        schema_(arrow_schema(fields)),
        encoder_(fields, spec.compression_level),
        file_(comm, options, kOwnGroupBytes) {}

  void write(std::int64_t part, const Batch& batch) override {
    OpenPart& open = open_[part];
    open.rows += batch.num_rows;
    Rows rows = to_record_batch(batch, schema_);
    while (open.size + plain_size(*rows) >= kGroupBytes) {
      const std::int64_t count = rows_of_size(*rows, kGroupBytes - open.size);
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
    if (open.size >= kOwnGroupBytes) add_group(part, open);
    std::string tail;
    if (!open.batches.empty()) {
      tail = serialize_record_batch(*take_arrow(arrow::ConcatenateRecordBatches(open.batches), "Parquet"));
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
    const auto magic = static_cast<std::int64_t>(kParquetMagic.size());
    const FileLayout layout = file_.settle(
        magic, [&](std::int64_t part, const std::vector<std::string>& tails) { return merge(part, tails); });
    const std::vector<std::string> metadata = comm_.gather(pack_placed(layout));
    comm_.agree([&] {
      file_.write(layout, target_.hidden_path, target_.final_path);
      if (comm_.is_root()) write_ends(layout, metadata);
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
    EncodedRowGroup group = encoder_.encode(open.batches);
    own_[part].push_back({file_.block_bytes(part), std::move(group.metadata)});
    file_.add_block(part, group.pages);
    open.batches.clear();
    open.size = 0;
  }

  std::string merge(std::int64_t part, const std::vector<std::string>& tails) {
    std::vector<Rows> batches;
    for (const std::string& tail : tails)
      batches.push_back(parse_record_batch(arrow::Buffer::FromString(tail), schema_));
    EncodedRowGroup group = encoder_.encode(batches);
    merged_[part] = std::move(group.metadata);
    return std::move(group.pages);
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
        for (const PlacedRowGroup& group : own_.at(stretch.part)) add(stretch.offset + group.offset, group.metadata);
      }
    }
    return packed;
  }

  static void unpack_placed(std::string_view packed, std::vector<PlacedRowGroup>& groups) {
    while (!packed.empty()) {
      std::int64_t head[2];
      std::memcpy(head, packed.data(), sizeof head);
      packed.remove_prefix(sizeof head);
      groups.push_back({head[0], std::string(packed.substr(0, static_cast<std::size_t>(head[1])))});
      packed.remove_prefix(static_cast<std::size_t>(head[1]));
    }
  }

  void write_ends(const FileLayout& layout, const std::vector<std::string>& metadata) const {
    std::vector<PlacedRowGroup> groups;
    for (const std::string& packed : metadata) unpack_placed(packed, groups);
    Descriptor file = open_for_writing(target_.hidden_path, target_.final_path);
    write_at(file.get(), 0, kParquetMagic, target_.final_path);
    write_at(file.get(), layout.end_bytes, encoder_.footer(std::move(groups), layout.rows), target_.final_path);
    close_checked(std::move(file), target_.final_path);
  }

  FileTarget target_;
  const Comm& comm_;
  std::shared_ptr<arrow::Schema> schema_;
  ParquetEncoder encoder_;
  SharedFile file_;
  std::map<std::int64_t, OpenPart> open_;
  std::map<std::int64_t, std::vector<PlacedRowGroup>> own_;  ///< by part; offsets within the part's blocks
  std::map<std::int64_t, std::string> merged_;               ///< by first part of a run
};

}  // namespace

std::unique_ptr<Sink> make_parquet_sink(const OutputSpec& spec, const FileTarget& target, const Fields& fields,
                                        const Comm& comm, const SinkOptions& options) {
  return std::make_unique<ParquetSink>(spec, target, fields, comm, options);
}

}  // namespace evclean
