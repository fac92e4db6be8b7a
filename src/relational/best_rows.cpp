// SPDX-License-Identifier: Apache-2.0
#include "best_rows.hpp"

#include <arrow/array.h>

#include <algorithm>
#include <cstring>

#include "batch_rows.hpp"
#include "key_bits.hpp"

namespace evclean {
namespace {

constexpr std::size_t kSpareRows = 1 << 15;  ///< kept beyond the wanted ones before they are sifted

/// Rows whose number is not beyond that of a key that begins with it.
template <typename T>
std::vector<std::int32_t> not_beyond(const arrow::Array& array, const std::string& key, bool descending) {
  std::uint64_t worst = 0;
  std::memcpy(&worst, key.data() + 1, sizeof worst);
  worst = __builtin_bswap64(worst);
  const std::uint64_t turn = descending ? ~std::uint64_t{0} : 0;
  const T* const values = array.data()->GetValues<T>(1);
  std::vector<std::int32_t> rows(static_cast<std::size_t>(array.length()));
  std::size_t count = 0;
  for (std::int64_t i = 0; i < array.length(); ++i) {
    rows[count] = static_cast<std::int32_t>(i);
    count += (ordered_bits(values[i]) ^ turn) <= worst;
  }
  rows.resize(count);
  return rows;
}

}  // namespace

/// Most rows are told by the first column alone, where that is a number.
Batch BestRows::possible(Batch batch) const {
  const KeyColumn& column = codec_.columns()[0];
  const arrow::Array& array = *batch.array(column.column);
  const bool number = column.type == ValueType::kInt64 || column.type == ValueType::kFloat64;
  constexpr char kValue = 1;  // as key_codec.cpp has it
  if (!number || array.null_count() > 0 || worst_[0] != kValue) return batch;
  const auto rows = column.type == ValueType::kInt64 ? not_beyond<std::int64_t>(array, worst_, column.descending)
                                                     : not_beyond<double>(array, worst_, column.descending);
  return static_cast<std::int64_t>(rows.size()) < batch.num_rows ? gather_rows(batch, rows) : std::move(batch);
}

void BestRows::add(Batch batch) {
  if (count_ == 0 || batch.num_rows == 0) return;
  if (!worst_.empty()) batch = possible(std::move(batch));
  if (batch.num_rows == 0) return;
  if (!worst_.empty()) {
    std::vector<std::int32_t> rows;
    KeyRows keys;
    each_chunk(batch, [&](std::int64_t first, std::int64_t count) {
      codec_.encode(batch, first, count, keys);
      for (std::size_t i = 0; i < keys.rows; ++i) {
        if (compare_keys(keys.view(i), worst_) < 0)
          rows.push_back(static_cast<std::int32_t>(first + static_cast<std::int64_t>(i)));
      }
    });
    if (rows.empty()) return;
    if (static_cast<std::int64_t>(rows.size()) < batch.num_rows) batch = gather_rows(batch, rows);
  }
  rows_ += static_cast<std::size_t>(batch.num_rows);
  kept_.push_back(std::move(batch));
  if (rows_ >= 2 * count_ + kSpareRows) prune();
}

void BestRows::prune() {
  if (rows_ <= count_) return;
  const Batch all = concatenate_batches(kept_);
  KeyRows keys;
  codec_.encode(all, 0, all.num_rows, keys);
  std::vector<KeyRef> refs(keys.rows);
  for (std::size_t i = 0; i < keys.rows; ++i) {
    refs[i] = {0, keys.key(i), static_cast<std::uint32_t>(keys.size(i)), static_cast<std::uint32_t>(i)};
  }
  keep_smallest(refs, count_ + 1);
  const auto worst = std::max_element(
      refs.begin(), refs.end(), [](const KeyRef& a, const KeyRef& b) { return compare_keys(a.view(), b.view()) < 0; });
  worst_ = worst->view();
  std::vector<std::int32_t> rows;
  for (auto ref = refs.begin(); ref != refs.end(); ++ref) {
    if (ref != worst) rows.push_back(static_cast<std::int32_t>(ref->index));
  }
  kept_.clear();
  kept_.push_back(gather_rows(all, rows));
  rows_ = count_;
}

std::vector<Batch> BestRows::take() {
  prune();
  return std::move(kept_);
}

}  // namespace evclean
