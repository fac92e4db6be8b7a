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
#include "hdf5_together.hpp"
#include "row_numbers.hpp"

namespace evclean {
namespace {

/// Reads the parts of this rank in order, a run of rows at a time.
class PartCursor {
 public:
  PartCursor(BatchStage& stage, const GroupRows& rows)
      : stage_(stage), group_(rows.group), first_rows_(rows.first_rows), next_part_(first_rows_.begin()) {}

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
      const std::int64_t slot = slot_of(group_, next_part_->first);
      batches_ = stage_.read(slot);
      stage_.drop(slot);
      row_ = next_part_->second;
      at_ = 0;
      ++next_part_;
    }
    return true;
  }

  BatchStage& stage_;
  int group_;
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

class Hdf5Sink : public FileSink {
 public:
  Hdf5Sink(const FileTarget& target, const Fields& fields, const Comm& comm, const SinkOptions& options)
      : target_(target), fields_(fields), comm_(comm), stage_(fields, options.memory_bytes, options.scratch_dir) {
    target_.spec.key = table_key(target.spec.key, target.spec.path);
    const int level = target.spec.compression_level.value_or(kHdf5Level);
    if (level < 0 || level > 9) fail_user("compression_level: {} is out of range for HDF5 (0 to 9)", level);
  }

  void need(int group) override { needed_.insert(group); }

  void write(int group, std::int64_t part, const Batch& batch) override {
    stage_.append(slot_of(group, part), batch);
    here_[{group, part}] += batch.num_rows;
    std::vector<ColumnExtent>& extents = extents_[{group, part}];
    extents.resize(fields_.size());
    const std::vector<ColumnExtent> seen = measure_columns(batch, fields_);
    for (std::size_t c = 0; c < seen.size(); ++c) extents[c].merge(seen[c]);
  }

  void end_part(int, std::int64_t) override {}

  void drop_part(std::int64_t part) override {
    std::erase_if(extents_, [&](const auto& entry) { return entry.first.second == part; });
    for (const auto& [slot, rows] : here_) {
      if (slot.second == part) stage_.drop(slot_of(slot.first, part));
    }
    std::erase_if(here_, [&](const auto& entry) { return entry.first.second == part; });
  }

  std::vector<WrittenFile> close() override {
    const std::vector<GroupRows> groups = number_rows(here_, needed_, *target_.groups, comm_);
    std::vector<std::string> names;
    for (const GroupRows& group : groups)
      names.push_back(group_file_name(target_.spec, (*target_.groups)[group.group], 0, 0));
    if (names_depend_on_data(target_.spec)) target_.publisher->add_files(names, target_.spec.overwrite);
    const Hdf5Writers writers(comm_, target_.publisher->ranks_beside_first(target_.spec.path));
    std::vector<WrittenFile> written;
    for (std::size_t g = 0; g < groups.size(); ++g) {
      write_file(groups[g], names[g], writers);
      written.push_back({names[g], groups[g].rows, 0, {}});
    }
    return written;
  }

  std::vector<std::string> notes() const override { return {notes_.begin(), notes_.end()}; }

 private:
  void write_file(const GroupRows& rows, const std::string& name, const Hdf5Writers& writers) {
    const StoredTable table = lay_out(fields_, agree_on_extents(rows.group), target_.spec);
    notes_.insert(table.notes.begin(), table.notes.end());
    const TableShape shape{
        target_.spec.key, rows.rows, std::clamp<std::int64_t>(kHdf5ChunkBytes / table.row_bytes, 1, 1 << 20),
        target_.spec.compression_level.value_or(kHdf5Level), target_.joint != nullptr && target_.joint->is_begun(name)};
    write_hdf5_together(
        comm_, *target_.publisher, writers, name,
        [&](const std::string& hidden) {
          return std::make_unique<Hdf5File>(writers.comm(), hidden, name, table, shape);
        },
        [&](Hdf5File* file, std::optional<SpaceReserve>& space) {
          write_rounds(file, table, shape, rows, writers, space);
        });
    if (target_.joint != nullptr) target_.joint->begin(name);
  }

  std::vector<ColumnExtent> agree_on_extents(int group) const {
    std::vector<ColumnExtent> mine(fields_.size());
    const auto merge = [&](std::vector<ColumnExtent>& into, const std::vector<ColumnExtent>& from) {
      for (std::size_t c = 0; c < into.size(); ++c) into[c].merge(from[c]);
    };
    for (auto entry = extents_.lower_bound({group, INT64_MIN}); entry != extents_.end() && entry->first.first == group;
         ++entry) {
      merge(mine, entry->second);
    }
    std::vector<ColumnExtent> all(fields_.size());
    for (const std::string& bytes :
         comm_.all_gather({reinterpret_cast<const char*>(mine.data()), mine.size() * sizeof(ColumnExtent)})) {
      std::vector<ColumnExtent> one(fields_.size());
      std::memcpy(one.data(), bytes.data(), bytes.size());
      merge(all, one);
    }
    return all;
  }

  void write_rounds(Hdf5File* file, const StoredTable& table, const TableShape& shape, const GroupRows& rows,
                    const Hdf5Writers& writers, std::optional<SpaceReserve>& space) {
    PartCursor cursor(stage_, rows);
    const std::int64_t chunks = std::max<std::int64_t>(kHdf5RoundBytes / (shape.chunk_rows * table.row_bytes), 1);
    const std::int64_t share = chunks * shape.chunk_rows;  // rows a rank writes in one round
    for (std::int64_t begin = 0; begin < rows.rows; begin += share * writers.count()) {
      const Hdf5Round round{begin, share, rows.rows};
      std::vector<std::string> outgoing(static_cast<std::size_t>(comm_.size()));
      comm_.agree([&] {
        const std::int64_t next = std::min(begin + share * writers.count(), rows.rows);
        if (space) space->reserve((next - begin) * table.row_bytes + kHdf5MetadataBytes);
        pack_round(cursor, table, round, writers, outgoing);
      });
      const std::vector<std::string> incoming = comm_.all_to_all(outgoing);
      const std::int64_t first = round.begin_of(writers.index()), count = round.end_of(writers.index()) - first;
      std::string packed;
      comm_.agree([&] { packed = assemble(incoming, first, count, table.row_bytes); });
      comm_.agree([&] {
        if (file != nullptr) file->write(first, count, packed.data());
      });
    }
  }

  /// Packs this rank's rows of the round, for the rank that writes them.
  static void pack_round(PartCursor& cursor, const StoredTable& table, const Hdf5Round& round,
                         const Hdf5Writers& writers, std::vector<std::string>& outgoing) {
    for (std::int64_t to = 0; to < writers.count(); ++to) {
      std::string& bytes = outgoing[static_cast<std::size_t>(writers.rank_of(to))];
      cursor.rows_below(round.end_of(to),
                        [&](const Batch& batch, std::int64_t first, std::int64_t count, std::int64_t row) {
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

  FileTarget target_;
  Fields fields_;
  const Comm& comm_;
  BatchStage stage_;
  PartRows here_;
  std::set<int> needed_;
  std::map<std::pair<int, std::int64_t>, std::vector<ColumnExtent>> extents_;  ///< group, part
  std::set<std::string> notes_;
};

}  // namespace

std::unique_ptr<FileSink> make_hdf5_sink(const FileTarget& target, const Fields& fields, const Comm& comm,
                                         const SinkOptions& options) {
  return std::make_unique<Hdf5Sink>(target, fields, comm, options);
}

}  // namespace evclean
