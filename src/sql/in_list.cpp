// SPDX-License-Identifier: Apache-2.0
// IN over lists of constants, and = <> with one constant text: compared where the text lies, without building a column.
#include <arrow/api.h>
#include <arrow/util/bitmap_generate.h>
#include <arrow/util/bitmap_ops.h>

#include <algorithm>
#include <bit>

#include "evclean/arrow_status.hpp"
#include "evclean/hash.hpp"
#include "evclean/text_keys.hpp"
#include "kernels.hpp"
#include "output.hpp"

namespace evclean::sql {
namespace {

/// The first up to 8 bytes of a text as a number: texts that differ mostly differ here.
std::uint64_t head_of(const char* bytes, std::size_t length, bool padded) {
  static constexpr std::uint64_t kMasks[9] = {
      0, 0xff, 0xffff, 0xffffff, 0xffffffff, 0xffffffffff, 0xffffffffffff, 0xffffffffffffff, ~std::uint64_t{0}};
  std::uint64_t head = 0;
  if (padded) {
    std::memcpy(&head, bytes, 8);
    return head & kMasks[std::min<std::size_t>(length, 8)];
  }
  if (length > 0) std::memcpy(&head, bytes, std::min<std::size_t>(length, 8));
  return head;
}

/// A set of constant texts. Up to kFew are compared one by one by length and head; more go through a hash table.
class TextSet {
 public:
  explicit TextSet(std::vector<std::string> items) : items_(std::move(items)) {
    std::sort(items_.begin(), items_.end());
    items_.erase(std::unique(items_.begin(), items_.end()), items_.end());
    for (const std::string& item : items_) heads_.push_back({head_of(item.data(), item.size(), false), item.size()});
    if (items_.size() > kFew) build_table();
  }

  bool few() const { return slots_.empty(); }
  bool contains_few(std::string_view text, bool padded) const {
    const std::uint64_t head = head_of(text.data(), text.size(), padded);
    for (std::size_t i = 0; i < heads_.size(); ++i) {
      if (heads_[i].head != head || heads_[i].length != text.size()) continue;
      if (text.size() <= 8 || std::memcmp(text.data() + 8, items_[i].data() + 8, text.size() - 8) == 0) return true;
    }
    return false;
  }
  /// Few texts of at most 8 bytes each: they are their heads.
  bool are_short() const {
    return few() && std::all_of(heads_.begin(), heads_.end(), [](const Head& one) { return one.length <= 8; });
  }
  /// Bits of up to 64 rows, without branches that depend on the texts; any bit where a span is missing.
  /// `text_at(i)`: of a row; 8 bytes from its begin may be read.
  template <typename TextAt>
  std::uint64_t find_short(std::int64_t count, const TextAt& text_at) const {
    switch (heads_.size()) {
      case 1:
        return find_short_of<1>(count, text_at);
      case 2:
        return find_short_of<2>(count, text_at);
      default:
        return find_short_of<0>(count, text_at);
    }
  }
  bool contains_many(std::string_view text) const {
    for (std::size_t slot = hash_bytes(text) & mask_; slots_[slot] >= 0; slot = (slot + 1) & mask_) {
      if (items_[static_cast<std::size_t>(slots_[slot])] == text) return true;
    }
    return false;
  }

 private:
  static constexpr std::size_t kFew = 8;
  struct Head {
    std::uint64_t head;
    std::size_t length;
  };

  /// kCount of them; 0: as many as there are.
  template <std::size_t kCount, typename TextAt>
  std::uint64_t find_short_of(std::int64_t count, const TextAt& text_at) const {
    const std::size_t heads = kCount == 0 ? heads_.size() : kCount;
    Head own[kFew];
    std::copy_n(heads_.begin(), heads, own);
    std::uint64_t found = 0;
    for (std::int64_t i = 0; i < count; ++i) {
      const std::string_view text = text_at(i);
      const std::size_t length = text.size();
      const std::uint64_t head = lowest_bytes(load_word(text.data()), std::min<std::size_t>(length, 8));
      std::uint64_t same = 0;
      for (std::size_t h = 0; h < heads; ++h)
        same |= static_cast<std::uint64_t>((own[h].head == head) & (own[h].length == length));
      found |= same << i;
    }
    return found;
  }

  void build_table() {
    std::size_t size = 16;
    while (size < 2 * items_.size()) size *= 2;
    slots_.assign(size, -1);
    mask_ = size - 1;
    for (std::size_t i = 0; i < items_.size(); ++i) {
      std::size_t slot = hash_bytes(items_[i]) & mask_;
      while (slots_[slot] >= 0) slot = (slot + 1) & mask_;
      slots_[slot] = static_cast<std::int32_t>(i);
    }
  }

  std::vector<std::string> items_;
  std::vector<Head> heads_;
  std::vector<std::int32_t> slots_;
  std::size_t mask_ = 0;
};

class TextInNode final : public Node {
 public:
  TextInNode(NodePtr arg, std::vector<std::string> items, bool has_null)
      : Node(ValueType::kBool), arg_(std::move(arg)), set_(std::move(items)), has_null_(has_null) {
    costly = arg_->costly;
  }

  Value evaluate(const Frame& frame) override {
    const Value value = arg_->evaluate(frame);
    const Reader<std::string_view> reader(value);
    if (has_null_) return with_null_in_list(frame, reader);
    const std::int64_t rows = frame.num_rows;
    auto bits = take_arrow(arrow::AllocateBitmap(rows), "in");
    std::int64_t row = 0;
    const auto fill = [&](auto&& test) {
      arrow::internal::GenerateBitsUnrolled(bits->mutable_data(), 0, rows, [&] { return test(reader.get(row++)); });
    };
    if (set_.are_short() && !value.scalar) {
      find_short(value, reader, *bits);
    } else if (!set_.few()) {
      fill([&](std::string_view text) { return set_.contains_many(text); });
    } else if (reader.padded()) {
      fill([&](std::string_view text) { return set_.contains_few(text, true); });
    } else {
      fill([&](std::string_view text) { return set_.contains_few(text, false); });
    }
    return Value::of(std::static_pointer_cast<arrow::Array>(
        std::make_shared<arrow::BooleanArray>(rows, std::move(bits), validity(value, rows))));
  }

