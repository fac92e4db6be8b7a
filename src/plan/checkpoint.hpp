// SPDX-License-Identifier: Apache-2.0
// What a run has read and cleaned, kept so that a later one can go on from there (--resume): readings of splits, in a
// hidden folder of the working directory, a file for each rank of each run. A reading is found again by a key made of
// all that it depends on: the job, the program, tables read before, the guess of columns and types, the split's files.
// It does not matter how many ranks made it, nor on which host its file lies, as long as one rank sees it.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "checkpoint_log.hpp"
#include "reject_stage.hpp"
#include "split_record.hpp"

namespace evclean {

class Checkpoint {
 public:
  /// Opens the job's folder, or makes it. Collective. Errors: user Error when it cannot be written.
  Checkpoint(const Job& job, const Comm& comm);
  ~Checkpoint();  ///< a folder in which nothing is kept goes away

  std::uint64_t identity() const { return identity_; }
  /// What is done from here on depends on this input too. Local, the same on all ranks.
  void depends_on(const TableInput& input);
  /// The rank that takes over each of these readings; -1: there is none. The same on all ranks. Collective.
  std::vector<int> claim(const std::vector<std::uint64_t>& keys, const Comm& comm) const;
  /// The file that has a claimed reading.
  const CheckpointReader& log_of(std::uint64_t key) const;
  CheckpointWriter& writer() { return writer_; }
  /// Whether the run is so old that what it does is worth keeping. Local.
  bool keeps() const { return std::chrono::steady_clock::now() >= keeps_from_; }
  /// Why nothing more was kept from some point on, on some rank; empty: all was. Collective.
  std::string failure(const Comm& comm) const;
  /// Removes the folder: the run is done, or failed for good. Local, to be called on all ranks.
  void forget() noexcept;

 private:
  std::uint64_t identity_ = 0;
  std::string folder_;
  std::vector<std::string> files_;         ///< that this rank sees
  std::vector<CheckpointReader> readers_;  ///< that this rank takes over
  CheckpointWriter writer_;
  std::chrono::steady_clock::time_point keeps_from_;
};

/// A pass's side of it.
class PassCheckpoint {
 public:
  /// `key`: of the pass. Rows have these fields.
  PassCheckpoint(Checkpoint& all, const TableInput& input, std::uint64_t key, const Fields& fields);

  /// Splits whose reading this rank is to take over. Parts of a compressed file are taken over all together, or not at
  /// all. Collective.
  std::vector<std::int64_t> claim(const Comm& comm) const;
  /// Of splits that some rank has taken over (true), takes out those of files that are not there as a whole. Local.
  void whole_files_only(std::vector<bool>& taken) const;
  /// Gives a reading's batches, then its record, and puts its rejects on the stage. False: it was damaged.
  bool load(std::int64_t split, const std::function<void(Batch&)>& take, SplitRecord& record,
            RejectStage& rejects) const;

  /// A reading that begins before the run is `EVCLEAN_RESUME_AFTER` seconds old is not kept.
  void begin(std::int64_t split);
  void put(const Batch& batch) const;
  void end(std::int64_t split, SplitRecord& record, const RejectStage& rejects) const;

 private:
  std::uint64_t key_of(std::int64_t split) const { return keys_[static_cast<std::size_t>(split)]; }

  Checkpoint& all_;
  const TableInput& input_;
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<std::uint64_t> keys_;  ///< a split
  bool keeps_ = false;               ///< the reading at hand
};

}  // namespace evclean
