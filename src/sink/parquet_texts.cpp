// SPDX-License-Identifier: Apache-2.0
// The table is open-addressed, with eight bytes a slot; hashes of some texts are made before the first is looked up, so
// that the slots are on their way from memory. The hash decides nothing that can be seen: codes go by first appearance.
#include "parquet_texts.hpp"

#include <algorithm>
#include <cstring>

#include "parquet_runs.hpp"

#ifdef __AVX2__
#include <immintrin.h>
#endif

namespace evclean {
namespace {

constexpr std::size_t kSlack = 64;  ///< readable bytes behind stored texts
constexpr std::size_t kFirstSlots = 64;
constexpr std::int64_t kMaxDictionary = 4 << 20;
/// A dictionary is given up when more than three in four of the first texts differ.
constexpr std::size_t kSampleTexts = 4096;
/// Texts made to collide must not make a table slow: then they are stored plainly.
constexpr std::uint64_t kMaxProbes = 256;

std::uint64_t load8(const char* at) {
  std::uint64_t value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

/// The lowest `bits` bits of a number; all when there are 64 or more.
std::uint64_t lowest(std::uint64_t value, std::size_t bits) {
#ifdef __BMI2__
  return _bzhi_u64(value, static_cast<unsigned>(std::min<std::size_t>(bits, 64)));  // it looks at eight bits of it
#else
  return bits >= 64 ? value : value & ((std::uint64_t{1} << bits) - 1);
#endif
}

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

constexpr std::uint64_t kKey0 = 0xa0761d6478bd642fULL;
constexpr std::uint64_t kKey1 = 0xe7037ed1a0b428dbULL;

/// Of up to 16 bytes, which may be read whole.
std::uint64_t hash_short(const char* text, std::size_t size) {
  const std::uint64_t low = lowest(load8(text), 8 * size);
  const std::uint64_t high = lowest(load8(text + 8), 8 * (std::max<std::size_t>(size, 8) - 8));
  return mix(low ^ kKey0, high ^ kKey1 ^ (size << 56));
}

std::uint64_t hash_long(const char* text, std::size_t size) {
  std::uint64_t one = size, two = kKey1;
  std::size_t at = 0;
  for (; at + 32 < size; at += 32) {
    one = mix(load8(text + at) ^ kKey0, load8(text + at + 8) ^ one);
    two = mix(load8(text + at + 16) ^ kKey1, load8(text + at + 24) ^ two);
  }
  if (size - at > 16) one = mix(load8(text + at) ^ kKey0, load8(text + at + 8) ^ one);
  two = mix(load8(text + size - 16) ^ kKey1, load8(text + size - 8) ^ two);
  return mix(one ^ kKey0, two ^ kKey1);
}

std::uint32_t tag_of(std::string_view text, const char* readable_end) {
  std::uint64_t hash = 0;
  if (text.size() > 16) {
    hash = hash_long(text.data(), text.size());
  } else if (readable_end - text.data() >= 16) {
    hash = hash_short(text.data(), text.size());
  } else {
    char copy[16] = {};
    std::copy(text.begin(), text.end(), copy);
    hash = hash_short(copy, text.size());
  }
  return static_cast<std::uint32_t>(hash >> 32);
}

#ifdef __AVX2__
bool same_vector(const char* a, const char* b, std::uint32_t wanted) {
  const __m256i equal = _mm256_cmpeq_epi8(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(a)),
                                          _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b)));
  return (~static_cast<std::uint32_t>(_mm256_movemask_epi8(equal)) & wanted) == 0;
}

/// `stored` may be read beyond its end, `text` up to `readable_end`.
bool same_bytes(const char* stored, std::string_view text, const char* readable_end) {
  constexpr std::size_t kVector = 32;
  const std::size_t size = text.size();
  if (size < kVector) {
    if (readable_end - text.data() < static_cast<std::ptrdiff_t>(kVector))
      return std::memcmp(stored, text.data(), size) == 0;
    return same_vector(stored, text.data(), (std::uint32_t{1} << size) - 1);
  }
  for (std::size_t at = 0; at + kVector <= size; at += kVector) {
    if (!same_vector(stored + at, text.data() + at, ~std::uint32_t{0})) return false;
  }
  return same_vector(stored + size - kVector, text.data() + size - kVector, ~std::uint32_t{0});
}
#else
bool same_bytes(const char* stored, std::string_view text, const char*) {
  return std::memcmp(stored, text.data(), text.size()) == 0;
}
#endif

}  // namespace

void ParquetTexts::append(const std::string_view* texts, std::int64_t count, const char* readable_end) {
  for (std::int64_t i = 0; i < count; ++i) plain_bytes_ += static_cast<std::int64_t>(texts[i].size() + kLengthBytes);
  for (std::int64_t at = 0; at < count && coded_; at += kAtOnce) {
    code_some(texts + at, std::min(kAtOnce, count - at), readable_end);
  }
  // Whether given up just now or before: the texts without a code are stored as they are.
  if (!coded_) {
    const std::int64_t known = stored_count_ - count_;
    for (std::int64_t i = known; i < count; ++i) store(texts[i]);
    stored_count_ = count_ + count;
  }
  count_ += count;
}

std::string_view ParquetTexts::text_at(std::size_t begin) const noexcept {
  std::uint32_t size;
  std::memcpy(&size, bytes_.data() + begin, sizeof size);
  return {bytes_.data() + begin + kLengthBytes, size};
}

