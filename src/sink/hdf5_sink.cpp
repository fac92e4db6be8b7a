// SPDX-License-Identifier: Apache-2.0
// HDF5: rows are staged until lengths and missing values of all are known, then written in rounds. In a round every
// rank compresses the same number of whole chunks, wherever their rows came from: chunks shared between ranks would be
// read, unpacked and packed again by HDF5.
#include <algorithm>
#include <cstring>
#include <map>
#include <optional>

#include "file_sinks.hpp"
#include "hdf5_file.hpp"
#include "space_reserve.hpp"

namespace evclean {
namespace {

constexpr std::int64_t kChunkBytes = 2 << 20;
constexpr std::int64_t kRoundBytes = 8 << 20;     ///< a rank writes in one round
constexpr std::int64_t kMetadataBytes = 4 << 20;  ///< more than HDF5 writes besides the rows
constexpr int kDefaultLevel = 1;

/// Reads the parts of this rank in order, a run of rows at a time.
class PartCursor {
 public:
  PartCursor(BatchStage& stage, std::map<std::int64_t, std::int64_t> first_rows)
      : stage_(stage), first_rows_(std::move(first_rows)), next_part_(first_rows_.begin()) {}

  /// Calls `take(batch, first, count, row number)` for all rows here with numbers below `end`. Rows are given once.
  template <typename Take>
  void rows_below(std::int64_t end, Take&& take) {
    while (load() && row_ < end) {
      const Batch& batch = batches_[at_];
      const std::int64_t count = std::min(batch.num_rows - in_batch_, end - row_);
      take(batch, in_batch_, count, row_);
      row_ += count;
      in_batch_ += count;
      if (in_batch_ == batch.num_rows) {
        ++at_;
        in_batch_ = 0;
      }
    }
  }

 private:
  /// Makes batches_[at_] the next rows; false when none are left.
  bool load() {
    while (at_ == batches_.size()) {
      if (next_part_ == first_rows_.end()) return false;
      batches_ = stage_.read(next_part_->first);
      stage_.drop(next_part_->first);
      row_ = next_part_->second;
      at_ = 0;
      ++next_part_;
    }
    return true;
  }

  BatchStage& stage_;
  std::map<std::int64_t, std::int64_t> first_rows_;
  std::map<std::int64_t, std::int64_t>::const_iterator next_part_;
  std::vector<Batch> batches_;
  std::size_t at_ = 0;
  std::int64_t in_batch_ = 0;
  std::int64_t row_ = 0;
};

std::string table_key(std::string key, const std::string& path) {
  while (key.starts_with('/')) key.erase(0, 1);
  while (key.ends_with('/')) key.pop_back();
  if (key.empty()) fail_user("{}: key: must name a table in the file", path);
  return key;
}

class Hdf5Sink : public Sink {
 public:
  Hdf5Sink(const OutputSpec& spec, FileTarget target, const Fields& fields, const Comm& comm,
           const SinkOptions& options)
      : spec_(spec),
        target_(std::move(target)),
        fields_(fields),
        comm_(comm),
        stage_(fields, options.memory_bytes, options.scratch_dir) {
    spec_.key = table_key(spec.key, spec.path);
    const int level = spec.compression_level.value_or(kDefaultLevel);
    if (level < 0 || level > 9) fail_user("compression_level: {} is out of range for HDF5 (0 to 9)", level);
  }

  void write(std::int64_t part, const Batch& batch) override {
    stage_.append(part, batch);
    std::vector<ColumnExtent>& extents = extents_[part];
    extents.resize(fields_.size());
    const std::vector<ColumnExtent> seen = measure_columns(batch, fields_);
    for (std::size_t c = 0; c < seen.size(); ++c) extents[c].merge(seen[c]);
  }

  void end_part(std::int64_t) override {}

  void drop_part(std::int64_t part) override {
    stage_.drop(part);
    extents_.erase(part);
  }

  std::vector<WrittenFile> close() override {
    const std::map<std::int64_t, std::int64_t> first_rows = number_parts();
    const StoredTable table = lay_out(fields_, agree_on_extents(), spec_);
    notes_ = table.notes;
    TableShape shape{spec_.key, rows_, std::clamp<std::int64_t>(kChunkBytes / table.row_bytes, 1, 1 << 20),
                     spec_.compression_level.value_or(kDefaultLevel)};
    std::optional<SpaceReserve> space;  // on the first rank
    comm_.agree([&] {
      if (!comm_.is_root()) return;
      space.emplace(target_.hidden_path, target_.final_path);
      space->reserve(kMetadataBytes);
    });
    std::unique_ptr<Hdf5File> file;
    comm_.agree(
        [&] { file = std::make_unique<Hdf5File>(comm_, target_.hidden_path, target_.final_path, table, shape); });
    try {
      write_rounds(*file, table, shape, first_rows, space);
      comm_.agree([&] { file->flush(); });
      comm_.agree([&] { file->close(); });
    } catch (const Error&) {
      file->abandon();
      if (space) space->empty();
      throw;
    }
    if (space) space->release();
    return written(target_, rows_);
  }

  std::vector<std::string> notes() const override { return notes_; }

