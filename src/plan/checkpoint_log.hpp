// SPDX-License-Identifier: Apache-2.0
// A checkpoint's file of one rank: readings of splits, one behind the other, each whole or not there. A reading is its
// key, its batches (Arrow IPC, LZ4), and what was found (see record_wire.hpp). A file may end anywhere: what is behind
// the last whole reading is not looked at. Local.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "evclean/descriptor.hpp"

namespace evclean {

class CheckpointWriter {
 public:
  /// The file is made with the first reading. A write that fails ends it: the run goes on, and failure() tells.
  explicit CheckpointWriter(std::string path) : path_(std::move(path)) {}
  void begin(std::uint64_t key);
  void put_batch(std::string_view message);
  void end(std::string_view record, std::string_view rejects);
  const std::string& path() const { return path_; }
  const std::string& failure() const { return failure_; }

 private:
  void append(std::uint32_t kind, std::string_view payload);

  std::string path_, failure_;
  Descriptor file_;
  std::int64_t size_bytes_ = 0, synced_bytes_ = 0;
};

class CheckpointReader {
 public:
  /// Finds the whole readings in a file; those of a file that cannot be read, or is none of ours, are none.
  explicit CheckpointReader(std::string path);
  bool holds(std::uint64_t key) const { return readings_.count(key) > 0; }
  /// Gives a reading's batches in order, then what was found. False: its bytes are not what was written.
  bool read(std::uint64_t key, const std::function<void(std::shared_ptr<arrow::Buffer>)>& take_batch,
            std::string& record, std::string& rejects) const;

 private:
  struct Frame {
    std::uint32_t kind = 0;
    std::int64_t size_bytes = 0;
    std::uint64_t hash = 0;
  };
  bool next(std::int64_t& at, Frame& frame) const;
  bool payload(std::int64_t at, const Frame& frame, std::string& into) const;

  Descriptor file_;
  std::int64_t size_bytes_ = 0;
  std::map<std::uint64_t, std::int64_t> readings_;  ///< key: offset of its first frame
};

}  // namespace evclean
