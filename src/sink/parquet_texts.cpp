// SPDX-License-Identifier: Apache-2.0
// The table is open-addressed, eight places at once. A few texts are taken at a time through one step after the other,
// without branches that depend on them, and memory is asked for a step before it is needed. The hash decides nothing
// that can be seen: codes go by first appearance.
#include "parquet_texts.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "evclean/span_mask.hpp"
#include "parquet_runs.hpp"

namespace evclean {
namespace {

constexpr std::size_t kSlack = 64;  ///< readable bytes behind stored texts
constexpr std::size_t kFirstBuckets = 8;
constexpr std::int64_t kMaxDictionary = 4 << 20;
/// A dictionary is given up when more than three in four of the first texts differ.
constexpr std::int64_t kSampleTexts = 4096;
/// Texts made to collide must not make a table slow: then they are stored plainly.
constexpr int kMaxBuckets = 32;

/// When more than so many of kAtOnce texts did not come lately, the next ones are looked up in the table at once.
constexpr int kFewRecent = 32;
constexpr int kSkipRecent = 15;

/// Bit i: place i holds the tag.
unsigned places_of(const std::uint32_t* tags, std::uint32_t tag) noexcept {
#ifdef __AVX2__
  const __m256i equal = _mm256_cmpeq_epi32(_mm256_load_si256(reinterpret_cast<const __m256i*>(tags)),
                                           _mm256_set1_epi32(static_cast<int>(tag)));
  return static_cast<unsigned>(_mm256_movemask_ps(_mm256_castsi256_ps(equal)));
#else
  unsigned places = 0;
  for (unsigned i = 0; i < 8; ++i) places |= static_cast<unsigned>(tags[i] == tag) << i;
  return places;
#endif
}

/// The place of a bit that has `n` others below it.
std::int64_t nth_bit(std::uint64_t bits, std::int64_t n) {
  for (; n > 0; --n) bits &= bits - 1;
  return std::countr_zero(bits);
}

/// Most texts in two steps that overlap, without a call.
void copy_text(char* to, std::string_view text) {
  const auto in_two = [&]<std::size_t kSize>(std::integral_constant<std::size_t, kSize>) {
    std::memcpy(to, text.data(), kSize);
    std::memcpy(to + text.size() - kSize, text.data() + text.size() - kSize, kSize);
  };
  if (text.size() >= 16 && text.size() <= 32) {
    in_two(std::integral_constant<std::size_t, 16>());
  } else if (text.size() >= 8 && text.size() < 16) {
    in_two(std::integral_constant<std::size_t, 8>());
  } else if (text.size() > 32 && text.size() <= 64) {
    in_two(std::integral_constant<std::size_t, 32>());
  } else if (!text.empty()) {
    std::memcpy(to, text.data(), text.size());
  }
}

}  // namespace

void ParquetTexts::append(const TextRows& rows, const char* readable_end) {
  const std::int64_t count = rows.count();
  const auto size_of = [&](std::int64_t i) { return static_cast<std::int64_t>(rows.texts[i].size() + kLengthBytes); };
  std::int64_t bytes = 0;
  for (std::int64_t i = 0; i < rows.text_count(); ++i) bytes += size_of(i);
  plain_bytes_ += bytes;
  if (rows.same != 0) plain_bytes_ += (count - rows.text_count()) * size_of(rows.text_of(std::countr_zero(rows.same)));
  if (coded_ && !code_all_recent(rows, readable_end)) code_some(rows, readable_end);
  // Whether given up just now or before: the texts without a code are stored as they are.
  if (!coded_) {
    const std::int64_t known = stored_count_ - count_;
    for (std::int64_t row = known; row < count; ++row) store(rows.texts[rows.text_of(row)]);
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
  return __builtin_bswap64(lowest_bytes(load_word(text.data()), std::min<std::size_t>(text.size(), 8)));
}

std::vector<std::size_t> ParquetTexts::begins() const {
  std::vector<std::size_t> begins;
  for (std::size_t at = 0; at < used_; at += kLengthBytes + text_at(at).size()) begins.push_back(at);
  return begins;
}

/// What is known of some texts while they are looked up.
struct ParquetTexts::Some {
  Some(const std::string_view* some_texts, std::int64_t some_count, const char* end, std::uint32_t* to)
      : texts(some_texts), count(some_count), readable_end(end), codes(to) {}

  const std::string_view* texts;
  std::int64_t count;
  const char* readable_end;
  std::uint32_t* codes;
  std::uint64_t longs = 0;  ///< bits: rows with long texts
  TextKey keys[kAtOnce];    ///< of the short ones; of the long ones that the table is asked for
};

void ParquetTexts::code_some(const TextRows& rows, const char* readable_end) {
  if (buckets_.empty()) grow();
  const std::size_t before = codes_.size();
  const std::int64_t count = rows.count();
  codes_.resize(before + static_cast<std::size_t>(count));
  Some some(rows.texts, rows.text_count(), readable_end, codes_.data() + before);
  make_keys(some);
  const bool looks = looks_at_recent();
  const std::uint64_t unknown = looks ? look_at_recent(some) : low_bits(some.count);
  if (looks && std::popcount(unknown) > kFewRecent) skip_recent_ = kSkipRecent;
  all_recent_ = looks && unknown == 0 && some.longs == 0;
  const std::uint64_t news = look_up(some, unknown);
  for_each_bit(news, [&](std::int64_t i) {
    if (!coded_) return;
    const std::int64_t row = nth_bit(rows.firsts, i);
    if (find_or_add(some.keys[i], rows.texts[i], static_cast<std::int64_t>(before) + row, some.codes[i])) return;
    spread(rows, row, some.codes);
    codes_.resize(before + static_cast<std::size_t>(row));
    give_up();
  });
  if (!coded_) return;
  if (looks) remember(some, unknown);
  if (rows.same != 0) spread(rows, count, some.codes);
}

/// In one go, for columns of a few short texts: false when one is long or did not come lately.
bool ParquetTexts::code_all_recent(const TextRows& rows, const char* readable_end) {
  if (!all_recent_ || rows.same != 0 || rows.firsts == 0) return false;
  const auto count = static_cast<std::size_t>(rows.count());
  std::uintptr_t last = 0;
  std::size_t longest = 0;
  for (std::size_t i = 0; i < count; ++i) {
    last = std::max(last, reinterpret_cast<std::uintptr_t>(rows.texts[i].data()));
    longest = std::max(longest, rows.texts[i].size());
  }
  all_recent_ = false;
  if (longest >= TextKey::kShort || reinterpret_cast<std::uintptr_t>(readable_end) - last < TextKey::kShort)
    return false;
  const std::size_t before = codes_.size();
  codes_.resize(before + count);
  std::uint32_t* const codes = codes_.data() + before;
  const RecentShort* const recents = recent_short_.data();
  std::uint64_t differing = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const TextKey key = TextKey::of_readable(rows.texts[i].data(), rows.texts[i].size());
    const RecentShort& recent = recents[key.quick_hash() >> (64 - kRecentBits)];
    codes[i] = recent.code;
    differing |= (recent.key.low ^ key.low) | (recent.key.high ^ key.high);
  }
  all_recent_ = differing == 0;
  if (!all_recent_) codes_.resize(before);
  return all_recent_;
}

/// Codes of texts become those of the first `count` rows, in place.
void ParquetTexts::spread(const TextRows& rows, std::int64_t count, std::uint32_t* codes) {
  std::uint32_t own[kAtOnce];
  std::copy_n(codes, rows.text_count(), own);
  const auto same_text = rows.same == 0 ? 0 : rows.text_of(std::countr_zero(rows.same));
  std::fill_n(codes, count, own[same_text]);
  std::int64_t text = 0;
  for_each_bit(rows.firsts & low_bits(count), [&](std::int64_t row) { codes[row] = own[text++]; });
}

bool ParquetTexts::looks_at_recent() {
  if (skip_recent_ > 0) {
    --skip_recent_;
    return false;
  }
  if (recent_short_.empty()) {
    recent_short_.assign(std::size_t{1} << kRecentBits, {{0, ~TextKey::kLong}, 0});
    recent_long_.assign(std::size_t{1} << kRecentLongBits, 0);
  }
  return true;
}

void ParquetTexts::make_keys(Some& some) {
  for (std::int64_t i = 0; i < some.count; ++i) {
    some.longs |= std::uint64_t{some.texts[i].size() >= TextKey::kShort} << i;
  }
  for_each_bit(~some.longs & low_bits(some.count),
               [&](std::int64_t i) { some.keys[i] = TextKey::of_short(some.texts[i], some.readable_end); });
}

/// Sets the codes of texts that came not long ago; gives bits of the rows that are left.
std::uint64_t ParquetTexts::look_at_recent(Some& some) const {
  std::uint64_t unknown = 0;
  for_each_bit(~some.longs & low_bits(some.count), [&](std::int64_t i) {
    const TextKey& key = some.keys[i];
    const RecentShort& recent = recent_short_[key.quick_hash() >> (64 - kRecentBits)];
    some.codes[i] = recent.code;
    unknown |= std::uint64_t{((recent.key.low ^ key.low) | (recent.key.high ^ key.high)) != 0} << i;
  });
  std::uint32_t codes_plus[kAtOnce];
  for_each_bit(some.longs, [&](std::int64_t i) {
    codes_plus[i] = recent_long_[TextKey::quick_hash(some.texts[i]) >> (64 - kRecentLongBits)];
    __builtin_prefetch(&entries_[codes_plus[i]]);
  });
  for_each_bit(some.longs, [&](std::int64_t i) {
    const char* const bytes = bytes_at(entries_[codes_plus[i]].high);
    __builtin_prefetch(bytes);
    __builtin_prefetch(bytes + 64);
  });
  for_each_bit(some.longs, [&](std::int64_t i) {
    const std::string_view text = some.texts[i];
    const std::uint32_t code_plus = codes_plus[i];
    const std::uint64_t high = entries_[code_plus].high;
    const bool same = (high & ~TextKey::kFree) == (TextKey::kLong | text.size()) &&
                      same_long(bytes_at(high), text.data(), text.size());
    some.codes[i] = code_plus - 1;
    unknown |= std::uint64_t{!same} << i;
  });
  return unknown;
}

/// Sets the codes of these rows from the table; gives those that it does not have, or not at the first place.
std::uint64_t ParquetTexts::look_up(Some& some, std::uint64_t rows) const {
  for_each_bit(rows & some.longs, [&](std::int64_t i) { some.keys[i] = TextKey::of_long(some.texts[i]); });
  std::uint32_t tags[kAtOnce];
  for_each_bit(rows, [&](std::int64_t i) {
    tags[i] = some.keys[i].tag();
    __builtin_prefetch(&buckets_[tags[i] >> shift_]);
  });
  std::uint32_t found[kAtOnce];
  for_each_bit(rows, [&](std::int64_t i) {
    found[i] = candidate(tags[i]);
    __builtin_prefetch(&entries_[found[i]]);
  });
  std::uint64_t fitting = 0;
  for_each_bit(rows, [&](std::int64_t i) {
    fitting |= std::uint64_t{some.keys[i].fits(entries_[found[i]])} << i;
    some.codes[i] = found[i] - 1;
  });
  for_each_bit(fitting & some.longs, [&](std::int64_t i) { __builtin_prefetch(bytes_at(entries_[found[i]].high)); });
  for_each_bit(fitting & some.longs, [&](std::int64_t i) {
    const std::string_view text = some.texts[i];
    const bool same = same_long(bytes_at(entries_[found[i]].high), text.data(), text.size());
    fitting &= ~(std::uint64_t{!same} << i);
  });
  return rows & ~fitting;
}

void ParquetTexts::remember(const Some& some, std::uint64_t rows) {
  for_each_bit(rows & ~some.longs, [&](std::int64_t i) {
    recent_short_[some.keys[i].quick_hash() >> (64 - kRecentBits)] = {some.keys[i], some.codes[i]};
  });
  for_each_bit(rows & some.longs, [&](std::int64_t i) {
    recent_long_[TextKey::quick_hash(some.texts[i]) >> (64 - kRecentLongBits)] = some.codes[i] + 1;
  });
}

/// The code plus one of an entry that may be the text; 0: none in the first bucket.
std::uint32_t ParquetTexts::candidate(std::uint32_t tag) const noexcept {
  const Bucket& bucket = buckets_[tag >> shift_];
  const unsigned places = places_of(bucket.tags, tag);
  // Without a place any other code will do: it is compared anyway.
  return bucket.codes_plus[std::countr_zero(places | 0x80u)];
}

bool ParquetTexts::is_same(const TextKey& entry, const TextKey& key, std::string_view text) const noexcept {
  if (!key.fits(entry)) return false;
  if (text.size() < TextKey::kShort) return true;
  return same_long(bytes_at(entry.high), text.data(), text.size());
}

/// Sets the code of a text; false when there may be no dictionary.
bool ParquetTexts::find_or_add(const TextKey& key, std::string_view text, std::int64_t ordinal, std::uint32_t& code) {
  const std::uint32_t tag = key.tag();
  const std::size_t mask = buckets_.size() - 1;
  std::size_t at = tag >> shift_;
  for (int probes = 0; probes < kMaxBuckets; ++probes, at = (at + 1) & mask) {
    Bucket& bucket = buckets_[at];
    for (unsigned places = places_of(bucket.tags, tag); places != 0; places &= places - 1) {
      const std::uint32_t code_plus = bucket.codes_plus[std::countr_zero(places)];
      if (!is_same(entries_[code_plus], key, text)) continue;
      code = code_plus - 1;
      return true;
    }
    const unsigned free = places_of(bucket.codes_plus, 0);
    if (free == 0) continue;
    if (!may_add(text, ordinal)) return false;
    code = static_cast<std::uint32_t>(dictionary_size());
    add(bucket, std::countr_zero(free), tag, key, text);
    return true;
  }
  return false;
}

bool ParquetTexts::may_add(std::string_view text, std::int64_t ordinal) const {
  if (ordinal < kSampleTexts && dictionary_size() >= kSampleTexts * 3 / 4) return false;
  return static_cast<std::int64_t>(used_ + text.size()) <= kMaxDictionary;
}

void ParquetTexts::add(Bucket& bucket, int place, std::uint32_t tag, TextKey key, std::string_view text) {
  if (text.size() >= TextKey::kShort) key.high |= std::uint64_t{used_} << kBeginShift;
  entries_.push_back(key);
  store(text);
  bucket.tags[place] = tag;
  bucket.codes_plus[place] = static_cast<std::uint32_t>(dictionary_size());
  if (2 * entries_.size() > Bucket::kPlaces * buckets_.size()) grow();
}

void ParquetTexts::store(std::string_view text) {
  const std::size_t wanted = used_ + kLengthBytes + text.size() + kSlack;
  if (bytes_.size() < wanted) bytes_.resize(wanted + wanted / 2);
  const auto size = static_cast<std::uint32_t>(text.size());
  std::memcpy(bytes_.data() + used_, &size, sizeof size);
  copy_text(bytes_.data() + used_ + kLengthBytes, text);
  used_ += kLengthBytes + text.size();
}

void ParquetTexts::grow() {
  std::vector<Bucket> old(std::max(kFirstBuckets, 2 * buckets_.size()));
  old.swap(buckets_);
  shift_ = __builtin_clz(static_cast<std::uint32_t>(buckets_.size())) + 1;
  const std::size_t mask = buckets_.size() - 1;
  for (const Bucket& bucket : old) {
    for (int place = 0; place < Bucket::kPlaces; ++place) {
      if (bucket.codes_plus[place] == 0) continue;
      std::size_t at = bucket.tags[place] >> shift_;
      unsigned free = places_of(buckets_[at].codes_plus, 0);
      while (free == 0) free = places_of(buckets_[at = (at + 1) & mask].codes_plus, 0);
      buckets_[at].tags[std::countr_zero(free)] = bucket.tags[place];
      buckets_[at].codes_plus[std::countr_zero(free)] = bucket.codes_plus[place];
    }
  }
}

/// Codes become texts again.
void ParquetTexts::give_up() {
  const std::vector<std::size_t> begins = this->begins();
  coded_ = false;
  const std::string dictionary(bytes_.data(), used_);
  used_ = 0;
  for (const std::uint32_t code : codes_) {
    std::uint32_t size;
    std::memcpy(&size, dictionary.data() + begins[code], sizeof size);
    store({dictionary.data() + begins[code] + kLengthBytes, size});
  }
  stored_count_ = static_cast<std::int64_t>(codes_.size());
  codes_ = {};
  buckets_ = {};
  entries_ = {};
  recent_short_ = {};
  recent_long_ = {};
}

void ParquetTexts::settle() {
  if (!coded_) return;
  buckets_ = {};
  const std::int64_t coded_bytes = static_cast<std::int64_t>(used_) + count_ * bits_below(entries_.size()) / 8;
  if (coded_bytes > plain_bytes_ - plain_bytes_ / 8) give_up();
}

}  // namespace evclean
