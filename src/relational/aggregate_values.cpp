// SPDX-License-Identifier: Apache-2.0
// min, max, first and last: one value of the column a group, of any type.
#include <arrow/api.h>

#include "aggregate_state.hpp"
#include "evclean/arrow_status.hpp"
#include "key_bits.hpp"

namespace evclean {
namespace {

/// Numbers, moments and booleans as unsigned bits in their order.
struct BitsOfColumn {
  ValueType type;
  const arrow::Array& array;
  std::int64_t first;

  template <typename Body>
  void with(Body&& body) const {
    switch (type) {
      case ValueType::kFloat64: {
        const double* values = array.data()->GetValues<double>(1) + first;
        return body([=](std::int64_t i) { return ordered_bits(values[i]); });
      }
      case ValueType::kDate: {
        const std::int32_t* values = array.data()->GetValues<std::int32_t>(1) + first;
        return body([=](std::int64_t i) { return ordered_bits(std::int64_t{values[i]}); });
      }
      case ValueType::kBool: {
        const auto* values = &static_cast<const arrow::BooleanArray&>(array);
        return body([=, this](std::int64_t i) { return ordered_bits(std::int64_t{values->Value(first + i)}); });
      }
      default: {
        const std::int64_t* values = array.data()->GetValues<std::int64_t>(1) + first;
        return body([=](std::int64_t i) { return ordered_bits(values[i]); });
      }
    }
  }
};

template <typename Builder, typename Append>
Column build(Builder& builder, const FinishedGroups& finished, Append append) {
  for (std::size_t i = 0; i < finished.groups.size(); ++i) {
    check_arrow(finished.counts[i] == 0 ? builder.AppendNull() : append(finished.groups[i]), "building an aggregate");
  }
  return take_arrow(builder.Finish(), "building an aggregate");
}

/// Column of what bits ^ turn stand for.
Column column_of_bits(ValueType type, const std::vector<std::uint64_t>& bits, std::uint64_t turn,
                      const FinishedGroups& finished) {
  switch (type) {
    case ValueType::kFloat64: {
      arrow::DoubleBuilder builder;
      return build(builder, finished, [&](std::uint32_t g) { return builder.Append(double_of(bits[g] ^ turn)); });
    }
    case ValueType::kDate: {
      arrow::Date32Builder builder;
      return build(builder, finished,
                   [&](std::uint32_t g) { return builder.Append(static_cast<std::int32_t>(int_of(bits[g] ^ turn))); });
    }
    case ValueType::kBool: {
      arrow::BooleanBuilder builder;
      return build(builder, finished, [&](std::uint32_t g) { return builder.Append(int_of(bits[g] ^ turn) != 0); });
    }
    case ValueType::kTimestamp: {
      arrow::TimestampBuilder builder(arrow_type(type), arrow::default_memory_pool());
      return build(builder, finished, [&](std::uint32_t g) { return builder.Append(int_of(bits[g] ^ turn)); });
    }
    default: {
      arrow::Int64Builder builder;
      return build(builder, finished, [&](std::uint32_t g) { return builder.Append(int_of(bits[g] ^ turn)); });
    }
  }
}

/// min and max of what is not text. Both are kept as a maximum; a minimum is the maximum of the turned bits.
class BitExtremes : public AggregateState {
 public:
  BitExtremes(bool least, int column, ValueType type)
      : turn_(least ? ~std::uint64_t{0} : 0), column_(column), type_(type) {}
  void resize(std::size_t groups) override { most_.resize(groups); }
  void add(const Chunk& chunk, const Selection& rows) override {
    BitsOfColumn{type_, *chunk.batch.array(column_), chunk.first}.with([&](auto bits_of) {
      rows.each(chunk, [&](std::int64_t i) {
        std::uint64_t& most = most_[chunk.groups[i]];
        most = std::max(most, bits_of(i) ^ turn_);
      });
    });
  }
  void write(std::uint32_t group, std::string& out) const override { put_raw(out, most_[group]); }
  void merge(std::uint32_t group, ByteReader& in) override {
    most_[group] = std::max(most_[group], in.raw<std::uint64_t>());
  }
  Column finish(const Aggregate&, const FinishedGroups& finished) const override {
    return column_of_bits(type_, most_, turn_, finished);
  }
  void clear() override { most_ = {}; }
  std::int64_t memory_bytes() const override { return static_cast<std::int64_t>(most_.capacity() * 8); }

 private:
  std::uint64_t turn_;
  int column_;
  ValueType type_;
  std::vector<std::uint64_t> most_;
};

/// Texts of groups, with the bytes they hold.
class GroupTexts {
 public:
  void resize(std::size_t groups) { texts_.resize(groups); }
  const std::string& operator[](std::uint32_t group) const { return texts_[group]; }
  void set(std::uint32_t group, std::string_view text) {
    std::string& old = texts_[group];
    const std::size_t before = old.capacity();
    old.assign(text);
    heap_bytes_ += static_cast<std::int64_t>(old.capacity() - before);
  }
  Column column(const FinishedGroups& finished) const {
    arrow::StringBuilder builder;
    return build(builder, finished, [&](std::uint32_t g) { return builder.Append(texts_[g]); });
  }
  void clear() {
    texts_ = {};
    heap_bytes_ = 0;
  }
  std::int64_t memory_bytes() const {
    return heap_bytes_ + static_cast<std::int64_t>(texts_.capacity() * sizeof(std::string));
  }