 private:
  void find_short(const Value& value, const Reader<std::string_view>& reader, arrow::Buffer& bits) const {
    const auto rows = value.spans ? static_cast<std::int64_t>(value.spans->spans.size()) : value.array->length();
    const std::int64_t readable = value.spans ? rows : readable_rows(*value.array, 8);
    for (std::int64_t row = 0; row < rows; row += 64) {
      const std::int64_t count = std::min<std::int64_t>(64, rows - row);
      const std::int64_t quick = std::clamp<std::int64_t>(readable - row, 0, count);
      std::uint64_t found = set_.find_short(quick, [&](std::int64_t i) { return reader.get(row + i); });
      for (std::int64_t i = quick; i < count; ++i)
        found |= std::uint64_t{set_.contains_few(reader.get(row + i), false)} << i;
      std::memcpy(bits.mutable_data() + row / 8, &found, static_cast<std::size_t>((count + 7) / 8));
    }
  }

  /// Rows before the first one with fewer than so many bytes of text from its begin on.
  static std::int64_t readable_rows(const arrow::Array& array, std::int64_t bytes) {
    const arrow::ArrayData& data = *array.data();
    const std::int64_t last = (data.buffers[2] ? data.buffers[2]->size() : 0) - bytes;
    const std::int32_t* const offsets = data.GetValues<std::int32_t>(1);
    return std::upper_bound(offsets, offsets + array.length(), last) - offsets;
  }

  /// Not in the list is null then, not false.
  Value with_null_in_list(const Frame& frame, const Reader<std::string_view>& reader) const {
    Output<bool> output(frame.num_rows);
    for (std::int64_t row = 0; row < frame.num_rows; ++row) {
      const bool found = reader.valid(row) &&
                         (set_.few() ? set_.contains_few(reader.get(row), false) : set_.contains_many(reader.get(row)));
      if (found) {
        output.set(row, true);
      } else {
        output.null(row);
      }
    }
    return Value::of(output.finish());
  }

  static std::shared_ptr<arrow::Buffer> validity(const Value& value, std::int64_t rows) {
    if (value.spans) return valid_bits(*value.spans);
    const auto array = to_array(value, rows);
    if (array->null_count() == 0) return nullptr;
    if (array->offset() == 0) return array->data()->buffers[0];
    return take_arrow(
        arrow::internal::CopyBitmap(arrow::default_memory_pool(), array->null_bitmap_data(), array->offset(), rows),
        "in");
  }

  NodePtr arg_;
  TextSet set_;
  bool has_null_;
};

/// Numbers, times and booleans as one 64-bit key each.
template <typename T>
std::int64_t key_of(const T& value) {
  if constexpr (std::is_same_v<T, Date>)
    return value.days;
  else if constexpr (std::is_same_v<T, Timestamp>)
    return value.us;
  else if constexpr (std::is_same_v<T, double>)
    return std::bit_cast<std::int64_t>(value + 0.0);  // -0 becomes 0
  else
    return value;
}

template <typename T>
class InNode final : public Node {
 public:
  InNode(NodePtr arg, const Nodes& items) : Node(ValueType::kBool), arg_(std::move(arg)) {
    costly = arg_->costly;
    for (const NodePtr& item : items) {
      const Reader<T> reader(Value::of(item->constant()));
      if (reader.valid(0)) keys_.push_back(key_of<T>(reader.get(0)));
      has_null_ = has_null_ || !reader.valid(0);
    }
    std::sort(keys_.begin(), keys_.end());
  }

  Value evaluate(const Frame& frame) override {
    const Value value = arg_->evaluate(frame);
    const Reader<T> reader(value);
    Output<bool> output(frame.num_rows);
    for (std::int64_t row = 0; row < frame.num_rows; ++row) {
      const bool found = reader.valid(row) && contains(key_of<T>(reader.get(row)));
      if (found || (reader.valid(row) && !has_null_)) {
        output.set(row, found);
      } else {
        output.null(row);
      }
    }
    return Value::of(output.finish());
  }

 private:
  bool contains(std::int64_t key) const {
    if (keys_.size() > 8) return std::binary_search(keys_.begin(), keys_.end(), key);
    bool found = false;
    for (const std::int64_t item : keys_) found |= item == key;
    return found;
  }

  NodePtr arg_;
  std::vector<std::int64_t> keys_;
  bool has_null_ = false;
};

}  // namespace

NodePtr text_in_node(NodePtr arg, std::vector<std::string> items, bool has_null) {
  return std::make_unique<TextInNode>(std::move(arg), std::move(items), has_null);
}

NodePtr in_node(NodePtr arg, Nodes items) {
  const ValueType type = arg->type;
  if (type == ValueType::kString) {
    std::vector<std::string> texts;
    for (const NodePtr& item : items) {
      if (const auto text = constant_text(*item)) texts.emplace_back(*text);
    }
    const bool has_null = texts.size() < items.size();
    return text_in_node(std::move(arg), std::move(texts), has_null);
  }
  return visit_type(type, [&](auto tag) -> NodePtr {
    if constexpr (std::is_same_v<decltype(tag), std::string_view>)
      return nullptr;
    else
      return std::make_unique<InNode<decltype(tag)>>(std::move(arg), items);
  });
}

}  // namespace evclean::sql
