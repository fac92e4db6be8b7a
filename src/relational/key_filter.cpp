// SPDX-License-Identifier: Apache-2.0
#include "key_filter.hpp"

#include <algorithm>
#include <cstring>

namespace evclean {

KeyFilter::KeyFilter(std::int64_t keys) : words_(static_cast<std::size_t>(bytes_for(keys) / 8)) {}

void KeyFilter::unite(const Comm& comm) {
  const auto is_set = [](std::uint64_t word) { return word != 0; };
  const auto begin = std::find_if(words_.begin(), words_.end(), is_set);
  const auto end = std::find_if(words_.rbegin(), std::make_reverse_iterator(begin), is_set).base();
  const auto first = static_cast<std::uint64_t>(begin - words_.begin());
  std::string told(reinterpret_cast<const char*>(&first), sizeof first);
  told.append(reinterpret_cast<const char*>(words_.data() + first), static_cast<std::size_t>(end - begin) * 8);
  for (const std::string& heard : comm.all_gather(told)) {
    std::uint64_t at = 0;
    std::memcpy(&at, heard.data(), sizeof at);
    for (std::size_t offset = sizeof at; offset < heard.size(); offset += 8, ++at) {
      std::uint64_t word = 0;
      std::memcpy(&word, heard.data() + offset, sizeof word);
      words_[at] |= word;
    }
  }
}

}  // namespace evclean
