// SPDX-License-Identifier: Apache-2.0
// From the first word on: order by it, then each run of equal words by the next, so that what keys share
// is not looked at again. Long runs go through a radix sort that leaves out bytes that do not differ, short ones
// through comparisons of words.
#include "key_sort.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "key_codec.hpp"

namespace evclean {
namespace {

constexpr std::size_t kShortRun = 24;
constexpr std::size_t kRadixRun = 512;

bool less_key(const KeyRef& a, const KeyRef& b) { return compare_keys(a.view(), b.view()) < 0; }
bool less_word(const KeyRef& a, const KeyRef& b) { return a.word < b.word; }

class KeySorter {
 public:
  explicit KeySorter(std::vector<KeyRef>& refs) : refs_(refs) {}

  void sort(std::size_t begin, std::size_t end, std::size_t offset) {
    while (end - begin >= kShortRun) {
      const std::uint64_t differing = load_words(begin, end, offset);
      offset += 8;
      if (differing != 0) {
        order_words(begin, end, differing);
        return sort_runs(begin, end, offset);
      }
      if (exhausted(begin, end, offset)) return;
    }
    sort_short(begin, end, offset);
  }

 private:
  static std::ptrdiff_t at(std::size_t place) { return static_cast<std::ptrdiff_t>(place); }

  /// Gives the bits in which the words are not all alike.
  std::uint64_t load_words(std::size_t begin, std::size_t end, std::size_t offset) {
    std::uint64_t any = 0, all = ~std::uint64_t{0};
    for (std::size_t i = begin; i < end; ++i) {
      if (i + 16 < end) __builtin_prefetch(refs_[i + 16].key + offset);
      refs_[i].word = word_at(refs_[i].view(), offset);
      any |= refs_[i].word;
      all &= refs_[i].word;
    }
    return any ^ all;
  }
  bool exhausted(std::size_t begin, std::size_t end, std::size_t offset) const {
    return std::none_of(refs_.begin() + at(begin), refs_.begin() + at(end),
                        [&](const KeyRef& ref) { return ref.size > offset; });
  }
  void order_words(std::size_t begin, std::size_t end, std::uint64_t differing) {
    if (end - begin < kRadixRun) {
      std::sort(refs_.begin() + at(begin), refs_.begin() + at(end), less_word);
      return;
    }
    for (int shift = 0; shift < 64; shift += 8) {
      if ((differing >> shift & 0xff) != 0) pass(begin, end, shift);
    }
  }
  /// By insertion: the words at hand tell most keys, what is behind them the others.
  void sort_short(std::size_t begin, std::size_t end, std::size_t offset) {
    if (end - begin < 2) return;
    load_words(begin, end, offset);
    for (std::size_t i = begin + 1; i < end; ++i) {
      const KeyRef ref = refs_[i];
      std::size_t to = i;
      for (; to > begin && less_from(ref, refs_[to - 1], offset + 8); --to) refs_[to] = refs_[to - 1];
      refs_[to] = ref;
    }
  }
  /// Keys that are alike up to their words.
  static bool less_from(const KeyRef& a, const KeyRef& b, std::size_t offset) {
    if (a.word != b.word) return a.word < b.word;
    for (; offset < std::min(a.size, b.size); offset += 8) {
      const std::uint64_t of_a = word_at(a.view(), offset), of_b = word_at(b.view(), offset);
      if (of_a != of_b) return of_a < of_b;
    }
    return false;
  }
  void pass(std::size_t begin, std::size_t end, int shift) {
    std::array<std::size_t, 256> places{};
    for (std::size_t i = begin; i < end; ++i) ++places[refs_[i].word >> shift & 0xff];
    std::size_t sum = 0;
    for (std::size_t& place : places) sum += std::exchange(place, sum);
    scratch_.resize(std::max(scratch_.size(), end - begin));
    for (std::size_t i = begin; i < end; ++i) scratch_[places[refs_[i].word >> shift & 0xff]++] = refs_[i];
    std::copy_n(scratch_.begin(), end - begin, refs_.begin() + at(begin));
  }
  void sort_runs(std::size_t begin, std::size_t end, std::size_t offset) {
    for (std::size_t i = begin; i < end;) {
      std::size_t next = i + 1;
      while (next < end && refs_[next].word == refs_[i].word) ++next;
      if (next - i > 1) sort(i, next, offset);
      i = next;
    }
  }

  std::vector<KeyRef>& refs_;
  std::vector<KeyRef> scratch_;
};

}  // namespace

void sort_keys(std::vector<KeyRef>& refs) {
  if (refs.size() > 1) KeySorter(refs).sort(0, refs.size(), 0);
}

void keep_smallest(std::vector<KeyRef>& refs, std::size_t count) {
  if (count < refs.size()) {
    std::nth_element(refs.begin(), refs.begin() + static_cast<std::ptrdiff_t>(count), refs.end(), less_key);
  }
  refs.resize(count);
}

}  // namespace evclean
