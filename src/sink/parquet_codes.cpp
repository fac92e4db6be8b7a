// SPDX-License-Identifier: Apache-2.0
#include "parquet_codes.hpp"

#include <algorithm>
#include <bit>

#include "evclean/hash.hpp"
#include "parquet_runs.hpp"

namespace evclean {
namespace {

/// Ranges up to this many numbers have a table of their own: no hashing.
constexpr std::uint64_t kMaxRange = 1 << 16;
/// Numbers made to collide must not make a table slow: then there is no dictionary.
constexpr int kMaxProbes = 256;
/// Columns that hardly repeat are known by the first values.
constexpr std::size_t kSampleValues = 4096;
/// Whether a dictionary will do is seen from here on, each time the values have doubled: sooner, all look new.
constexpr std::size_t kFirstLook = 1 << 14;

/// Which code a number has, by its distance from the smallest.
class RangeTable {
 public:
  RangeTable(std::int64_t smallest, std::uint64_t range) : smallest_(smallest), code_plus_(range + 1) {}
  std::uint32_t* code_plus(std::int64_t value) {
    return &code_plus_[static_cast<std::uint64_t>(value) - static_cast<std::uint64_t>(smallest_)];
  }
  void grow_for(std::size_t) {}

 private:
  std::int64_t smallest_;
  std::vector<std::uint32_t> code_plus_;  ///< 0: none yet
};

/// The same by hash, open-addressed.
class HashTable {
 public:
  /// Null when too many numbers meet at one place.
  std::uint32_t* code_plus(std::int64_t value) {
    std::uint64_t at = mix64(static_cast<std::uint64_t>(value)) >> shift_;
    for (int probes = 0; probes < kMaxProbes; ++probes, at = (at + 1) & (slots_.size() - 1)) {
      Slot& slot = slots_[at];
      if (slot.code_plus == 0) slot.value = value;
      if (slot.value == value) return &slot.code_plus;
    }
    return nullptr;
  }
  void grow_for(std::size_t entries) {
    if (2 * entries <= slots_.size()) return;
    std::vector<Slot> old(2 * slots_.size());
    old.swap(slots_);
    --shift_;
    for (const Slot& slot : old) {
      if (slot.code_plus != 0) put(slot);
    }
  }

 private:
  struct Slot {
    std::int64_t value = 0;
    std::uint32_t code_plus = 0;
  };

  void put(const Slot& slot) {
    std::uint64_t at = mix64(static_cast<std::uint64_t>(slot.value)) >> shift_;
    while (slots_[at].code_plus != 0) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = slot;
  }

  std::vector<Slot> slots_ = std::vector<Slot>(1024);
  int shift_ = 64 - 10;
};

/// Gives up early: when the values since the look before were no cheaper through the dictionary than otherwise.
class Outlook {
 public:
  Outlook(double budget_a_value, std::int64_t entry_bytes)
      : budget_(budget_a_value), entry_bytes_(static_cast<double>(entry_bytes)) {}
  std::size_t next_look() const { return look_; }
  bool is_good(std::size_t entries) {
    const double fresh = static_cast<double>(entries - entries_before_) / static_cast<double>(look_ - look_before_);
    const bool is_first = look_before_ == 0;
    entries_before_ = entries;
    look_before_ = look_;
    look_ *= 2;
    return is_first || fresh * entry_bytes_ + bits_below(entries) / 8.0 <= budget_;
  }

 private:
  double budget_;
  double entry_bytes_;
  std::size_t look_ = kFirstLook;
  std::size_t look_before_ = 0;
  std::size_t entries_before_ = 0;
};

template <typename Table>
std::optional<NumberCodes> code_by(Table& table, const std::vector<std::int64_t>& values, std::size_t max_entries,
                                   Outlook outlook) {
  NumberCodes out;
  out.codes.resize(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i == outlook.next_look() && !outlook.is_good(out.dictionary.size())) return std::nullopt;
    std::uint32_t* const code_plus = table.code_plus(values[i]);
    if (code_plus == nullptr) return std::nullopt;
    if (*code_plus != 0) {
      out.codes[i] = *code_plus - 1;
      continue;
    }
    out.codes[i] = static_cast<std::uint32_t>(out.dictionary.size());
    out.dictionary.push_back(values[i]);
    *code_plus = static_cast<std::uint32_t>(out.dictionary.size());
    if (out.dictionary.size() > max_entries) return std::nullopt;
    if (i < kSampleValues && out.dictionary.size() > kSampleValues / 4 * 3) return std::nullopt;
    table.grow_for(out.dictionary.size());
  }
  return out;
}

/// The largest dictionary within the budget.
std::size_t entries_within(std::int64_t budget, std::int64_t entry_bytes, std::int64_t values) {
  std::int64_t entries = 0;
  for (int bits = 1; bits <= 24; ++bits) {
    const std::int64_t left = (budget - values * bits / 8) / entry_bytes;
    entries = std::max(entries, std::min(left, std::int64_t{1} << bits));
  }
  return static_cast<std::size_t>(entries);
}

}  // namespace

std::optional<NumberCodes> code_numbers(const std::vector<std::int64_t>& values, std::int64_t budget_bytes,
                                        std::int64_t entry_bytes) {
  if (values.empty()) return std::nullopt;
  const std::size_t max_entries = entries_within(budget_bytes, entry_bytes, static_cast<std::int64_t>(values.size()));
  if (max_entries == 0) return std::nullopt;
  const Outlook outlook(static_cast<double>(budget_bytes) / static_cast<double>(values.size()), entry_bytes);
  const auto [smallest, largest] = std::minmax_element(values.begin(), values.end());
  const std::uint64_t range = static_cast<std::uint64_t>(*largest) - static_cast<std::uint64_t>(*smallest);
  if (range < kMaxRange) {
    RangeTable table(*smallest, range);
    return code_by(table, values, max_entries, outlook);
  }
  HashTable table;
  return code_by(table, values, max_entries, outlook);
}

}  // namespace evclean
