// SPDX-License-Identifier: Apache-2.0
// Writes the sample table through a sink, with a chosen deal of parts to ranks.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include "evclean/sink.hpp"
#include "sample_table.hpp"

namespace evclean::testing {

/// A folder that all ranks know; rank 0 makes and removes it.
class SharedFolder {
 public:
  explicit SharedFolder(const Comm& comm) : comm_(comm) {
    std::string path = (std::filesystem::temp_directory_path() / "evclean-sink-XXXXXX").string();
    if (comm.is_root() && ::mkdtemp(path.data()) == nullptr) throw std::runtime_error("mkdtemp");
    path_ = comm.broadcast(path);
  }
  ~SharedFolder() {
    comm_.barrier();
    if (comm_.is_root()) std::filesystem::remove_all(path_);
  }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(path_))
      found.push_back(entry.path().filename().string());
    std::sort(found.begin(), found.end());
    return found;
  }

 private:
  const Comm& comm_;
  std::string path_;
};

inline std::string file_bytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream bytes;
  bytes << in.rdbuf();
  return bytes.str();
}

/// Who holds a part.
using Deal = std::function<int(std::int64_t part, int ranks)>;

struct RunShape {
  std::vector<std::int64_t> part_rows;
  std::int64_t batch_rows = 5000;
  std::int64_t memory_bytes = 64 << 20;
  Deal deal = [](std::int64_t part, int ranks) { return static_cast<int>(part % ranks); };
};

/// Writes this rank's parts, each ended, some of them twice (as after a split that was read again).
inline void write_parts(Sink& sink, const Comm& comm, const RunShape& shape) {
  std::int64_t first = 0;
  for (std::size_t p = 0; p < shape.part_rows.size(); ++p) {
    const auto part = static_cast<std::int64_t>(p);
    const std::int64_t rows = shape.part_rows[p];
    if (shape.deal(part, comm.size()) == comm.rank()) {
      if (part % 3 == 1) {
        sink.write(part, sample_batch(0, 11));
        sink.drop_part(part);
      }
      for (std::int64_t done = 0; done < rows; done += shape.batch_rows) {
        sink.write(part, sample_batch(first + done, std::min(shape.batch_rows, rows - done)));
      }
      sink.end_part(part);
    }
    first += rows;
  }
}

/// One whole run: sink, parts, close, publish. Collective.
inline std::vector<WrittenFile> run_sink(const Comm& comm, const OutputSpec& spec, const RunShape& shape,
                                         std::vector<std::string>* notes = nullptr) {
  Publisher publisher(comm);
  SinkOptions options;
  options.memory_bytes = shape.memory_bytes;
  options.scratch_dir = std::filesystem::temp_directory_path().string();
  auto sink = make_sink(spec, sample_fields(), comm, publisher, options);
  write_parts(*sink, comm, shape);
  auto files = sink->close();
  if (notes) *notes = sink->notes();
  publisher.publish();
  return files;
}

inline OutputSpec output_of(const std::string& path, OutputFormat format, OutputCodec codec = OutputCodec::kNone,
                            int files = 1) {
  OutputSpec spec;
  spec.path = path;
  spec.format = format;
  spec.codec = codec;
  spec.files = files;
  return spec;
}

}  // namespace evclean::testing
