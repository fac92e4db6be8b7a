// SPDX-License-Identifier: Apache-2.0
#include "distinct_bits.hpp"

#include <arrow/api.h>

#include <algorithm>
#include <bit>

#include "batch_rows.hpp"
#include "byte_io.hpp"
#include "evclean/arrow_status.hpp"
#include "evclean/hash.hpp"

namespace evclean {
namespace {

constexpr std::size_t kMostGroups = 4096;
constexpr std::int64_t kBytesPerRow = 32;       ///< bits may take as much as pairs of group and value would
constexpr std::int64_t kFreeBytes = 256 << 10;  ///< whatever the rows

Fields travel_fields(std::size_t words) {
  Fields fields = {{"value", ValueType::kString}};
  for (std::size_t w = 0; w < words; ++w) fields.push_back({fmt::format("bits{}", w), ValueType::kInt64});
  return fields;
}

}  // namespace

void DistinctBits::Bits::fit(std::size_t groups, std::size_t values) {
  while (words.size() * 64 < groups) words.emplace_back();
  for (auto& of_groups : words) of_groups.resize(values);
}

std::int64_t DistinctBits::Bits::memory_bytes() const {
  std::int64_t bytes = 0;
  for (const auto& of_groups : words) bytes += static_cast<std::int64_t>(of_groups.capacity() * 8);
  return bytes;
}

DistinctBits::DistinctBits(const GroupInput& input, int column, const Workspace& workspace)
    : workspace_(workspace),
      group_codec_(input.fields(), input.spec().keys),
      value_codec_(input.fields(), {column}),
      groups_(group_codec_),
      values_(value_codec_),
      claim_(workspace.budget) {}

void DistinctBits::add(const Batch& rows) {
  each_chunk(rows, [&](std::int64_t first, std::int64_t count) {
    if (gave_up_) return;
    groups_.encode(rows, first, count, keys_);
    groups_.find_or_add(keys_, group_of_);
    values_.encode(rows, first, count, keys_);
    values_.find_or_add(keys_, value_of_);
    rows_ += count;
    if (groups_.size() > kMostGroups) {
      gave_up_ = true;
    } else {
      bits_.fit(groups_.size(), values_.size());
      for (std::size_t i = 0; i < group_of_.size(); ++i) bits_.set(group_of_[i], value_of_[i]);
      watch(values_, bits_);
    }
  });
}

void DistinctBits::watch(const GroupTable& values, const Bits& bits) {
  const std::int64_t bytes = bits.memory_bytes();
  gave_up_ = gave_up_ || bytes > kFreeBytes + kBytesPerRow * rows_ ||
             !claim_.grow_to(held_bytes_ + bytes + values.memory_bytes() + groups_.memory_bytes());
}

bool DistinctBits::agree_to_go_on() const { return workspace_.comm.sum(gave_up_ ? 1 : 0) == 0; }

bool DistinctBits::count(OperatorReport& report,
                         const std::function<void(std::string_view key, std::int64_t values)>& take) {
  if (!agree_to_go_on()) return false;
  if (workspace_.comm.size() > 1) {
    meet(report);
    if (!agree_to_go_on()) return false;
  }
  std::vector<std::int64_t> counts(bits_.words.size() * 64);
  for (std::size_t w = 0; w < bits_.words.size(); ++w) {
    for (std::uint64_t word : bits_.words[w]) {
      for (; word != 0; word &= word - 1) ++counts[w * 64 + static_cast<std::size_t>(std::countr_zero(word))];
    }
  }
  workspace_.comm.agree([&] {
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      if (counts[g] > 0) take(groups_.key(g), counts[g]);
    }
  });
  return true;
}

/// One numbering of all ranks' groups; gives for each rank what its own numbers become.
std::vector<std::vector<std::uint32_t>> DistinctBits::agree_on_groups() {
  std::string told;
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    put_text(told, groups_.key(g).substr(0, group_codec_.size(groups_.key(g).data())));
  }
  groups_.clear();
  std::vector<std::vector<std::uint32_t>> numbers;
  for (const std::string& heard : workspace_.comm.all_gather(told)) {
    std::vector<std::string> texts;
    for (ByteReader reader{heard.data()}; reader.at < heard.data() + heard.size();) {
      texts.emplace_back(reader.text());
      texts.back().resize((texts.back().size() + 7) / 8 * 8);
    }
    groups_.lay_out(std::vector<std::string_view>(texts.begin(), texts.end()), keys_);
    groups_.find_or_add(keys_, numbers.emplace_back());
  }
  return numbers;
}

