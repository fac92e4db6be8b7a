// SPDX-License-Identifier: Apache-2.0
// The makers of sinks by format. They write any number of files, one group of files a partition or share.
#pragma once

#include <memory>

#include "evclean/sink.hpp"
#include "file_groups.hpp"

namespace evclean {

/// What every such sink is given.
struct FileTarget {
  OutputSpec spec;
  Publisher* publisher;
  std::shared_ptr<FileGroups> groups;
  JointFiles* joint = nullptr;  ///< the file is one of these
};

/// As Sink, with the group of files the rows go to.
class FileSink {
 public:
  virtual ~FileSink() = default;
  /// This group has a file even if no row goes there. Local; the same on all ranks.
  virtual void need(int group) = 0;
  virtual void write(int group, std::int64_t part, const Batch& batch) = 0;
  virtual void end_part(int group, std::int64_t part) = 0;
  /// Forgets a part, in all groups.
  virtual void drop_part(std::int64_t part) = 0;
  /// Collective. Bytes and hashes are found later, when all files are there.
  virtual std::vector<WrittenFile> close() = 0;
  virtual std::vector<std::string> notes() const = 0;
};

// Collective: all below.
std::unique_ptr<FileSink> make_text_sink(const FileTarget& target, const Fields& fields, const Comm& comm,
                                         const SinkOptions& options);
std::unique_ptr<FileSink> make_hdf5_sink(const FileTarget& target, const Fields& fields, const Comm& comm,
                                         const SinkOptions& options);

}  // namespace evclean
