// SPDX-License-Identifier: Apache-2.0
// Decoders of one compressed member at a time (a gzip member, a zstd or lz4 frame, a bzip2 or xz stream). They know
// their format; what stands between members, and what to do about damage, is MemberSource's business.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "evclean/source.hpp"
#include "stored_file.hpp"

namespace evclean {

enum class MemberState {
  kMore,           ///< inside the member
  kEnd,            ///< the member ended and its checksum, if it has one, is right
  kChecksumWrong,  ///< the member ended, all its text is out, but the final checksum is wrong
  kTruncated,      ///< the stored bytes ended inside the member
  kBroken,         ///< the bytes cannot be decoded
};

struct MemberStep {
  MemberState state = MemberState::kMore;
  std::size_t produced = 0;  ///< bytes of text written, in any state
  std::string reason = {};   ///< what kBroken means, if more than "damaged"
};

class MemberDecoder {
 public:
  virtual ~MemberDecoder() = default;
  /// What one unit is called: "gzip member".
  virtual std::string_view unit() const = 0;
  /// Whether a member may begin with these bytes (at least kHeadBytes of them unless the file ends).
  virtual bool begins_with(std::string_view head) const = 0;
  /// The bytes to look for when a member's begin is searched.
  virtual std::string_view magic() const = 0;
  /// Forgets the member before; the cursor's next byte is a member's first.
  virtual void begin() = 0;
  /// Decodes on until text came out or the state is not kMore. The cursor stands behind the member afterwards.
  virtual MemberStep step(StoredCursor& in, char* out, std::size_t room) = 0;
};

inline constexpr std::size_t kHeadBytes = 16;

std::unique_ptr<MemberDecoder> make_gzip_decoder();
std::unique_ptr<MemberDecoder> make_zstd_decoder();
std::unique_ptr<MemberDecoder> make_bzip2_decoder();
std::unique_ptr<MemberDecoder> make_xz_decoder();
std::unique_ptr<MemberDecoder> make_lz4_decoder();
std::unique_ptr<MemberDecoder> make_member_decoder(Codec codec);

/// What a file's first bytes say about it.
struct ContentSign {
  Codec codec = Codec::kPlain;
  std::string_view refused;  ///< an archive or compression that is not read: its name for people
};

/// Judges by magic bytes. `head`: the first bytes, all of them when the file is shorter than kHeadBytes; a file that
/// was cut off within its magic bytes still counts as compressed if no text begins so.
ContentSign sign_of_content(std::string_view head);

}  // namespace evclean
