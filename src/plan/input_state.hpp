// SPDX-License-Identifier: Apache-2.0
// `only_new:` - what earlier runs have read of an input, so that a run reads just what came since. Rank 0 alone looks
// at files and states; what it finds travels with the listing.
//
// A file is known by its path, size and (on S3) ETag, and by hashes of its first and last KiB as it was read: a log
// that grew is read on from its old end, one that was rotated is known under its new name, one that was rewritten is
// not taken for the old one.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "evclean/report.hpp"
#include "evclean/source.hpp"

namespace evclean {

struct TableInput;

/// What is known of one file that was read.
struct KnownFile {
  std::string path;  ///< absolute
  std::int64_t size_bytes = 0;
  std::int64_t modified_ns = 0;
  std::string inode;  ///< device and number; empty: not a local file
  std::string etag;
  std::string head, tail;  ///< hashes of the first and the last KiB of those bytes
  std::int64_t lines = 0;  ///< line ends in them
};

/// The states of one table: as it was, and as it will be once this run's outputs are published.
class InputState {
 public:
  /// Errors: user Error for a file that is no state.
  InputState(const std::string& path, const S3Settings& s3, const std::string& table);

  /// Takes files that are known out of the listing, says where the others begin, and adds notes. Where nothing is left
  /// to read, what is known tells the format and the columns (TableInput::known).
  /// Errors: user Error for a file that was rewritten, or is compressed and grew.
  void choose(TableInput& input);

  /// The state after a run: `lines` are the line ends of each file of the input, `left_out` files do not count as read.
  std::string after(const std::vector<std::int64_t>& lines, const std::vector<bool>& left_out) const;

 private:
  struct Choice {
    bool known = false;
    std::int64_t begin = 0;
    std::int64_t lines = 0;
  };

  Choice look(const InputFile& file, KnownFile& now, std::vector<std::string>& notes);
  Choice compare(const InputFile& file, KnownFile& now, const KnownFile& before, std::vector<std::string>& notes) const;
  const KnownFile* moved(const InputFile& file, const KnownFile& now) const;

  std::string format_of(const InputFile& file) const;
  std::int64_t open_begin(const InputFile& file, std::int64_t at, const std::string& format) const;
  std::int64_t record_begin(const InputFile& file, const std::string& format, std::int64_t old_end,
                            std::int64_t at) const;

  std::string path_, table_;
  const FormatSpec* spec_ = nullptr;
  StreamOptions stream_;
  std::map<std::string, KnownFile> known_;
  std::vector<KnownFile> reading_;  ///< a file of the input
};

/// Writes the states of a run's tables, each under its final name at once. Errors: system Error.
void write_states(const Job& job, const std::vector<TableReport>& tables);

}  // namespace evclean
