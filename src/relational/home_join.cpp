// SPDX-License-Identifier: Apache-2.0
#include "home_join.hpp"

#include <algorithm>
#include <numeric>

#include "evclean/record_batch.hpp"
#include "row_cursor.hpp"

namespace evclean {

PairJoiner::Matched HomeJoin::marker() {
  if (!run_.marks) return {};
  return [this](std::span<const std::int32_t> rows) {
    for (const std::int32_t row : rows) {
      run_.marks->mark(answers_now_->right_numbers[static_cast<std::size_t>(row)]);
    }
  };
}

HomeJoin::HomeJoin(JoinRun& run, const TravelLayout& layout, const BatchStage& answers)
    : run_(run),
      layout_(layout),
      staged_(answers),
      joiner_(
          layout.at_home, [this](const Batch& rows) { run_.result->append(part_now_, rows); }, marker()) {}

void HomeJoin::join_part(std::int64_t part) {
  const Dataset::Part& about = run_.left.parts()[static_cast<std::size_t>(part)];
  part_now_ = part;
  std::vector<std::int32_t> counts(static_cast<std::size_t>(about.rows));
  for (std::int64_t i = 0; i < staged_.batches(part); ++i) {
    const Batch batch = staged_.batch(part, i);
    for (const std::int64_t row : row_numbers(batch, 0)) ++counts[static_cast<std::size_t>(row - about.first_row)];
  }
  const std::vector<std::int64_t> cuts = cut(counts, part);
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
    join_rows(part, cuts[i], cuts[i + 1], load(part, cuts[i], cuts[i + 1], counts));
  }
}

/// Where to cut a part so that the answers to a piece fit into memory.
std::vector<std::int64_t> HomeJoin::cut(const std::vector<std::int32_t>& counts, std::int64_t part) const {
  std::vector<std::int64_t> cuts = {0};
  const std::int64_t rows = std::max<std::int64_t>(1, staged_.rows(part));
  const std::int64_t most = std::max<std::int64_t>(1, run_.memory_bytes / (staged_.bytes(part) / rows + 16));
  std::int64_t taken = 0;
  for (std::size_t row = 0; row < counts.size(); ++row) {
    if (taken > 0 && taken + counts[row] > most) {
      cuts.push_back(static_cast<std::int64_t>(row));
      taken = 0;
    }
    taken += counts[row];
  }
  cuts.push_back(static_cast<std::int64_t>(counts.size()));
  return cuts;
}

HomeJoin::Answers HomeJoin::load(std::int64_t part, std::int64_t first, std::int64_t last,
                                 const std::vector<std::int32_t>& counts) const {
  const std::int64_t base = run_.left.parts()[static_cast<std::size_t>(part)].first_row + first;
  Answers answers;
  answers.begins.resize(static_cast<std::size_t>(last - first + 1));
  std::partial_sum(counts.begin() + first, counts.begin() + last, answers.begins.begin() + 1);
  answers.order.resize(static_cast<std::size_t>(answers.begins.back()));
  std::vector<std::int32_t> next(answers.begins.begin(), answers.begins.end() - 1);
  std::vector<Batch> batches;
  for (std::int64_t i = 0; i < staged_.batches(part); ++i) {
    Batch batch = staged_.batch(part, i);
    std::vector<std::int32_t> mine;
    const auto left_numbers = row_numbers(batch, 0);
    for (std::size_t row = 0; row < left_numbers.size(); ++row) {
      const std::int64_t at = left_numbers[row] - base;
      if (at < 0 || at >= last - first) continue;
      answers.order[static_cast<std::size_t>(next[static_cast<std::size_t>(at)]++)] =
          static_cast<std::int32_t>(answers.right_numbers.size() + mine.size());
      mine.push_back(static_cast<std::int32_t>(row));
    }
    if (mine.empty()) continue;
    batch.keep(mine);
    const auto right_numbers = row_numbers(batch, 1);
    answers.right_numbers.insert(answers.right_numbers.end(), right_numbers.begin(), right_numbers.end());
    batches.push_back(std::move(batch));
  }
  std::vector<int> payload(layout_.answer_fields.size() - 2);
  std::iota(payload.begin(), payload.end(), 2);
  answers.payload = concatenated(batches, payload, project(layout_.answer_fields, payload));
  const auto by_right = [&](std::int32_t a, std::int32_t b) {
    return answers.right_numbers[static_cast<std::size_t>(a)] < answers.right_numbers[static_cast<std::size_t>(b)];
  };
  for (std::size_t row = 0; row + 1 < answers.begins.size(); ++row) {
    const auto begin = answers.order.begin() + answers.begins[row],
               end = answers.order.begin() + answers.begins[row + 1];
    if (end - begin > 1 && !std::is_sorted(begin, end, by_right)) std::sort(begin, end, by_right);
  }
  return answers;
}

void HomeJoin::join_rows(std::int64_t part, std::int64_t first, std::int64_t last, const Answers& answers) {
  answers_now_ = &answers;
  std::int64_t begin = 0;
  for (std::int64_t i = 0; i < run_.left.batches(part) && begin < last; ++i) {
    run_.workspace.pause();
    const Batch batch = run_.left.batch(part, i);
    const std::int64_t from = std::max(first, begin), to = std::min(last, begin + batch.num_rows);
    if (from < to) {
      joiner_.begin(to - from == batch.num_rows ? batch : slice_batch(batch, from - begin, to - from), answers.payload);
      feed(answers, from - first, to - from);
      joiner_.finish();
    }
    begin += batch.num_rows;
  }
}

/// Candidate pairs of `count` left rows, the first of which is `first` in the answers.
void HomeJoin::feed(const Answers& answers, std::int64_t first, std::int64_t count) {
  std::vector<std::int32_t> left_rows, right_rows;
  for (std::int64_t row = 0; row < count; ++row) {
    const auto at = static_cast<std::size_t>(first + row);
    for (std::int32_t place = answers.begins[at]; place < answers.begins[at + 1]; ++place) {
      left_rows.push_back(static_cast<std::int32_t>(row));
      right_rows.push_back(answers.order[static_cast<std::size_t>(place)]);
      if (left_rows.size() == kPairRows) joiner_.feed(std::exchange(left_rows, {}), std::exchange(right_rows, {}));
    }
  }
  joiner_.feed(std::move(left_rows), std::move(right_rows));
}

}  // namespace evclean