 private:
  std::vector<std::string> texts_;
  std::int64_t heap_bytes_ = 0;
};

/// min and max of text, by bytes.
class TextExtremes : public AggregateState {
 public:
  TextExtremes(bool least, int column) : least_(least), column_(column) {}
  void resize(std::size_t groups) override {
    texts_.resize(groups);
    seen_.resize(groups);
  }
  void add(const Chunk& chunk, const Selection& rows) override {
    const auto& values = static_cast<const arrow::StringArray&>(*chunk.batch.array(column_));
    rows.each(chunk, [&](std::int64_t i) { offer(chunk.groups[i], values.GetView(chunk.first + i)); });
  }
  void write(std::uint32_t group, std::string& out) const override {
    put_raw(out, seen_[group]);
    if (seen_[group] != 0) put_text(out, texts_[group]);
  }
  void merge(std::uint32_t group, ByteReader& in) override {
    if (in.raw<char>() != 0) offer(group, in.text());
  }
  Column finish(const Aggregate&, const FinishedGroups& finished) const override { return texts_.column(finished); }
  void clear() override {
    texts_.clear();
    seen_ = {};
  }
  std::int64_t memory_bytes() const override {
    return texts_.memory_bytes() + static_cast<std::int64_t>(seen_.capacity());
  }

 private:
  void offer(std::uint32_t group, std::string_view text) {
    if (seen_[group] != 0 && (least_ ? text >= texts_[group] : text <= texts_[group])) return;
    seen_[group] = 1;
    texts_.set(group, text);
  }

  bool least_;
  int column_;
  GroupTexts texts_;
  std::vector<char> seen_;
};

/// first and last value that is not missing, by row number. Row 0 of the state means none yet.
class EdgeValues : public AggregateState {
 public:
  EdgeValues(bool first, int column, ValueType type) : first_(first), column_(column), type_(type) {}
  void resize(std::size_t groups) override {
    ranks_.resize(groups);
    if (is_text()) {
      texts_.resize(groups);
    } else {
      bits_.resize(groups);
    }
  }
  void add(const Chunk& chunk, const Selection& rows) override {
    const arrow::Array& array = *chunk.batch.array(column_);
    if (is_text()) {
      const auto& values = static_cast<const arrow::StringArray&>(array);
      each(chunk, rows, [&](std::int64_t i) { texts_.set(chunk.groups[i], values.GetView(chunk.first + i)); });
    } else {
      BitsOfColumn{type_, array, chunk.first}.with(
          [&](auto bits_of) { each(chunk, rows, [&](std::int64_t i) { bits_[chunk.groups[i]] = bits_of(i); }); });
    }
  }
  void write(std::uint32_t group, std::string& out) const override {
    put_count(out, ranks_[group]);
    if (ranks_[group] == 0) return;
    if (is_text()) {
      put_text(out, texts_[group]);
    } else {
      put_raw(out, bits_[group]);
    }
  }
  void merge(std::uint32_t group, ByteReader& in) override {
    const std::uint64_t rank = in.count();
    if (rank == 0) return;
    if (is_text()) {
      const std::string_view text = in.text();
      if (takes(group, rank)) texts_.set(group, text);
    } else {
      const auto bits = in.raw<std::uint64_t>();
      if (takes(group, rank)) bits_[group] = bits;
    }
  }
  Column finish(const Aggregate&, const FinishedGroups& finished) const override {
    return is_text() ? texts_.column(finished) : column_of_bits(type_, bits_, 0, finished);
  }
  void clear() override {
    ranks_ = {};
    bits_ = {};
    texts_.clear();
  }
  std::int64_t memory_bytes() const override {
    return texts_.memory_bytes() + static_cast<std::int64_t>(8 * (ranks_.capacity() + bits_.capacity()));
  }

 private:
  bool is_text() const { return type_ == ValueType::kString; }
  /// The later of two ranks wins; they count from 1, and for `first` from the end of all numbers.
  std::uint64_t rank_of(std::int64_t row) const {
    return first_ ? static_cast<std::uint64_t>(INT64_MAX - row) : static_cast<std::uint64_t>(row) + 1;
  }
  bool takes(std::uint32_t group, std::uint64_t rank) {
    if (rank <= ranks_[group]) return false;
    ranks_[group] = rank;
    return true;
  }
  /// Calls `set` for the winners among the rows; from the winning end on, so that few are set.
  template <typename Set>
  void each(const Chunk& chunk, const Selection& rows, Set&& set) {
    const auto offer = [&](std::int64_t i) {
      if (takes(chunk.groups[i], rank_of(chunk.number_of(i)))) set(i);
    };
    if (first_) {
      rows.each(chunk, offer);
    } else {
      rows.each_backwards(chunk, offer);
    }
  }

  bool first_;
  int column_;
  ValueType type_;
  std::vector<std::uint64_t> ranks_;
  std::vector<std::uint64_t> bits_;
  GroupTexts texts_;
};

}  // namespace

std::unique_ptr<AggregateState> make_value_state(AggregateKind kind, int column, ValueType type) {
  if (kind == AggregateKind::kFirst || kind == AggregateKind::kLast) {
    return std::make_unique<EdgeValues>(kind == AggregateKind::kFirst, column, type);
  }
  if (type == ValueType::kString) return std::make_unique<TextExtremes>(kind == AggregateKind::kMin, column);
  return std::make_unique<BitExtremes>(kind == AggregateKind::kMin, column, type);
}

}  // namespace evclean
