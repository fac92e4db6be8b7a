// SPDX-License-Identifier: Apache-2.0
// What has to wait: pieces of bytes and batches by part, in memory while the budget lasts, then in scratch. Local.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "evclean/batch.hpp"

namespace evclean {

/// Bytes that several stages of a rank share. Who gets none spills. Thread-safe.
class MemoryBudget {
 public:
  explicit MemoryBudget(std::int64_t bytes) : left_(bytes), bytes_(bytes) {}
  /// Takes bytes, or nothing and says false.
  bool take(std::int64_t bytes) noexcept;
  void give_back(std::int64_t bytes) noexcept { left_ += bytes; }
  std::int64_t left() const noexcept { return left_; }
  std::int64_t bytes() const noexcept { return bytes_; }

 private:
  std::atomic<std::int64_t> left_;
  std::int64_t bytes_;
};

/// Holds byte pieces by part, in memory up to a limit, then in a scratch file (unlinked at once, so nothing is left
/// after a crash). Local.
class ByteStage {
 public:
  ByteStage(std::int64_t memory_bytes, std::string scratch_dir);
  ~ByteStage();
  void append(std::int64_t part, std::string_view bytes);
  void drop(std::int64_t part);
  std::vector<std::int64_t> parts() const;  ///< ascending
  std::int64_t size(std::int64_t part) const;
  /// Copies a part's bytes to a file at an offset (pwrite). Errors: system Error naming the path.
  void copy_to(std::int64_t part, int file_descriptor, std::int64_t offset, const std::string& path) const;
  /// As copy_to, for a part's bytes [first, first + size_bytes).
  void copy_range(std::int64_t part, std::int64_t first, std::int64_t size_bytes, int file_descriptor,
                  std::int64_t offset, const std::string& path) const;
  std::string read(std::int64_t part) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Holds batches by part as Arrow record batches, in memory as long as the budget lasts, then as Arrow IPC in scratch.
/// Local. Errors: system Error when scratch is full.
class BatchStage {
 public:
  BatchStage(Fields fields, std::shared_ptr<MemoryBudget> budget, std::string scratch_dir);
  BatchStage(Fields fields, std::int64_t memory_bytes, std::string scratch_dir);  ///< with a budget of its own
  ~BatchStage();
  void append(std::int64_t part, const Batch& batch);
  void drop(std::int64_t part);
  std::vector<std::int64_t> parts() const;  ///< ascending
  std::int64_t rows(std::int64_t part) const;
  /// Gives the part's batches one by one, in order (typed columns, no records).
  void visit(std::int64_t part, const std::function<void(Batch)>& take) const;
  /// All of them at once.
  std::vector<Batch> read(std::int64_t part) const;
  /// One by one, for who cannot take them all in one call.
  std::int64_t batches(std::int64_t part) const;
  Batch batch(std::int64_t part, std::int64_t index) const;
  /// The same for the last time: its memory is free for others. Its rows still count.
  Batch take(std::int64_t part, std::int64_t index);
  /// Bytes of a part's rows, wherever they are.
  std::int64_t bytes(std::int64_t part) const;
  const Fields& fields() const;
  std::int64_t spilled_bytes() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace evclean
