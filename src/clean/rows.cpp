// SPDX-License-Identifier: Apache-2.0
// index, limit and sample: steps that choose or number rows by where they stand.
#include <arrow/api.h>

#include <algorithm>
#include <cmath>

#include "evclean/arrow_status.hpp"
#include "evclean/hash.hpp"
#include "ops.hpp"

namespace evclean {
namespace {

class Index final : public Op {
 public:
  explicit Index(std::string column) : column_(std::move(column)) {}
  void apply(Batch& batch, OpState& state) override {
    std::int64_t& next = state.next_row[static_cast<std::size_t>(step)];
    arrow::Int64Builder builder;
    check_arrow(builder.Reserve(batch.num_rows), "index");
    for (std::int64_t row = 0; row < batch.num_rows; ++row) builder.UnsafeAppend(next++);
    batch.put(column_, take_arrow(builder.Finish(), "index"));
  }

 private:
  std::string column_;
};

class Limit final : public Op {
 public:
  explicit Limit(std::int64_t rows) : rows_(rows) {}
  void apply(Batch& batch, OpState& state) override {
    std::int64_t& next = state.next_row[static_cast<std::size_t>(step)];
    const std::int64_t room = std::max<std::int64_t>(0, rows_ - next);
    next += batch.num_rows;
    if (room >= batch.num_rows) return;
    state.filtered[static_cast<std::size_t>(step)] += batch.num_rows - room;
    std::vector<std::int32_t> kept(static_cast<std::size_t>(room));
    for (std::size_t i = 0; i < kept.size(); ++i) kept[i] = static_cast<std::int32_t>(i);
    batch.keep(kept);
  }

 private:
  std::int64_t rows_;
};

/// A row is in the sample when the hash of its place in the input is small enough: the same rows for any number of
/// ranks and any chunk size. Behind a step over the whole table its place is its number.
class Sample final : public Op {
 public:
  Sample(double fraction, std::int64_t seed) : seed_(mix64(static_cast<std::uint64_t>(seed))), all_(fraction >= 1.0) {
    threshold_ = all_ ? ~std::uint64_t{0} : static_cast<std::uint64_t>(std::ldexp(fraction, 64));
  }
  void apply(Batch& batch, OpState& state) override {
    if (all_) return;
    std::vector<std::int32_t> kept;
    // Rows of one record may come in several batches (behind explode): they are counted on, within a split.
    std::int64_t& seen = state.next_row[static_cast<std::size_t>(step)];
    if (seen == 0) before_ = {};
    seen += batch.num_rows;
    for (std::int64_t row = 0; row < batch.num_rows; ++row) {
      const Place place = PlaceOf{&batch}(row);
      same_ = place == before_ ? same_ + 1 : 0;
      before_ = place;
      if (place_hash(place, same_) < threshold_) kept.push_back(static_cast<std::int32_t>(row));
    }
    state.filtered[static_cast<std::size_t>(step)] += batch.num_rows - static_cast<std::int64_t>(kept.size());
    batch.keep(kept);
  }

 private:
  std::uint64_t place_hash(const Place& place, std::uint64_t same) const {
    const std::uint64_t file = mix64(seed_ ^ static_cast<std::uint64_t>(place.file));
    const std::uint64_t hash = mix64(file ^ static_cast<std::uint64_t>(place.byte_offset));
    return same == 0 ? hash : mix64(hash + same);
  }

  std::uint64_t seed_;
  std::uint64_t threshold_;
  bool all_;
  Place before_;            ///< of the last row
  std::uint64_t same_ = 0;  ///< rows of its record before it
};

}  // namespace

std::unique_ptr<Op> make_index_op(std::string column) { return std::make_unique<Index>(std::move(column)); }
std::unique_ptr<Op> make_limit_op(std::int64_t rows) { return std::make_unique<Limit>(rows); }
std::unique_ptr<Op> make_sample_op(double fraction, std::int64_t seed) {
  return std::make_unique<Sample>(fraction, seed);
}

bool numbers_rows(const StepSpec& step) {
  return std::holds_alternative<IndexStep>(step.body) || std::holds_alternative<LimitStep>(step.body);
}

int first_step_off_records(const std::vector<StepSpec>& steps) {
  const auto multiplies = [](const StepSpec& step) {
    return std::holds_alternative<ExplodeStep>(step.body) || std::holds_alternative<JoinStep>(step.body);
  };
  return static_cast<int>(std::find_if(steps.begin(), steps.end(), multiplies) - steps.begin());
}

}  // namespace evclean