std::uint64_t ParquetTexts::first_bytes(std::string_view text) noexcept {
  return __builtin_bswap64(lowest(load8(text.data()), 8 * text.size()));
}

/// In three rounds, so that memory is asked for before it is needed: tags, candidates, codes.
void ParquetTexts::code_some(const std::string_view* texts, std::int64_t count, const char* readable_end) {
  if (slots_.empty()) grow();
  std::uint32_t tags[kAtOnce];
  std::uint32_t found[kAtOnce];  // code plus one; 0: none
  const Slot* slots = slots_.data();
  for (std::int64_t i = 0; i < count; ++i) {
    tags[i] = tag_of(texts[i], readable_end);
    __builtin_prefetch(slots + (tags[i] >> shift_));
  }
  for (std::int64_t i = 0; i < count; ++i) {
    const Slot slot = slots[tags[i] >> shift_];
    found[i] = slot.tag == tags[i] ? slot.code_plus : 0;
    __builtin_prefetch(bytes_.data() + begins_[found[i]]);
  }
  const std::size_t before = codes_.size();
  codes_.resize(before + static_cast<std::size_t>(count));
  std::uint32_t* codes = codes_.data() + before;
  for (std::int64_t i = 0; i < count; ++i) {
    codes[i] = found[i] - 1;
    if (found[i] != 0 && is_same(begins_[found[i]], texts[i], readable_end)) continue;
    if (find_or_add(texts[i], tags[i], readable_end, before + static_cast<std::size_t>(i))) continue;
    codes_.resize(before + static_cast<std::size_t>(i));
    return give_up();
  }
}

bool ParquetTexts::is_same(std::size_t begin, std::string_view text, const char* readable_end) const {
  const char* known = bytes_.data() + begin;
  std::uint32_t size;
  std::memcpy(&size, known, sizeof size);
  return size == text.size() && same_bytes(known + kLengthBytes, text, readable_end);
}

/// Sets the code of a text; false when there may be no dictionary.
bool ParquetTexts::find_or_add(std::string_view text, std::uint32_t tag, const char* readable_end,
                               std::size_t ordinal) {
  const std::uint64_t mask = slots_.size() - 1;
  std::uint64_t at = tag >> shift_;
  for (std::uint64_t probes = 0; probes < kMaxProbes; ++probes, at = (at + 1) & mask) {
    const Slot slot = slots_[at];
    if (slot.code_plus == 0) {
      if (!may_add(text, ordinal)) return false;
      codes_[ordinal] = static_cast<std::uint32_t>(dictionary_size());
      add(at, text, tag);
      return true;
    }
    if (slot.tag != tag || !is_same(begins_[slot.code_plus], text, readable_end)) continue;
    codes_[ordinal] = slot.code_plus - 1;
    return true;
  }
  return false;
}

bool ParquetTexts::may_add(std::string_view text, std::size_t ordinal) const {
  if (ordinal < kSampleTexts && dictionary_size() >= static_cast<std::int64_t>(kSampleTexts * 3 / 4)) return false;
  return static_cast<std::int64_t>(used_ + text.size()) <= kMaxDictionary;
}

void ParquetTexts::add(std::uint64_t at, std::string_view text, std::uint32_t tag) {
  begins_.push_back(static_cast<std::uint32_t>(used_));
  store(text);
  slots_[at] = {tag, static_cast<std::uint32_t>(dictionary_size())};
  if (2 * begins_.size() > slots_.size()) grow();
}

void ParquetTexts::store(std::string_view text) {
  const std::size_t wanted = used_ + kLengthBytes + text.size() + kSlack;
  if (bytes_.size() < wanted) bytes_.resize(wanted + wanted / 2);
  const auto size = static_cast<std::uint32_t>(text.size());
  std::memcpy(bytes_.data() + used_, &size, sizeof size);
  if (!text.empty()) std::memcpy(bytes_.data() + used_ + kLengthBytes, text.data(), text.size());
  used_ += kLengthBytes + text.size();
}

void ParquetTexts::grow() {
  std::vector<Slot> old(std::max(kFirstSlots, 2 * slots_.size()));
  old.swap(slots_);
  shift_ = __builtin_clz(static_cast<std::uint32_t>(slots_.size())) + 1;
  const std::uint64_t mask = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.code_plus == 0) continue;
    std::uint64_t at = slot.tag >> shift_;
    while (slots_[at].code_plus != 0) at = (at + 1) & mask;
    slots_[at] = slot;
  }
}

/// Codes become texts again.
void ParquetTexts::give_up() {
  coded_ = false;
  const std::string dictionary(bytes_.data(), used_);
  used_ = 0;
  for (const std::uint32_t code : codes_) {
    std::uint32_t size;
    std::memcpy(&size, dictionary.data() + begins_[code + 1], sizeof size);
    store({dictionary.data() + begins_[code + 1] + kLengthBytes, size});
  }
  stored_count_ = static_cast<std::int64_t>(codes_.size());
  codes_ = {};
  slots_ = {};
}

void ParquetTexts::settle() {
  if (!coded_) return;
  slots_ = {};
  const std::int64_t coded_bytes = static_cast<std::int64_t>(used_) + count_ * bits_below(begins_.size()) / 8;
  if (coded_bytes > plain_bytes_ - plain_bytes_ / 8) give_up();
}

}  // namespace evclean
