// SPDX-License-Identifier: Apache-2.0
// The folder in scratch where outputs for S3 wait. Ranks on one machine, or with a shared scratch folder, see the same
// folder; every byte of a file is written by one rank, so what others see of it is zero.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evclean/comm.hpp"

namespace evclean {

/// A run of a file's bytes and the rank that wants it whole.
struct SpoolPart {
  std::string file;
  std::int64_t begin = 0;
  std::int64_t end = 0;
  int owner = 0;
};

class Spool {
 public:
  /// Makes the folder; finds out who shares it. Collective. Errors: system Error naming the folder.
  Spool(const Comm& comm, const std::string& scratch_dir, const std::string& token);
  /// The leader of each group removes it with what is in it. Local.
  ~Spool();

  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  /// Makes empty files in each folder. Collective.
  void add(const std::vector<std::string>& paths);
  bool is_shared() const noexcept { return groups_ == 1; }
  /// Ranks, ascending, that see the first rank's folder.
  std::vector<int> ranks_beside_first() const;
  bool leads() const noexcept { return leader_ == comm_.rank(); }
  /// Size of a file over all folders. Collective.
  std::int64_t size(const std::string& path) const;
  /// Brings every part together in the folder of its owner. Collective.
  void bring_together(const std::vector<SpoolPart>& parts) const;
  void remove() noexcept;

 private:
  void exchange_round(const std::vector<SpoolPart>& parts, std::size_t begin, std::size_t end) const;

  const Comm& comm_;
  std::string folder_;
  std::vector<std::string> files_;
  int groups_ = 1;
  int leader_ = 0;
  std::vector<int> leader_of_;  ///< by rank
};

/// Reads a part of a file. Errors: system Error naming the file.
std::string read_spooled(const std::string& path, std::int64_t begin, std::int64_t size_bytes);

}  // namespace evclean
