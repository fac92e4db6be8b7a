// SPDX-License-Identifier: Apache-2.0
#include "evclean/sink.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <map>

#include "file_digest.hpp"
#include "file_sinks.hpp"
#include "matrix_rows.hpp"
#include "matrix_sink.hpp"
#include "output_names.hpp"
#include "partition_sink.hpp"
#include "row_groups.hpp"
#include "split_sink.hpp"
#include "warehouse_sink.hpp"
#include "warehouse_sql.hpp"

namespace evclean {
namespace {

/// A split has 64 MiB of text, and a little more as columns: its rows are one row group, without a small rest.
constexpr GroupRule kParquetRule{80 << 20, 8 << 20};
constexpr GroupRule kArrowRule{16 << 20, 4 << 20};

std::unique_ptr<FileSink> make_file_sink(const FileTarget& target, const Fields& fields, const Comm& comm,
                                         const SinkOptions& options) {
  const OutputSpec& spec = target.spec;
  switch (spec.format) {
    case OutputFormat::kCsv:
    case OutputFormat::kTsv:
    case OutputFormat::kJsonLines:
      return make_text_sink(target, fields, comm, options);
    case OutputFormat::kParquet:
      return make_group_sink(make_parquet_format(fields, spec.compression_level), kParquetRule, target, fields, comm,
                             options);
    case OutputFormat::kArrow:
      return make_group_sink(make_arrow_format(fields, spec.compression_level), kArrowRule, target, fields, comm,
                             options);
    case OutputFormat::kHdf5:
      return make_hdf5_sink(target, fields, comm, options);
    case OutputFormat::kNpy:
      break;  // a matrix, see make_matrix_sink
  }
  fail_bug("unknown output format {}", static_cast<int>(spec.format));
}

/// All rows of an output in one group of files.
class WholeSink : public Sink {
 public:
  WholeSink(std::unique_ptr<FileSink> inside, int group) : inside_(std::move(inside)), group_(group) {
    inside_->need(group_);
  }
  void write(std::int64_t part, const Batch& batch) override { inside_->write(group_, part, batch); }
  void end_part(std::int64_t part) override { inside_->end_part(group_, part); }
  void drop_part(std::int64_t part) override { inside_->drop_part(part); }
  std::vector<WrittenFile> close() override { return inside_->close(); }
  std::vector<std::string> notes() const override { return inside_->notes(); }

 private:
  std::unique_ptr<FileSink> inside_;
  int group_;
};

std::unique_ptr<Sink> make_plain_sink(const FileTarget& target, const Fields& fields, const Comm& comm,
                                      const SinkOptions& options) {
  const bool is_partitioned = !target.spec.partition_by.empty();
  const Fields written = is_partitioned ? without_partition_columns(target.spec, fields) : fields;
  const bool is_split = target.spec.files > 1;
  SinkOptions inside = options;
  if (is_split) inside.memory_bytes /= 2;
  std::unique_ptr<FileSink> files = make_file_sink(target, written, comm, inside);
  if (is_split) files = make_split_sink(std::move(files), target, written, comm, options);
  if (is_partitioned) return make_partition_sink(std::move(files), target, fields, comm);
  return std::make_unique<WholeSink>(std::move(files), target.groups->number({}));
}

/// Adds bytes and hash to what the sink inside wrote; each rank looks at its share of the files.
class DescribedSink : public Sink {
 public:
  DescribedSink(std::unique_ptr<Sink> inside, const Comm& comm, Publisher& publisher, bool digests,
                std::shared_ptr<const S3Settings> s3)
      : inside_(std::move(inside)), comm_(comm), publisher_(publisher), digests_(digests), s3_(std::move(s3)) {}

  void write(std::int64_t part, const Batch& batch) override { inside_->write(part, batch); }
  void end_part(std::int64_t part) override { inside_->end_part(part); }
  void drop_part(std::int64_t part) override { inside_->drop_part(part); }
  std::vector<std::string> notes() const override { return inside_->notes(); }

