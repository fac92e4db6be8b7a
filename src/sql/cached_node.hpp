// SPDX-License-Identifier: Apache-2.0
// A node from a function of one text whose values repeat (user agents, paths): results are kept a distinct value in a
// bounded set-associative cache. When values do not repeat, looking up costs more than it saves and is left out.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "evclean/hash.hpp"
#include "evclean/text_keys.hpp"
#include "row_node.hpp"

namespace evclean::sql {

/// Share of lookups that must hit for the cache to pay, by what the function costs.
enum class CacheUse : std::uint8_t {
  kAlways,   ///< the function costs microseconds: an occasional hit pays
  kRepeats,  ///< it costs some 100 ns: half of the lookups must hit
};

/// Results by text. Bounded: kSets * kWays entries of keys up to kMaxKeyBytes.
template <typename R>
class ResultCache {
  using Kept = std::conditional_t<std::is_same_v<R, std::string_view>, std::string, R>;
  struct Entry {
    std::string key;
    std::optional<Kept> result;
  };

 public:
  explicit ResultCache(CacheUse use) : use_(use) {}

  /// Calls `compute` unless the result is known. The reference lives until the next call.
  /// A result that counted a problem is not kept: the problem counts for every row, however rows fall into batches.
  template <typename F>
  const std::optional<Kept>& get(std::string_view key, EvalCounters& counters, F&& compute) {
    if (resting_ > 0 || key.size() > kMaxKeyBytes) {
      if (resting_ > 0) --resting_;
      return single_ = compute(counters, key);
    }
    const std::uint64_t hash = hash_of(key) | 1;  // 0 marks an empty way
    const std::size_t set = (hash >> 32) % kSets;
    if (tags_.empty()) allocate();
    if (++lookups_ == kWindow) judge();
    for (std::size_t way = 0; way < kWays; ++way) {
      const std::size_t slot = set * kWays + way;
      if (tags_[slot] == hash && is_same(entries_[slot].key, key)) {
        ++hits_;
        return entries_[slot].result;
      }
    }
    const std::size_t slot = set * kWays + (next_++ % kWays);
    const std::int64_t limits = counters.regex_limit;
    entries_[slot].result = compute(counters, key);
    entries_[slot].key.assign(key);
    tags_[slot] = counters.regex_limit == limits ? hash : 0;
    return entries_[slot].result;
  }

 private:
  static constexpr std::size_t kSets = 4096;
  static constexpr std::size_t kWays = 4;
  static constexpr std::size_t kMaxKeyBytes = 512;
  static constexpr int kWindow = 16384;
  static constexpr int kRest = 16 * kWindow;

  /// Only where a result is kept depends on it.
  static std::uint64_t hash_of(std::string_view key) {
    return key.size() < TextKey::kShort ? hash_bytes(key) : TextKey::quick_hash(key);
  }
  static bool is_same(const std::string& kept, std::string_view key) {
    if (key.size() < TextKey::kShort) return kept == key;
    return kept.size() == key.size() && same_long(kept.data(), key.data(), key.size());
  }
  void allocate() {
    tags_.assign(kSets * kWays, 0);
    entries_.resize(kSets * kWays);
  }
  void judge() {
    const int needed = use_ == CacheUse::kAlways ? kWindow / 64 : kWindow / 2;
    if (hits_ < needed) resting_ = kRest;
    lookups_ = hits_ = 0;
  }

  CacheUse use_;
  int lookups_ = 0;
  int hits_ = 0;
  int resting_ = 0;
  std::uint32_t next_ = 0;
  std::vector<std::uint64_t> tags_;
  std::vector<Entry> entries_;
  std::optional<Kept> single_;
};

/// F: (EvalCounters&, std::string_view) -> R, or optional of it, or what converts to it.
template <typename R, typename F>
class CachedNode final : public Node {
 public:
  CachedNode(NodePtr arg, F function, CacheUse use)
      : Node(value_type_of<R>()), arg_(std::move(arg)), function_(std::move(function)), cache_(use) {
    costly = true;
  }

  Value evaluate(const Frame& frame) override {
    const Value value = arg_->evaluate(frame);
    const Reader<std::string_view> reader(value);
    Output<R> output(frame.num_rows);
    for (std::int64_t row = 0; row < frame.num_rows; ++row) {
      if (!reader.valid(row)) {
        output.null(row);
        continue;
      }
      const auto& result = cache_.get(reader.get(row), frame.counters, function_);
      if (result) {
        output.set(row, *result);
      } else {
        output.null(row);
      }
    }
    return Value::of(output.finish());
  }

 private:
  NodePtr arg_;
  F function_;
  ResultCache<R> cache_;
};

template <typename R, typename F>
NodePtr cached_node(NodePtr arg, F function, CacheUse use) {
  return std::make_unique<CachedNode<R, F>>(std::move(arg), std::move(function), use);
}

}  // namespace evclean::sql
