// SPDX-License-Identifier: Apache-2.0
// Sinks turn parts of a table into one file (or N files) that all ranks write together. A part is a run of rows with a
// global ordinal; what is in a part does not depend on the number of ranks, so neither do the bytes.
//
// Life of a sink: write() for batches of a part (in row order), end_part(); drop_part() when the engine reads a split
// again; then close(), once, on all ranks: sizes are agreed, each rank writes its own ranges to hidden names. publish()
// (on the Publisher) renames everything at once. A sink that is destroyed without close() leaves nothing behind.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "evclean/batch.hpp"
#include "evclean/comm.hpp"
#include "evclean/job.hpp"
#include "evclean/names.hpp"
#include "evclean/stage.hpp"

namespace evclean {

/// What was written, for the report.
struct WrittenFile {
  std::string path;  ///< final name
  std::int64_t rows = 0;
  std::int64_t bytes = 0;
  std::string sha256 = {};
  std::shared_ptr<const S3Settings> s3 = {};  ///< how to reach it, if it is on S3
};

/// How an output on S3 is reached, and where it waits until it is published.
struct RemotePlace {
  S3Settings s3 = {};
  std::string scratch_dir = {};
};

/// Hidden files that become visible together, or not at all. Every rank knows all names (so any rank can clean up).
class Publisher {
 public:
  explicit Publisher(const Comm& comm);
  ~Publisher();  ///< removes hidden files that were not published (rank 0)
  /// Checks on rank 0 that a final path can be written (folder there or makeable, writable, not there already unless
  /// `overwrite`) and agrees. Collective. Errors: user Error that names the path.
  /// Paths on S3 want a `place`.
  void reserve(const std::string& final_path, bool overwrite, const RemotePlace& place = {});
  /// Reserves what an output will write: its files, or, where their names are known only at the end (`file_size`,
  /// `partition_by`) or it fills a folder, the set of them, hive folders included. What goes to S3 waits in
  /// `scratch_dir`. Collective. Errors: as reserve().
  void reserve_output(const OutputSpec& spec, const std::string& scratch_dir = {});
  /// Makes hidden files of a reserved set, when their names are known. Collective.
  void add_files(const std::vector<std::string>& final_paths, bool overwrite);
  /// The hidden name beside the final one: ".name.evclean-<token>". Same on all ranks. For S3: a file in scratch.
  std::string hidden(const std::string& final_path);
  /// Bytes of a file for S3, once prepared.
  std::int64_t uploaded_bytes(const std::string& final_path) const;
  /// A file in words for a message about room: of one for S3, the scratch folder and the machine where it waits.
  std::string waiting_place(const std::string& final_path);
  /// Whether a file written under its hidden name by several ranks is one file for all of them.
  bool is_shared(const std::string& final_path) const;
  /// Ranks, ascending, for which the first rank's hidden file is one file.
  std::vector<int> ranks_beside_first(const std::string& final_path) const;
  /// Uploads what goes to S3, so that publishing is short. Collective; publish() does it otherwise.
  void prepare();
  /// Flushes and renames everything (rank 0), in the order reserved; completes uploads. Collective.
  void publish();
  /// The same for those of several, all or none of them. Collective.
  static void publish_together(const std::vector<Publisher*>& publishers);
  /// Removes hidden files now: for signal paths and errors. Not collective, safe to call twice.
  void discard() noexcept;

 private:
  struct Impl;
  static void rename_together(const std::vector<Impl*>& sets);
  std::unique_ptr<Impl> impl_;
};

/// Sees on this rank alone that a local file can be written, and leaves nothing behind; `what` begins the messages.
/// Errors: as Publisher::reserve.
void try_file(const std::string& what, const std::string& path);

/// Files that several outputs write one after another: tables of one HDF5 file under their own keys. One for a run; the
/// files are published together when all have written.
class JointFiles {
 public:
  /// Finds them among the outputs and reserves them. Collective. Errors: as Publisher::reserve.
  JointFiles(const std::vector<OutputSpec>& outputs, const Comm& comm, const std::string& scratch_dir);
  bool holds(const OutputSpec& spec) const;
  Publisher& publisher() noexcept { return publisher_; }
  /// Whether a table stands in the file already. Local, the same on all ranks.
  bool is_begun(const std::string& path) const { return begun_.count(path) > 0; }
  void begin(const std::string& path) { begun_.insert(path); }
  /// Sets the bytes of such files to those of the whole file, when it is published. Local.
  void settle_sizes(std::vector<WrittenFile>& files) const;

