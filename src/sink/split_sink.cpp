// SPDX-License-Identifier: Apache-2.0
#include "split_sink.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "evclean/record_batch.hpp"

namespace evclean {
namespace {

class SplitSink : public Sink {
 public:
  SplitSink(std::vector<std::unique_ptr<Sink>> files, const Fields& fields, const Comm& comm,
            const SinkOptions& options)
      : files_(std::move(files)), comm_(comm), stage_(fields, options.memory_bytes / 2, options.scratch_dir) {}

  void write(std::int64_t part, const Batch& batch) override { stage_.append(part, batch); }
  void end_part(std::int64_t) override {}
  void drop_part(std::int64_t part) override { stage_.drop(part); }

  std::vector<WrittenFile> close() override {
    const std::map<std::int64_t, std::int64_t> first_rows = number_parts();
    comm_.agree([&] {
      for (const auto& [part, first] : first_rows) deal(part, first);
    });
    std::vector<WrittenFile> written;
    for (auto& file : files_) {
      for (WrittenFile& one : file->close()) written.push_back(std::move(one));
    }
    return written;
  }

  std::vector<std::string> notes() const override {
    std::set<std::string> all;
    for (const auto& file : files_) {
      for (const std::string& note : file->notes()) all.insert(note);
    }
    return {all.begin(), all.end()};
  }

 private:
  /// Finds the number of the first row of each part that is here. Collective.
  std::map<std::int64_t, std::int64_t> number_parts() {
    std::string mine;
    for (const std::int64_t part : stage_.parts()) mine += fmt::format("{} {}\n", part, stage_.rows(part));
    std::map<std::int64_t, std::int64_t> rows;
    for (const std::string& text : comm_.all_gather(mine)) add_counts(text, rows);
    std::map<std::int64_t, std::int64_t> first_rows;
    const std::vector<std::int64_t> here = stage_.parts();
    for (const auto& [part, count] : rows) {
      if (std::binary_search(here.begin(), here.end(), part)) first_rows[part] = total_rows_;
      total_rows_ += count;
    }
    return first_rows;
  }

  static void add_counts(std::string_view text, std::map<std::int64_t, std::int64_t>& rows) {
    while (!text.empty()) {
      char* next = nullptr;
      const std::int64_t part = std::strtoll(text.data(), &next, 10);
      rows[part] = std::strtoll(next, &next, 10);
      text.remove_prefix(static_cast<std::size_t>(next + 1 - text.data()));
    }
  }

  /// Row where file `index` begins; the first files have the odd rows.
  std::int64_t file_begin(std::size_t index) const {
    const auto count = static_cast<std::int64_t>(files_.size());
    const auto i = static_cast<std::int64_t>(index);
    return i * (total_rows_ / count) + std::min(i, total_rows_ % count);
  }

  /// Hands a part's rows to the files they belong to and forgets it.
  void deal(std::int64_t part, std::int64_t row) {
    std::size_t file = 0;
    while (file + 1 < files_.size() && file_begin(file + 1) <= row) ++file;
    bool written = false;
    for (const Batch& batch : stage_.read(part)) {
      for (std::int64_t done = 0; done < batch.num_rows;) {
        const std::int64_t room = file_begin(file + 1) - row;
        const std::int64_t count = std::min(room, batch.num_rows - done);
        if (count > 0) files_[file]->write(part, slice_batch(batch, done, count));
        written = written || count > 0;
        done += count;
        row += count;
        if (count == room) {
          if (written) files_[file]->end_part(part);
          written = false;
          ++file;
        }
      }
    }
    if (written) files_[file]->end_part(part);
    stage_.drop(part);
  }

  std::vector<std::unique_ptr<Sink>> files_;
  const Comm& comm_;
  BatchStage stage_;
  std::int64_t total_rows_ = 0;
};

}  // namespace

std::unique_ptr<Sink> make_split_sink(std::vector<std::unique_ptr<Sink>> files, const Fields& fields, const Comm& comm,
                                      const SinkOptions& options) {
  return std::make_unique<SplitSink>(std::move(files), fields, comm, options);
}

}  // namespace evclean