 private:
  /// Finds the number of the first row of each part that is here, and of all rows. Collective.
  std::map<std::int64_t, std::int64_t> number_parts() {
    std::vector<std::int64_t> mine;
    for (const std::int64_t part : stage_.parts()) {
      mine.push_back(part);
      mine.push_back(stage_.rows(part));
    }
    std::map<std::int64_t, std::int64_t> rows;
    for (const std::string& bytes :
         comm_.all_gather({reinterpret_cast<const char*>(mine.data()), mine.size() * sizeof(std::int64_t)})) {
      for (std::size_t at = 0; at + 16 <= bytes.size(); at += 16) {
        std::int64_t pair[2];
        std::memcpy(pair, bytes.data() + at, sizeof pair);
        rows[pair[0]] = pair[1];
      }
    }
    std::map<std::int64_t, std::int64_t> first_rows;
    const std::vector<std::int64_t> here = stage_.parts();
    for (const auto& [part, count] : rows) {
      if (std::binary_search(here.begin(), here.end(), part)) first_rows[part] = rows_;
      rows_ += count;
    }
    return first_rows;
  }

  std::vector<ColumnExtent> agree_on_extents() const {
    std::vector<ColumnExtent> mine(fields_.size());
    const auto merge = [&](std::vector<ColumnExtent>& into, const std::vector<ColumnExtent>& from) {
      for (std::size_t c = 0; c < into.size(); ++c) into[c].merge(from[c]);
    };
    for (const auto& [part, extents] : extents_) merge(mine, extents);
    std::vector<ColumnExtent> all(fields_.size());
    for (const std::string& bytes :
         comm_.all_gather({reinterpret_cast<const char*>(mine.data()), mine.size() * sizeof(ColumnExtent)})) {
      std::vector<ColumnExtent> one(fields_.size());
      std::memcpy(one.data(), bytes.data(), bytes.size());
      merge(all, one);
    }
    return all;
  }

  void write_rounds(Hdf5File& file, const StoredTable& table, const TableShape& shape,
                    const std::map<std::int64_t, std::int64_t>& first_rows, std::optional<SpaceReserve>& space) {
    PartCursor cursor(stage_, first_rows);
    const std::int64_t chunks = std::max<std::int64_t>(kRoundBytes / (shape.chunk_rows * table.row_bytes), 1);
    const std::int64_t share = chunks * shape.chunk_rows;  // rows a rank writes in one round
    for (std::int64_t begin = 0; begin < rows_; begin += share * comm_.size()) {
      std::vector<std::string> outgoing(static_cast<std::size_t>(comm_.size()));
      comm_.agree([&] {
        if (space) space->reserve(std::min(share * comm_.size(), rows_ - begin) * table.row_bytes + kMetadataBytes);
        pack_round(cursor, table, begin, share, outgoing);
      });
      const std::vector<std::string> incoming = comm_.all_to_all(outgoing);
      const std::int64_t first = std::min(begin + share * comm_.rank(), rows_);
      const std::int64_t count = std::min(share, rows_ - first);
      std::string packed;
      comm_.agree([&] { packed = assemble(incoming, first, count, table.row_bytes); });
      comm_.agree([&] { file.write(first, count, packed.data()); });
    }
  }

  /// Packs this rank's rows of the round, for the rank that writes them.
  void pack_round(PartCursor& cursor, const StoredTable& table, std::int64_t begin, std::int64_t share,
                  std::vector<std::string>& outgoing) const {
    for (std::size_t to = 0; to < outgoing.size(); ++to) {
      const std::int64_t end = begin + share * (static_cast<std::int64_t>(to) + 1);
      cursor.rows_below(end, [&](const Batch& batch, std::int64_t first, std::int64_t count, std::int64_t row) {
        std::string& bytes = outgoing[to];
        const std::size_t before = bytes.size();
        bytes.resize(before + static_cast<std::size_t>(count * table.row_bytes));
        pack_rows(table, batch, first, count, row, bytes.data() + before);
      });
    }
  }

  /// Puts packed rows in their order: each begins with its number.
  static std::string assemble(const std::vector<std::string>& incoming, std::int64_t first, std::int64_t count,
                              std::int64_t row_bytes) {
    std::string packed(static_cast<std::size_t>(count * row_bytes), '\0');
    const auto width = static_cast<std::size_t>(row_bytes);
    std::int64_t seen = 0;
    for (const std::string& bytes : incoming) {
      for (std::size_t at = 0; at < bytes.size(); at += width, ++seen) {
        std::int64_t row = 0;
        std::memcpy(&row, bytes.data() + at, sizeof row);
        std::memcpy(packed.data() + static_cast<std::size_t>(row - first) * width, bytes.data() + at, width);
      }
    }
    EVCLEAN_CHECK(seen == count, "{} rows came for {}", seen, count);
    return packed;
  }

  OutputSpec spec_;
  FileTarget target_;
  Fields fields_;
  const Comm& comm_;
  BatchStage stage_;
  std::map<std::int64_t, std::vector<ColumnExtent>> extents_;
  std::vector<std::string> notes_;
  std::int64_t rows_ = 0;
};

}  // namespace

std::unique_ptr<Sink> make_hdf5_sink(const OutputSpec& spec, const FileTarget& target, const Fields& fields,
                                     const Comm& comm, const SinkOptions& options) {
  return std::make_unique<Hdf5Sink>(spec, target, fields, comm, options);
}

}  // namespace evclean
