// SPDX-License-Identifier: Apache-2.0
#include "split_sink.hpp"

#include <algorithm>

#include "evclean/record_batch.hpp"
#include "row_numbers.hpp"

namespace evclean {
namespace {

class SplitSink : public FileSink {
 public:
  SplitSink(std::unique_ptr<FileSink> inside, const FileTarget& target, const Fields& fields, const Comm& comm,
            const SinkOptions& options)
      : inside_(std::move(inside)),
        target_(target),
        comm_(comm),
        stage_(fields, options.memory_bytes / 2, options.scratch_dir) {}

  void need(int group) override { needed_.insert(group); }

  void write(int group, std::int64_t part, const Batch& batch) override {
    stage_.append(slot_of(group, part), batch);
    here_[{group, part}] += batch.num_rows;
  }

  void end_part(int, std::int64_t) override {}

  void drop_part(std::int64_t part) override {
    for (auto entry = here_.begin(); entry != here_.end();) {
      const bool drop = entry->first.second == part;
      if (drop) stage_.drop(slot_of(entry->first.first, part));
      entry = drop ? here_.erase(entry) : std::next(entry);
    }
  }

  std::vector<WrittenFile> close() override {
    const std::vector<GroupRows> groups = number_rows(here_, needed_, *target_.groups, comm_);
    comm_.agree([&] {
      for (const GroupRows& group : groups) {
        const std::vector<int> shares = share_groups(group);
        for (const int share : shares) inside_->need(share);
        for (const auto& [part, first] : group.first_rows) deal(group, shares, part, first);
      }
    });
    return inside_->close();
  }

  std::vector<std::string> notes() const override { return inside_->notes(); }

 private:
  /// The groups of the sink inside that take a group's rows. A partition has no file without rows.
  std::vector<int> share_groups(const GroupRows& group) {
    const FileGroup& whole = (*target_.groups)[group.group];
    std::int64_t count = target_.spec.files;
    if (!whole.folder.empty()) count = std::clamp<std::int64_t>(group.rows, 1, count);
    std::vector<int> shares;
    const std::string folder = whole.folder;
    for (std::int32_t i = 0; i < count; ++i) {
      shares.push_back(target_.groups->number({folder, i, static_cast<std::int32_t>(count)}));
    }
    return shares;
  }

  /// Hands a part's rows to the shares they belong to and forgets it.
  void deal(const GroupRows& group, const std::vector<int>& shares, std::int64_t part, std::int64_t row) {
    const auto count = static_cast<std::int64_t>(shares.size());
    const auto begin_of = [&](std::int64_t share) { return share_begin(share, count, group.rows); };
    std::int64_t share = 0;
    while (share + 1 < count && begin_of(share + 1) <= row) ++share;
    bool written = false;
    const auto end_share = [&] {
      if (written) inside_->end_part(shares[static_cast<std::size_t>(share)], part);
      written = false;
    };
    for (const Batch& batch : stage_.read(slot_of(group.group, part))) {
      for (std::int64_t done = 0; done < batch.num_rows;) {
        const std::int64_t room = begin_of(share + 1) - row;
        const std::int64_t taken = std::min(room, batch.num_rows - done);
        if (taken > 0) inside_->write(shares[static_cast<std::size_t>(share)], part, slice_batch(batch, done, taken));
        written = written || taken > 0;
        done += taken;
        row += taken;
        if (taken == room) {
          end_share();
          ++share;
        }
      }
    }
    end_share();
    stage_.drop(slot_of(group.group, part));
  }

  std::unique_ptr<FileSink> inside_;
  FileTarget target_;
  const Comm& comm_;
  BatchStage stage_;
  PartRows here_;
  std::set<int> needed_;
};

}  // namespace

std::unique_ptr<FileSink> make_split_sink(std::unique_ptr<FileSink> inside, const FileTarget& target,
                                          const Fields& fields, const Comm& comm, const SinkOptions& options) {
  return std::make_unique<SplitSink>(std::move(inside), target, fields, comm, options);
}

}  // namespace evclean
