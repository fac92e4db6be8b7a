// SPDX-License-Identifier: Apache-2.0
#include "key_ranges.hpp"

#include <algorithm>
#include <cstring>

#include "byte_io.hpp"
#include "evclean/hash.hpp"
#include "key_codec.hpp"

namespace evclean {
namespace {

std::uint64_t first_word(std::string_view key) {
  if (key.size() < 8) return 0;
  std::uint64_t word;
  std::memcpy(&word, key.data(), sizeof word);
  return __builtin_bswap64(word);
}

bool less(std::string_view a, std::string_view b) { return compare_keys(a, b) < 0; }

}  // namespace

std::uint64_t KeySample::draw() { return mix64(drawn_++); }

void KeySample::take(std::string_view key) {
  if (keys_.size() == most_) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < keys_.size(); i += 2) std::swap(keys_[kept++], keys_[i]);
    keys_.resize(kept);
    mask_ = 2 * mask_ + 1;
  }
  keys_.emplace_back(key);
}

void KeySample::write(std::string& out) const {
  put_count(out, mask_ + 1);
  put_count(out, keys_.size());
  for (const std::string& key : keys_) put_text(out, key);
}

KeyRanges KeyRanges::cut(std::vector<std::string> sample, std::size_t wanted) {
  std::sort(sample.begin(), sample.end(), less);
  KeyRanges ranges;
  for (std::size_t r = 1; r < wanted && !sample.empty(); ++r) {
    const std::string& bound = sample[r * sample.size() / wanted];
    if (ranges.bounds_.empty() || less(ranges.bounds_.back(), bound)) {
      ranges.bounds_.push_back(bound);
      ranges.bound_words_.push_back(first_word(bound));
    }
  }
  return ranges;
}

KeyRanges KeyRanges::agree(const Comm& comm, const std::vector<const KeySample*>& mine, std::size_t wanted) {
  std::string told;
  for (const KeySample* sample : mine) sample->write(told);
  std::vector<std::pair<std::uint64_t, std::vector<std::string>>> samples;
  std::uint64_t least = UINT64_MAX;
  for (const std::string& bytes : comm.all_gather(told)) {
    ByteReader reader{bytes.data()};
    while (reader.at < bytes.data() + bytes.size()) {
      const std::uint64_t weight = reader.count();
      std::vector<std::string> keys(reader.count());
      for (std::string& key : keys) key = reader.text();
      if (!keys.empty()) least = std::min(least, weight);
      samples.emplace_back(weight, std::move(keys));
    }
  }
  // A key that stands for twice as many counts twice: weights are powers of two, of similar ranks similar ones.
  std::vector<std::string> all;
  for (const auto& [weight, keys] : samples) {
    for (const std::string& key : keys) all.insert(all.end(), std::min<std::uint64_t>(weight / least, 64), key);
  }
  return cut(std::move(all), wanted);
}

std::size_t KeyRanges::find(std::string_view key) const {
  const auto [low, high] = std::equal_range(bound_words_.begin(), bound_words_.end(), first_word(key));
  if (low == high) return static_cast<std::size_t>(low - bound_words_.begin());
  const auto begin = bounds_.begin() + (low - bound_words_.begin());
  const auto end = bounds_.begin() + (high - bound_words_.begin());
  return static_cast<std::size_t>(std::upper_bound(begin, end, key, less) - bounds_.begin());
}

int KeyRanges::owner(std::size_t range, int ranks) const {
  return static_cast<int>(range * static_cast<std::size_t>(ranks) / size());
}

}  // namespace evclean
