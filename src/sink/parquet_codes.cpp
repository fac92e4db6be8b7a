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
  RangeTable(std::int64_t smallest, std::uint64_t range)
      : smallest_(static_cast<std::uint64_t>(smallest)), code_plus_(range + 1) {}
  /// The number's code plus one; 0: none yet.
  std::uint32_t find(std::int64_t value) const { return code_plus_[static_cast<std::uint64_t>(value) - smallest_]; }
  /// False when there is no place for it.
  bool add(std::int64_t value, std::uint32_t code_plus) {
    code_plus_[static_cast<std::uint64_t>(value) - smallest_] = code_plus;
    return true;
  }

 private:
  std::uint64_t smallest_;
  std::vector<std::uint32_t> code_plus_;
};

/// The same by hash, open-addressed.
class HashTable {
 public:
  /// Finds most of them at the first place.
  std::uint32_t find(std::int64_t value) const {
    const Slot& first = slots_[home(value)];
    if (first.value == value) [[likely]]
      return first.code_plus;
    return first.code_plus == 0 ? 0 : find_further(value);
  }
  /// False when too many numbers meet at one place.
  bool add(std::int64_t value, std::uint32_t code_plus) {
    std::uint64_t at = home(value);
    for (int probes = 0; probes < kMaxProbes; ++probes, at = (at + 1) & (slots_.size() - 1)) {
      if (slots_[at].code_plus != 0) continue;
      slots_[at] = {value, code_plus};
      if (kSlotsAnEntry * code_plus > slots_.size()) grow();
      return true;
    }
    return false;
  }

 private:
  /// With few entries a slot nearly all stand at their first place, so that looking there is foreseen by the processor.
  static constexpr std::size_t kSlotsAnEntry = 4;
  struct Slot {
    std::int64_t value = 0;
    std::uint32_t code_plus = 0;  ///< 0: free
  };

  std::uint64_t home(std::int64_t value) const { return mix64(static_cast<std::uint64_t>(value)) >> shift_; }

  std::uint32_t find_further(std::int64_t value) const {
    std::uint64_t at = home(value);
    while (slots_[at].code_plus != 0 && slots_[at].value != value) at = (at + 1) & (slots_.size() - 1);
    return slots_[at].code_plus;
  }
  void grow() {
    std::vector<Slot> old(2 * slots_.size());
    old.swap(slots_);
    --shift_;
    for (const Slot& slot : old) {
      if (slot.code_plus == 0) continue;
      std::uint64_t at = home(slot.value);
      while (slots_[at].code_plus != 0) at = (at + 1) & (slots_.size() - 1);
      slots_[at] = slot;
    }
  }

  std::vector<Slot> slots_ = std::vector<Slot>(4096);
  int shift_ = 64 - 12;
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

/// The next code, for the value at `at`; false when there will be no dictionary.
template <typename Table>
bool add_code(Table& table, std::vector<std::int64_t>& dictionary, std::int64_t value, std::size_t at,
              std::size_t max_entries) {
  dictionary.push_back(value);
  const std::size_t entries = dictionary.size();
  if (entries > max_entries || (at < kSampleValues && entries > kSampleValues / 4 * 3)) return false;
  return table.add(value, static_cast<std::uint32_t>(entries));
}

template <typename Table>
std::optional<NumberCodes> code_by(Table table, const std::vector<std::int64_t>& values, std::size_t max_entries,
                                   Outlook outlook) {
  NumberCodes out;
  out.codes.resize(values.size());
  std::uint32_t* const codes = out.codes.data();
  for (std::size_t at = 0; at < values.size();) {
    for (const std::size_t end = std::min(values.size(), outlook.next_look()); at < end; ++at) {
      const std::uint32_t code_plus = table.find(values[at]);
      codes[at] = code_plus - 1;
      if (code_plus != 0) [[likely]]
        continue;
      codes[at] = static_cast<std::uint32_t>(out.dictionary.size());
      if (!add_code(table, out.dictionary, values[at], at, max_entries)) return std::nullopt;
    }
    if (at < values.size() && !outlook.is_good(out.dictionary.size())) return std::nullopt;
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

NumberBounds bounds_of(const std::vector<std::int64_t>& values) {
  NumberBounds bounds{values.front(), values.front()};
  for (const std::int64_t value : values) {  // in vectors, which std::minmax_element is not
    bounds.smallest = std::min(bounds.smallest, value);
    bounds.largest = std::max(bounds.largest, value);
  }
  return bounds;
}

std::optional<NumberCodes> code_numbers(const std::vector<std::int64_t>& values, std::int64_t budget_bytes,
                                        std::int64_t entry_bytes) {
  if (values.empty()) return std::nullopt;
  const std::size_t max_entries = entries_within(budget_bytes, entry_bytes, static_cast<std::int64_t>(values.size()));
  if (max_entries == 0) return std::nullopt;
  const Outlook outlook(static_cast<double>(budget_bytes) / static_cast<double>(values.size()), entry_bytes);
  const NumberBounds bounds = bounds_of(values);
  const std::uint64_t range = static_cast<std::uint64_t>(bounds.largest) - static_cast<std::uint64_t>(bounds.smallest);
  if (range < kMaxRange) return code_by(RangeTable(bounds.smallest, range), values, max_entries, outlook);
  return code_by(HashTable(), values, max_entries, outlook);
}

}  // namespace evclean
