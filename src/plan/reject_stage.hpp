// SPDX-License-Identifier: Apache-2.0
// Rejects that wait until their lines are known, by split, in memory or scratch. Local.
#pragma once

#include "evclean/reject.hpp"
#include "evclean/stage.hpp"

namespace evclean {

/// Rejects of the splits this rank owns.
class RejectStage {
 public:
  RejectStage(std::int64_t memory_bytes, const std::string& scratch) : bytes_(memory_bytes, scratch) {}
  void put(std::int64_t split, const std::vector<Reject>& rejects);
  void drop(std::int64_t split) { bytes_.drop(split); }
  std::vector<std::int64_t> splits() const { return bytes_.parts(); }
  std::vector<Reject> read(std::int64_t split) const;
  /// The same as bytes, and back behind what is there.
  std::string packed(std::int64_t split) const { return bytes_.read(split); }
  void put_packed(std::int64_t split, std::string_view packed);

 private:
  ByteStage bytes_;
};

}  // namespace evclean
