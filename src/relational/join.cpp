// SPDX-License-Identifier: Apache-2.0
// Chooses how the two sides of a join meet, from true counts.
#include <algorithm>

#include "join_run.hpp"
#include "key_table.hpp"
#include "stopwatch.hpp"

namespace evclean {
namespace {

// What a row costs besides its bytes, in bytes that travel in the same time (about one a nanosecond).
constexpr double kBuildCost = 60, kProbeCost = 25, kTravelCost = 100;

/// What a join may hold in memory at a time: a quarter of the budget while it is there, an eighth at least. Ranks cut
/// alike, so the one with the least room decides for all.
std::int64_t memory_share(const MemoryBudget& budget, const Comm& comm) {
  const std::int64_t share = std::clamp(budget.left(), budget.bytes() / 8, budget.bytes() / 4);
  return std::clamp<std::int64_t>(-comm.max(-share), 1, std::int64_t{1} << 30);
}

struct Costs {
  double right_bytes = 0;  ///< of the right side's rows, with the table
  double broadcast = 0, keys = 0, rows = 0;
};

/// Bytes, and time as bytes, of each strategy, over all ranks.
Costs estimate(const JoinRun& run) {
  const JoinPlan& plan = run.plan;
  std::vector<int> key_places, payload_places, every;
  const std::vector<int> columns = build_columns(plan, key_places, payload_places);
  for (std::size_t c = 0; c < plan.left.size(); ++c) every.push_back(static_cast<int>(c));
  const double build = width_of(run.right_widths, columns) + 8;
  const double key = width_of(run.left_widths, plan.spec.left_keys) + 8, whole = width_of(run.left_widths, every) + 8;
  const double payload = plan.needs_payload() ? width_of(run.right_widths, plan.spec.payload) : 0;
  const auto left_rows = static_cast<double>(run.left.rows()), right_rows = static_cast<double>(run.right.rows());
  const double probe = left_rows * kProbeCost;
  const double meet = right_rows * (build + kBuildCost) + probe;
  Costs costs;
  costs.right_bytes = right_rows * (build + KeyTable::kBytesPerRow);
  costs.broadcast = run.comm().size() * right_rows * (build + kBuildCost) + probe;
  costs.keys = meet + left_rows * (key + kTravelCost + payload + 16);
  // What a residual refuses does not come back: half of it, for want of a better guess.
  if (run.take != nullptr) {  // rows stay where they meet: nothing comes back
    costs.rows = meet + left_rows * (whole + kTravelCost / 2);
    costs.keys = costs.rows;
    return costs;
  }
  costs.rows = meet + left_rows * (whole + kTravelCost + (payload + 16) / (plan.spec.residual ? 2 : 1));
  return costs;
}

JoinStrategy choose(const Costs& costs, std::int64_t memory_bytes) {
  const bool fits = costs.right_bytes <= static_cast<double>(memory_bytes);
  if (fits && costs.broadcast <= std::min(costs.keys, costs.rows)) return JoinStrategy::kBroadcast;
  return costs.rows < costs.keys ? JoinStrategy::kRows : JoinStrategy::kKeys;
}

/// The strategy that was asked for, or the cheapest. All ranks decide alike.
JoinStrategy settle(JoinRun& run) {
  const Costs costs = estimate(run);
  const JoinStrategy asked = run.plan.spec.strategy;
  if (asked == JoinStrategy::kAuto) return choose(costs, run.memory_bytes);
  if (asked != JoinStrategy::kBroadcast || costs.right_bytes <= 2.0 * static_cast<double>(run.memory_bytes))
    return asked;
  run.notes.push_back(
      fmt::format("the right side takes {:.0f} MB, too much for every rank: keys travel instead of a broadcast",
                  costs.right_bytes / 1e6));
  return JoinStrategy::kKeys;
}

std::string carry_out(JoinRun& run) {
  if (run.plan.kinds.empty()) {
    join_every_row(run);
    return "every row with every row: broadcast";
  }
  run.left_widths = column_widths(run.left, run.comm());
  run.right_widths = column_widths(run.right, run.comm());
  switch (settle(run)) {
    case JoinStrategy::kBroadcast:
      join_by_broadcast(run);
      return "broadcast";
    case JoinStrategy::kRows:
      join_by_travel(run, true);
      return "rows travel";
    default:
      join_by_travel(run, false);
      return "keys travel";
  }
}

void tell(JoinRun& run, OperatorReport& report) {
  const std::vector<std::int64_t> sums = run.comm().sum({run.bytes_sent, run.spilled_bytes});
  report.rows_in = run.left.rows();
  report.rows_right = run.right.rows();
  report.bytes_sent = sums[0];
  report.spilled_bytes = sums[1];
  for (std::string& note : run.notes) report.notes.push_back(std::move(note));
  for (std::string& note : run.none.notes(run.comm())) report.notes.push_back(std::move(note));
}

/// What is text in a table is text behind the join, though no row that has a value finds its match.
void keep_values(const Dataset& left, const Dataset& right, const JoinPlan& plan, Dataset& result) {
  const int before = static_cast<int>(left.fields().size());
  for (int c = 0; c < before; ++c) {
    if (left.has_value(c)) result.keep_value(c);
  }
  for (std::size_t c = 0; plan.carries_payload() && c < plan.spec.payload.size(); ++c) {
    if (right.has_value(plan.spec.payload[c])) result.keep_value(before + static_cast<int>(c));
  }
}

}  // namespace

DatasetPtr join(const Dataset& left, const Dataset& right, const JoinSpec& spec, const Workspace& workspace,
                OperatorReport& report) {
  const Stopwatch stopwatch(report);
  if (report.name.empty()) report.name = "join";
  const JoinPlan plan = plan_join(left.fields(), right.fields(), spec);
  auto result = std::make_shared<Dataset>(plan.result, workspace);
  keep_values(left, right, plan, *result);
  JoinRun run{left,
              right,
              plan,
              workspace,
              memory_share(*workspace.budget, workspace.comm),
              result.get(),
              FrequentNone(plan),
              std::nullopt};
  if (plan.keeps_right()) run.marks.emplace(right, workspace, std::max<std::int64_t>(run.memory_bytes / 4, 1 << 16));
  report.how = carry_out(run);
  if (run.marks) {
    run.bytes_sent += run.marks->append_unmatched(plan, static_cast<std::int64_t>(left.parts().size()), *result);
  }
  result->finish();
  run.spilled_bytes += result->spilled_bytes();
  report.rows_out = result->rows();
  tell(run, report);
  return result;
}

void join_unordered(DatasetPtr left_data, DatasetPtr right_data, const JoinSpec& spec,
                    const std::vector<int>& left_columns, const Workspace& workspace, OperatorReport& report,
                    const TakeRows& take) {
  const Dataset &left = *left_data, &right = *right_data;
  EVCLEAN_CHECK(spec.how == JoinHow::kInner && !spec.left_keys.empty(), "only inner joins have no order");
  const Stopwatch stopwatch(report);
  if (report.name.empty()) report.name = "join";
  const JoinPlan plan = plan_join(left.fields(), right.fields(), spec);
  JoinRun run{
      left,        right, plan, workspace, memory_share(*workspace.budget, workspace.comm), nullptr, FrequentNone(plan),
      std::nullopt};
  std::int64_t rows = 0;
  const TakeRows counted = [&](const Batch& batch) {
    rows += batch.num_rows;
    take(batch);
  };
  run.take = &counted;
  run.taken_left = left_columns;
  run.drains_left = left_data.use_count() == 1;
  run.drains_right = right_data.use_count() == 1;
  run.left_widths = column_widths(left, workspace.comm);
  run.right_widths = column_widths(right, workspace.comm);
  const bool broadcast = settle(run) == JoinStrategy::kBroadcast;
  report.how = broadcast ? "broadcast, rows taken where they meet" : "rows travel, taken where they meet";
  broadcast ? take_by_broadcast(run) : join_by_travel(run, true);
  report.rows_out = workspace.comm.sum(rows);
  tell(run, report);
}

}  // namespace evclean