 private:
  Publisher publisher_;
  std::set<std::string> paths_, begun_;
};

/// What the steps encode made of a table's columns; in a matrix all others are features too.
struct EncodedTable {
  std::string label;                       ///< y; empty: none
  std::string split;                       ///< holds train or test; empty: none
  std::vector<std::string> ids = {};       ///< stand beside the features
  std::vector<std::string> features = {};  ///< what the steps made
  std::vector<std::string> mappings = {};  ///< one a step, as JSON, with its line end

  /// Steps behind have renamed columns.
  void rename(const std::vector<RenamedColumn>& changes);
};

struct SinkOptions {
  std::int64_t memory_bytes = 64 << 20;  ///< what the sink may hold before it spills to scratch
  std::string scratch_dir;
  bool remote_digests = false;  ///< the same for files on S3, found before they are uploaded
  bool digests = true;          ///< false: WrittenFile::sha256 stays empty (see add_digests)
  JointFiles* joint = nullptr;
  std::vector<RenamedColumn> renames = {};  ///< what steps renamed, for `warehouse`
  std::shared_ptr<const EncodedTable> encoded = {};
};

class Sink {
 public:
  virtual ~Sink() = default;
  /// Takes the next rows of a part. Columns stand in the order of the fields given to make_sink; a string column may be
  /// raw (missing = kMissing), all others are typed. Local.
  virtual void write(std::int64_t part, const Batch& batch) = 0;
  /// No more rows for this part. A part without rows may be ended without a write. Local.
  virtual void end_part(std::int64_t part) = 0;
  /// Forgets a part that was written here. Local.
  virtual void drop_part(std::int64_t part) = 0;
  /// Writes everything under hidden names. Collective. Errors: system Error (disk full), user Error (long text in
  /// HDF5).
  virtual std::vector<WrittenFile> close() = 0;
  /// Notes for the report ("HDF5: column n has missing integers: stored as float64").
  virtual std::vector<std::string> notes() const = 0;
};

/// Makes a sink. Collective (all ranks, same arguments). The publisher must outlive it.
std::unique_ptr<Sink> make_sink(const OutputSpec& spec, const Fields& fields, const Comm& comm, Publisher& publisher,
                                const SinkOptions& options);

/// Writes the mappings of options.encoded beside the outputs of its table: features.npy gets features.mapping.json, of
/// further steps features.mapping.2.json and so on; a folder that is read as a whole _events.mapping.json. Takes rows
/// as other sinks do, and writes none. Collective.
std::unique_ptr<Sink> make_mapping_sink(const std::vector<OutputSpec>& outputs, const Comm& comm, Publisher& publisher,
                                        const SinkOptions& options);

/// Checks the columns that an output names, and those of a matrix, against those of its table; `encoded`: by its step,
/// if it has one. Local. Errors: user Error.
void check_columns(const OutputSpec& spec, const Fields& fields, const EncodedTable* encoded = nullptr);

/// Fills in sha256 of published files, dealt over the ranks. Collective.
void add_digests(std::vector<WrittenFile>& files, const Comm& comm);

/// Names of the files an output makes: the path itself, or name-00000-of-00004.ext. One that stands for all where names
/// are known only at the end (`file_size`, `partition_by`).
std::vector<std::string> output_files(const OutputSpec& spec);
/// Whether a path is that of a file of the output `base`, whatever its number and its hive folders: an overwriting run
/// replaces such a file.
bool is_in_output_set(const std::string& path, const std::string& base);
/// Whether the names of the files depend on the data.
bool names_depend_on_data(const OutputSpec& spec);

}  // namespace evclean
