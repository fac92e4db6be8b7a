// SPDX-License-Identifier: Apache-2.0
#include "split_rule.hpp"

#include <algorithm>

#include "category_text.hpp"
#include "evclean/hash.hpp"

namespace evclean {

std::vector<bool> SplitRule::test_rows(const Batch& batch, std::int64_t& keyless) const {
  std::vector<CategoryText> keys;
  for (const int column : columns_) {
    const arrow::Array& array = *batch.array(column);
    keys.emplace_back(array, value_type(*array.type()));
  }
  std::vector<bool> test(static_cast<std::size_t>(batch.num_rows));
  std::string key;
  for (std::int64_t row = 0; row < batch.num_rows; ++row) {
    if (std::all_of(keys.begin(), keys.end(), [&](const CategoryText& part) { return part.missing(row); })) {
      ++keyless;
      continue;
    }
    key.clear();
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (i > 0) key += '\x1f';
      if (!keys[i].missing(row)) key += keys[i].at(row);
    }
    const auto place = static_cast<double>(hash_bytes(key, seed_) >> 11) * 0x1p-53;  // in [0, 1)
    test[static_cast<std::size_t>(row)] = place < test_;
  }
  return test;
}

}  // namespace evclean
