// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "little_endian.hpp"
#include "member_decoder.hpp"
#include "member_index.hpp"

namespace evclean {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kMemberHeader = 10;
constexpr std::int64_t kMemberTrailer = 8;
constexpr std::int64_t kLeastMember = 20;
constexpr std::int64_t kMostRatio = 1040;  ///< deflate reaches 1032
constexpr std::int64_t kFirstMember =
    64 << 20;  ///< a longer first member ends the search: several ranks parse it anyway
constexpr std::size_t kTrialBytes = 4 << 10;
constexpr auto kMagic = "\x1f\x8b\x08"sv;

unsigned byte_of(std::string_view bytes, std::size_t at) { return static_cast<unsigned char>(bytes[at]); }

/// Adds members one after another and keeps some of their begins.
class Places {
 public:
  explicit Places(std::int64_t place_bytes) : place_bytes_(place_bytes) {}
  /// The member [begin, end) has `size` bytes of text.
  void add(std::int64_t begin, std::int64_t size, bool usable = true) {
    const bool far = index_.places.empty() || index_.bytes - index_.places.back().bytes >= place_bytes_;
    if (far && usable) index_.places.push_back({begin, index_.bytes});
    index_.bytes += size;
  }
  bool wants_one() const { return index_.bytes - index_.places.back().bytes >= place_bytes_; }
  MemberIndex take() { return std::move(index_); }

 private:
  std::int64_t place_bytes_;
  MemberIndex index_;
};

/// Size of the BGZF member that begins so, or 0.
std::int64_t bgzf_size(std::string_view head) {
  if (head.size() < kMemberHeader + 2 || !head.starts_with(kMagic) || byte_of(head, 3) != 4) return 0;
  std::string_view extra = head.substr(kMemberHeader + 2).substr(0, little_endian(head.substr(kMemberHeader, 2)));
  while (extra.size() >= 6) {
    const std::size_t length = little_endian(extra.substr(2, 2));
    if (extra.starts_with("BC"sv) && length == 2)
      return static_cast<std::int64_t>(little_endian(extra.substr(4, 2))) + 1;
    extra.remove_prefix(std::min(extra.size(), length + 4));
  }
  return 0;
}

std::optional<MemberIndex> index_bgzf(StoredFile& file, std::int64_t place_bytes) {
  constexpr std::size_t kAhead = 64;  // holds a header with some extra fields
  Places places(place_bytes);
  char bytes[kAhead + 4];
  std::size_t got = file.read_at(0, bytes, kAhead);
  std::int64_t size = bgzf_size({bytes, got});
  if (size < kLeastMember) return std::nullopt;
  for (std::int64_t at = 0;;) {
    const std::int64_t next = at + size;
    got = file.read_at(next - 4, bytes, sizeof bytes);
    if (got < 4) return std::nullopt;
    places.add(at, little_endian({bytes, 4}));
    if (next == file.size_bytes()) return places.take();
    size = bgzf_size({bytes + 4, got - 4});
    if (size < kLeastMember) return std::nullopt;
    at = next;
  }
}

/// Whether these bytes can be a header as compressors write it: flags, extra flags, system.
bool is_header(std::string_view head) {
  if (head.size() < kMemberHeader || !head.starts_with(kMagic)) return false;
  const unsigned flags = byte_of(head, 3), extra = byte_of(head, 8), system = byte_of(head, 9);
  return (flags & 0xe0) == 0 && (extra == 0 || extra == 2 || extra == 4) && (system <= 13 || system == 255);
}

/// Searches the begins of members in a file whose members tell no sizes.
class GzipSearch {
 public:
  GzipSearch(StoredFile& file, std::int64_t place_bytes)
      : file_(file), decoder_(make_gzip_decoder()), text_(kTrialBytes), places_(place_bytes) {}

  std::optional<MemberIndex> run() {
    std::int64_t begin = 0;
    bool usable = true;
    for (auto next = find(kLeastMember); next; next = find(*next + 1)) {
      const std::int64_t size = size_field(*next);
      if (size < 0 || size > (*next - begin) * kMostRatio || *next - begin < kLeastMember) continue;
      places_.add(begin, size, usable);
      begin = *next;
      usable = !places_.wants_one() || decodes(begin);
    }
    if (begin == 0) return std::nullopt;
    const std::int64_t size = size_field(file_.size_bytes());
    if (size < 0) return std::nullopt;
    places_.add(begin, size, usable);
    return places_.take();
  }

 private:
  std::optional<std::int64_t> find(std::int64_t from) {
    cursor_.seek(from);
    for (std::string_view ahead = cursor_.peek(kHeadBytes); ahead.size() >= kMemberHeader;
         ahead = cursor_.peek(kHeadBytes)) {
      const std::size_t found = ahead.find(kMagic);
      cursor_.skip(std::min(found, ahead.size() - (kMagic.size() - 1)));
      if (!found_one_ && cursor_.offset() > kFirstMember) return std::nullopt;
      if (found == std::string_view::npos) continue;
      if (is_header(cursor_.peek(kHeadBytes))) {
        found_one_ = true;
        return cursor_.offset();
      }
      cursor_.skip(1);
    }
    return std::nullopt;
  }

  std::int64_t size_field(std::int64_t member_end) {
    char bytes[4];
    if (member_end < kMemberTrailer || file_.read_at(member_end - 4, bytes, 4) < 4) return -1;
    return little_endian({bytes, 4});
  }

  bool decodes(std::int64_t begin) {
    StoredCursor cursor(file_, begin, kTrialBytes);
    decoder_->begin();
    std::size_t produced = 0;
    while (produced < kTrialBytes) {
      const MemberStep step = decoder_->step(cursor, text_.data(), text_.size());
      if (step.state != MemberState::kMore) return step.state == MemberState::kEnd;
      produced += step.produced;
    }
    return true;
  }

  StoredFile& file_;
  std::unique_ptr<MemberDecoder> decoder_;
  std::vector<char> text_;
  StoredCursor cursor_{file_, 0, 1 << 20};
  Places places_;
  bool found_one_ = false;
};

}  // namespace

std::optional<MemberIndex> index_gzip(StoredFile& file, std::int64_t place_bytes) {
  if (auto index = index_bgzf(file, place_bytes)) return index;
  return GzipSearch(file, place_bytes).run();
}

std::int64_t gzip_size_field(StoredFile& file) {
  char bytes[4] = {};
  file.read_at(std::max<std::int64_t>(0, file.size_bytes() - 4), bytes, 4);
  return little_endian({bytes, 4});
}

}  // namespace evclean