/// Some values with their bits.
Batch DistinctBits::travelling(std::size_t begin, std::size_t end, const Fields& fields) const {
  Batch batch;
  batch.num_rows = static_cast<std::int64_t>(end - begin);
  arrow::StringBuilder texts;
  for (std::size_t v = begin; v < end; ++v) check_arrow(texts.Append(values_.key(v)), "sending values");
  batch.columns.emplace_back(take_arrow(texts.Finish(), "sending values"));
  for (std::size_t w = 0; w + 1 < fields.size(); ++w) {
    std::vector<std::int64_t> words(end - begin);
    for (std::size_t v = begin; v < end && w < bits_.words.size(); ++v) {
      words[v - begin] = static_cast<std::int64_t>(bits_.words[w][v]);
    }
    batch.columns.emplace_back(int_column(words));
  }
  for (const Field& field : fields) batch.names.push_back(field.name);
  return batch;
}

/// `groups`: what the numbers of the rank that sent them become.
void DistinctBits::take_in(const Batch& rows, const std::vector<std::uint32_t>& groups, GroupTable& values,
                           Bits& bits) {
  const auto& texts = static_cast<const arrow::StringArray&>(*rows.array(0));
  std::vector<std::string_view> keys;
  for (std::int64_t i = 0; i < rows.num_rows; ++i) keys.push_back(texts.GetView(i));
  values.lay_out(keys, keys_);
  values.find_or_add(keys_, value_of_);
  bits.fit(groups_.size(), values.size());
  for (std::size_t w = 0; w + 1 < rows.columns.size(); ++w) {
    const std::int64_t* const words = ints_of(rows, static_cast<int>(w) + 1);
    for (std::size_t i = 0; i < value_of_.size(); ++i) {
      for (auto word = static_cast<std::uint64_t>(words[i]); word != 0; word &= word - 1) {
        bits.set(groups[w * 64 + static_cast<std::size_t>(std::countr_zero(word))], value_of_[i]);
      }
    }
  }
}

/// Values go to the ranks that own them, with their groups' bits.
void DistinctBits::meet(OperatorReport& report) {
  const auto ranks = static_cast<std::size_t>(workspace_.comm.size());
  const auto words = static_cast<std::size_t>(workspace_.comm.max(static_cast<std::int64_t>(bits_.words.size())));
  const Fields fields = travel_fields(words);
  const auto groups = agree_on_groups();
  GroupTable values(value_codec_);
  Bits bits;
  held_bytes_ = values_.memory_bytes() + bits_.memory_bytes();
  bits.fit(groups_.size(), 0);
  std::size_t next = 0;
  const auto produce = [&](Shipper& shipper) {
    const std::size_t end = std::min(next + static_cast<std::size_t>(kChunkRows), values_.size());
    const Batch batch = travelling(next, end, fields);
    std::vector<std::vector<std::int32_t>> rows(ranks);
    for (std::size_t v = next; v < end; ++v) {
      const std::string_view key = values_.key(v);
      const std::uint64_t hash = hash_bytes(key.substr(0, value_codec_.size(key.data())));
      rows[hash % ranks].push_back(static_cast<std::int32_t>(v - next));
    }
    for (std::size_t r = 0; r < ranks; ++r) shipper.put(static_cast<int>(r), 0, batch, rows[r]);
    next = end;
    return next < values_.size();
  };
  report.bytes_sent += exchange(workspace_, fields, produce, [&](int source, std::int64_t, const Batch& batch) {
                         if (gave_up_) return;
                         rows_ += batch.num_rows;
                         take_in(batch, groups[static_cast<std::size_t>(source)], values, bits);
                         watch(values, bits);
                       }).bytes_sent;
  bits_ = std::move(bits);
}

}  // namespace evclean
