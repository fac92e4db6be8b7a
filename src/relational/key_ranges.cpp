// SPDX-License-Identifier: Apache-2.0
#include "key_ranges.hpp"

#include <algorithm>
#include <cstring>

#include "byte_io.hpp"
#include "evclean/hash.hpp"
#include "key_codec.hpp"

namespace evclean {
namespace {

constexpr std::size_t kLeastSamples = 2048, kSamplesARange = 512;

unsigned __int128 words_at(std::string_view key, std::size_t offset) {
  return static_cast<unsigned __int128>(word_at(key, offset)) << 64 | word_at(key, offset + 8);
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

void KeySample::write(std::string& out, std::size_t most) const {
  std::size_t step = 1;
  while (keys_.size() / step > most) step *= 2;
  put_count(out, (mask_ + 1) * step);
  put_count(out, (keys_.size() + step - 1) / step);
  for (std::size_t i = 0; i < keys_.size(); i += step) put_text(out, keys_[i]);
}

KeyRanges KeyRanges::cut(const std::vector<std::string>& sample, std::size_t wanted) {
  std::vector<Weighed> keys;
  for (const std::string& key : sample) keys.push_back({key, 1});
  return cut(std::move(keys), wanted);
}

KeyRanges KeyRanges::cut(std::vector<Weighed> sample, std::size_t wanted) {
  std::sort(sample.begin(), sample.end(), [](const Weighed& a, const Weighed& b) { return less(a.key, b.key); });
  unsigned __int128 total = 0, before = 0;
  for (const Weighed& one : sample) total += one.weight;
  KeyRanges ranges;
  std::size_t at = 0;
  for (std::size_t r = 1; r < wanted && !sample.empty(); ++r) {
    while (before + sample[at].weight <= r * total / wanted) before += sample[at++].weight;
    if (ranges.bounds_.empty() || less(ranges.bounds_.back(), sample[at].key)) {
      ranges.bounds_.emplace_back(sample[at].key);
    }
  }
  ranges.keep_words();
  return ranges;
}

void KeyRanges::keep_words() {
  if (bounds_.empty()) return;
  const std::string &first = bounds_.front(), &last = bounds_.back();  // in order: what these share, all do
  std::size_t shared = 0;
  while (shared < std::min(first.size(), last.size()) && first[shared] == last[shared]) ++shared;
  prefix_ = first.substr(0, shared / 8 * 8);
  for (const std::string& bound : bounds_) bound_words_.push_back(words_at(bound, prefix_.size()));
}

KeyRanges KeyRanges::agree(const Comm& comm, const std::vector<const KeySample*>& mine, std::size_t wanted) {
  std::string told;
  const std::size_t most = std::max(kLeastSamples, kSamplesARange * wanted / static_cast<std::size_t>(comm.size()));
  for (const KeySample* sample : mine) sample->write(told, most);
  // A key that stands for twice as many counts twice.
  std::vector<Weighed> all;
  const std::vector<std::string> heard = comm.all_gather(told);
  for (const std::string& bytes : heard) {
    ByteReader reader{bytes.data()};
    while (reader.at < bytes.data() + bytes.size()) {
      const std::uint64_t weight = reader.count();
      for (std::size_t keys = reader.count(); keys > 0; --keys) all.push_back({reader.text(), weight});
    }
  }
  return cut(std::move(all), wanted);
}

std::size_t KeyRanges::find(std::string_view key) const {
  if (bounds_.empty()) return 0;
  if (!prefix_.empty()) {
    const int order = std::memcmp(key.data(), prefix_.data(), std::min(key.size(), prefix_.size()));
    if (order != 0) return order < 0 ? 0 : bounds_.size();
  }
  const unsigned __int128 words = words_at(key, prefix_.size());
  std::size_t low = 0;  // bounds that are smaller, without a branch that nobody can foretell
  for (std::size_t count = bound_words_.size(); count > 0;) {
    const std::size_t half = (count + 1) / 2;
    low = bound_words_[low + half - 1] < words ? low + half : low;
    count -= half;
  }
  if (low == bounds_.size() || bound_words_[low] != words) return low;
  const auto alike =
      std::upper_bound(bound_words_.begin() + static_cast<std::ptrdiff_t>(low), bound_words_.end(), words);
  const auto begin = bounds_.begin() + static_cast<std::ptrdiff_t>(low);
  const auto end = bounds_.begin() + (alike - bound_words_.begin());
  return static_cast<std::size_t>(std::upper_bound(begin, end, key, less) - bounds_.begin());
}

int KeyRanges::owner(std::size_t range, int ranks) const {
  return static_cast<int>(range * static_cast<std::size_t>(ranks) / size());
}

}  // namespace evclean
