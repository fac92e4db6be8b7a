// SPDX-License-Identifier: Apache-2.0
// A file's bytes before their encoding is looked at: plain, or decompressed member by member.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "evclean/source.hpp"

namespace evclean {

/// What one read gave. Bytes never span two members, nor both sides of a loss.
enum class RawEvent {
  kBytes,        ///< bytes were written
  kMemberEnd,    ///< a member ended whole
  kMemberWrong,  ///< a member ended, its text is out, its final checksum is wrong: damage
  kLost,         ///< bytes are missing here: damage
  kEnd,          ///< nothing follows
};

struct RawPiece {
  RawEvent event = RawEvent::kEnd;
  std::size_t size = 0;
};

/// What was found wrong, in terms of the stored file.
struct StoredDamage {
  std::string reason;              ///< of the first damage
  std::int64_t stored_offset = 0;  ///< of the first damage
  std::int64_t lost_stored_bytes = 0;
};

class RawSource {
 public:
  virtual ~RawSource() = default;
  virtual RawPiece read(char* out, std::size_t room) = 0;
  virtual const StoredDamage& damage() const = 0;
  virtual std::int64_t stored_position() const = 0;
};

/// Reads a plain file from a stored offset; most likely not far behind `stored_end` (-1: to its end).
std::unique_ptr<RawSource> make_plain_source(const InputFile& file, std::int64_t stored_begin, std::int64_t stored_end);

/// Decompresses a file. Behind the first damage (salvage only) a member is given out once a trial showed it whole.
std::unique_ptr<RawSource> make_member_source(const InputFile& file, const StreamOptions& options);

}  // namespace evclean