  std::vector<WrittenFile> close() override {
    std::vector<WrittenFile> files = inside_->close();
    if (s3_) measure(files);
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

  /// Where each machine has a part of the file only, its size is that of the longest.
  void measure(std::vector<WrittenFile>& files) const {
    for (WrittenFile& file : files) {
      file.s3 = s3_;
      struct stat status {};
      const bool there = ::stat(publisher_.hidden(file.path).c_str(), &status) == 0;
      file.bytes = comm_.max(there ? static_cast<std::int64_t>(status.st_size) : 0);
    }
  }

  std::string describe(const WrittenFile& file) const {
    const std::string hidden = publisher_.hidden(file.path);
    struct stat status;
    if (::stat(hidden.c_str(), &status) != 0) fail_system("{} disappeared while it was written", file.path);
    const bool hashes = digests_ && publisher_.is_shared(file.path);
    return fmt::format("{:64}{:20}", hashes ? sha256_of_file(hidden, file.path) : "",
                       std::max<std::int64_t>(status.st_size, file.bytes));
  }

  static void read_description(const std::string& text, WrittenFile& file) {
    file.sha256 = text[0] == ' ' ? std::string() : text.substr(0, 64);
    file.bytes = std::stoll(text.substr(64));
  }

  std::unique_ptr<Sink> inside_;
  const Comm& comm_;
  Publisher& publisher_;
  bool digests_;
  std::shared_ptr<const S3Settings> s3_;  ///< if the files are there
};

/// A file that has none yet is read again from where it was published.
std::string digest_of(const WrittenFile& file) {
  if (!file.sha256.empty()) return file.sha256;
  return file.s3 ? sha256_of_object(file.path, file.bytes, *file.s3) : sha256_of_file(file.path, file.path);
}

}  // namespace

void check_columns(const OutputSpec& spec, const Fields& fields, const EncodedTable* encoded) {
  // Without encode a column without values would be taken for text here.
  if (spec.matrix && encoded != nullptr) const MatrixColumns checked(fields, *encoded, spec.path);
  check_columns_left(spec, fields);
  check_warehouse(spec, partition_columns(spec, fields).empty() ? fields : without_partition_columns(spec, fields));
}

void add_digests(std::vector<WrittenFile>& files, const Comm& comm) {
  const auto ranks = static_cast<std::size_t>(comm.size());
  std::string mine;
  comm.agree([&] {
    for (auto i = static_cast<std::size_t>(comm.rank()); i < files.size(); i += ranks) mine += digest_of(files[i]);
  });
  const std::vector<std::string> all = comm.all_gather(mine);
  for (std::size_t i = 0; i < files.size(); ++i) files[i].sha256 = all[i % ranks].substr(i / ranks * 64, 64);
}

JointFiles::JointFiles(const std::vector<OutputSpec>& outputs, const Comm& comm, const std::string& scratch_dir)
    : publisher_(comm) {
  std::map<std::string, int> uses;
  for (const OutputSpec& output : outputs) {
    if (output.format == OutputFormat::kHdf5 && output.partition_by.empty() && output.files <= 1)
      ++uses[output_base(output)];
  }
  for (const OutputSpec& output : outputs) {
    const std::string path = output_base(output);
    if (uses[path] > 1 && paths_.insert(path).second)
      publisher_.reserve(path, output.overwrite, {output.s3.value_or(S3Settings{}), scratch_dir});
  }
}

bool JointFiles::holds(const OutputSpec& spec) const { return paths_.count(output_base(spec)) > 0; }

void JointFiles::settle_sizes(std::vector<WrittenFile>& files) const {
  for (WrittenFile& file : files) {
    if (paths_.count(file.path) == 0) continue;
    if (is_s3_path(file.path)) {
      file.bytes = publisher_.uploaded_bytes(file.path);
      file.sha256.clear();  // that of what stood there before the other tables
      continue;
    }
    std::error_code unknown;
    const auto bytes = std::filesystem::file_size(file.path, unknown);
    if (bytes > 0 && !unknown) file.bytes = static_cast<std::int64_t>(bytes);
  }
}

std::unique_ptr<Sink> make_sink(const OutputSpec& spec, const Fields& fields, const Comm& comm, Publisher& publisher,
                                const SinkOptions& options) {
  JointFiles* const joint = options.joint != nullptr && options.joint->holds(spec) ? options.joint : nullptr;
  Publisher& owner = joint != nullptr ? joint->publisher() : publisher;
  std::unique_ptr<Sink> sink;
  if (spec.matrix) {
    sink = make_matrix_sink(spec, fields, comm, owner, options);
  } else {
    if (joint == nullptr) owner.reserve_output(spec, options.scratch_dir);
    comm.agree([&] {
      sink = make_plain_sink({spec, &owner, std::make_shared<FileGroups>(), joint}, fields, comm, options);
    });
  }
  const bool remote = is_s3_path(spec.path);
  sink = std::make_unique<DescribedSink>(
      std::move(sink), comm, owner, options.digests || (remote && options.remote_digests),
      remote ? std::make_shared<const S3Settings>(spec.s3.value_or(S3Settings{})) : nullptr);
  if (spec.warehouse == Warehouse::kNone) return sink;
  return make_warehouse_sink(std::move(sink), spec, fields, comm, owner, options);
}

}  // namespace evclean
