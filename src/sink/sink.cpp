// SPDX-License-Identifier: Apache-2.0
#include "evclean/sink.hpp"

#include <sys/stat.h>

#include "file_digest.hpp"
#include "file_sinks.hpp"
#include "row_groups.hpp"
#include "split_sink.hpp"

namespace evclean {
namespace {

constexpr GroupRule kParquetRule{64 << 20, 16 << 20};
constexpr GroupRule kArrowRule{16 << 20, 4 << 20};

std::unique_ptr<Sink> make_file_sink(const OutputSpec& spec, const FileTarget& target, const Fields& fields,
                                     const Comm& comm, const SinkOptions& options) {
  switch (spec.format) {
    case OutputFormat::kCsv:
    case OutputFormat::kTsv:
    case OutputFormat::kJsonLines:
      return make_text_sink(spec, target, fields, comm, options);
    case OutputFormat::kParquet:
      return make_group_sink(make_parquet_format(fields, spec.compression_level), kParquetRule, target, fields, comm,
                             options);
    case OutputFormat::kArrow:
      return make_group_sink(make_arrow_format(fields), kArrowRule, target, fields, comm, options);
    case OutputFormat::kHdf5:
      return make_hdf5_sink(spec, target, fields, comm, options);
  }
  fail_bug("unknown output format {}", static_cast<int>(spec.format));
}

/// Adds bytes and hash to what the sink inside wrote; each rank looks at its share of the files.
class DescribedSink : public Sink {
 public:
  DescribedSink(std::unique_ptr<Sink> inside, const Comm& comm, Publisher& publisher, bool digests)
      : inside_(std::move(inside)), comm_(comm), publisher_(publisher), digests_(digests) {}

  void write(std::int64_t part, const Batch& batch) override { inside_->write(part, batch); }
  void end_part(std::int64_t part) override { inside_->end_part(part); }
  void drop_part(std::int64_t part) override { inside_->drop_part(part); }
  std::vector<std::string> notes() const override { return inside_->notes(); }

  std::vector<WrittenFile> close() override {
    std::vector<WrittenFile> files = inside_->close();
    const auto ranks = static_cast<std::size_t>(comm_.size());
    std::string mine;
    comm_.agree([&] {
      for (auto i = static_cast<std::size_t>(comm_.rank()); i < files.size(); i += ranks) mine += describe(files[i]);
    });
    const std::vector<std::string> all = comm_.all_gather(mine);
    for (std::size_t i = 0; i < files.size(); ++i)
      read_description(all[i % ranks].substr(i / ranks * kWidth, kWidth), files[i]);
    return files;
  }

 private:
  static constexpr std::size_t kWidth = 64 + 20;  // hash and size, as text

  std::string describe(const WrittenFile& file) const {
    const std::string hidden = publisher_.hidden(file.path);
    struct stat status;
    if (::stat(hidden.c_str(), &status) != 0) fail_system("{} disappeared while it was written", file.path);
    return fmt::format("{:64}{:20}", digests_ ? sha256_of_file(hidden, file.path) : "", status.st_size);
  }

  static void read_description(const std::string& text, WrittenFile& file) {
    file.sha256 = text[0] == ' ' ? std::string() : text.substr(0, 64);
    file.bytes = std::stoll(text.substr(64));
  }

  std::unique_ptr<Sink> inside_;
  const Comm& comm_;
  Publisher& publisher_;
  bool digests_;
};

}  // namespace

void add_digests(std::vector<WrittenFile>& files, const Comm& comm) {
  const auto ranks = static_cast<std::size_t>(comm.size());
  std::string mine;
  comm.agree([&] {
    for (auto i = static_cast<std::size_t>(comm.rank()); i < files.size(); i += ranks)
      mine += sha256_of_file(files[i].path, files[i].path);
  });
  const std::vector<std::string> all = comm.all_gather(mine);
  for (std::size_t i = 0; i < files.size(); ++i) files[i].sha256 = all[i % ranks].substr(i / ranks * 64, 64);
}

std::unique_ptr<Sink> make_sink(const OutputSpec& spec, const Fields& fields, const Comm& comm, Publisher& publisher,
                                const SinkOptions& options) {
  const std::vector<std::string> names = output_files(spec);
  for (const std::string& name : names) publisher.reserve(name, spec.overwrite);
  SinkOptions share = options;
  share.memory_bytes /= names.size() > 1 ? 2 * static_cast<std::int64_t>(names.size()) : 1;
  std::vector<std::unique_ptr<Sink>> files;
  comm.agree([&] {
    for (const std::string& name : names) {
      files.push_back(make_file_sink(spec, {name, publisher.hidden(name)}, fields, comm, share));
    }
  });
  auto sink = files.size() == 1 ? std::move(files.front()) : make_split_sink(std::move(files), fields, comm, options);
  return std::make_unique<DescribedSink>(std::move(sink), comm, publisher, options.digests);
}

}  // namespace evclean
