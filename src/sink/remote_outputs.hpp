// SPDX-License-Identifier: Apache-2.0
// Outputs on S3 until they are published. Each is written like a local file, into the scratch folder: one file for all
// ranks that share that folder, with holes where ranks elsewhere write. Then all ranks upload its parts, and at the end
// it becomes visible at once.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "evclean/comm.hpp"
#include "evclean/sink.hpp"

namespace evclean {

class RemoteOutputs {
 public:
  RemoteOutputs(const Comm& comm, std::string token);
  ~RemoteOutputs();

  /// Collective. Errors: user Error when it is there already (unless `overwrite`); system Error when it cannot be
  /// written, before any work is done.
  void reserve(const std::string& final_path, bool overwrite, const RemotePlace& place);
  /// The same for a set whose files are not known yet; `base_path` is their name without numbers. Collective.
  void claim(const std::string& base_path, bool overwrite, const RemotePlace& place);
  /// Files of a claimed set. Collective.
  void add_files(const std::vector<std::string>& final_paths);
  /// The local file that is written instead.
  std::string hidden(const std::string& final_path) const;
  /// Its bytes, once prepared.
  std::int64_t size_of(const std::string& final_path) const;
  /// Whether all ranks write into the same local files.
  bool is_shared() const;
  /// Ranks, ascending, that see the first rank's local files. After reserve() or claim().
  std::vector<int> ranks_beside_first() const;

  /// Uploads what has been written; nothing is visible yet. Once. Collective.
  void prepare();
  /// Makes everything visible and removes what is left of older sets. Collective.
  void publish();
  /// Aborts uploads (first rank) and removes local files. Not collective, safe to call twice.
  void discard() noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace evclean
