// SPDX-License-Identifier: Apache-2.0
#include "program.hpp"

namespace evclean {
namespace {

/// One batch on its way through the operations.
class OpsRun {
 public:
  OpsRun(const std::vector<std::unique_ptr<Op>>& ops, int first_off, OpState& state,
         const std::function<void(const Batch&)>& off_records, const std::function<void(Batch&)>& emit)
      : ops_(ops), first_off_(first_off), state_(state), off_records_(off_records), emit_(emit) {}

  void run(Batch& batch) {
    from(0, batch);
    leave_records(batch);
  }

 private:
  void from(std::size_t at, Batch& batch) {
    for (; at < ops_.size() && batch.num_rows > 0; ++at) {
      Op& op = *ops_[at];
      if (op.step >= first_off_) leave_records(batch);
      if (is_first(at)) count(state_.rows_in, op.step, batch);
      if (!op.expands()) {
        op.apply(batch, state_);
        if (is_last(at)) count(state_.rows_out, op.step, batch);
        continue;
      }
      op.expand(batch, state_, [&](Batch& piece) {
        if (is_last(at)) count(state_.rows_out, op.step, piece);
        from(at + 1, piece);
      });
      return;
    }
    if (at < ops_.size() || batch.num_rows == 0) return;
    leave_records(batch);
    emit_(batch);
  }

  /// What settles at the table's end belongs to no step.
  bool in_step(std::size_t at) const {
    return ops_[at]->step >= 0 && ops_[at]->step < static_cast<int>(state_.rows_in.size());
  }
  bool is_first(std::size_t at) const { return in_step(at) && (at == 0 || ops_[at - 1]->step != ops_[at]->step); }
  bool is_last(std::size_t at) const {
    return in_step(at) && (at + 1 == ops_.size() || ops_[at + 1]->step != ops_[at]->step);
  }

  static void count(std::vector<std::int64_t>& rows, int step, const Batch& batch) {
    rows[static_cast<std::size_t>(step)] += batch.num_rows;
  }

  void leave_records(const Batch& batch) {
    if (!on_records_) return;
    on_records_ = false;
    off_records_(batch);
  }

  const std::vector<std::unique_ptr<Op>>& ops_;
  const int first_off_;
  OpState& state_;
  const std::function<void(const Batch&)>& off_records_;
  const std::function<void(Batch&)>& emit_;
  bool on_records_ = true;
};

}  // namespace

void run_ops(const std::vector<std::unique_ptr<Op>>& ops, const std::vector<StepSpec>& steps, Batch& batch,
             OpState& state, const std::function<void(const Batch&)>& off_records,
             const std::function<void(Batch&)>& emit) {
  OpsRun(ops, first_step_off_records(steps), state, off_records, emit).run(batch);
}

void make_step_counts(const std::vector<StepSpec>& steps, OpState& state) {
  for (auto* counts : {&state.filtered, &state.next_row, &state.rows_in, &state.rows_out, &state.odd})
    counts->resize(steps.size());
  state.patterns.resize(steps.size());
  state.key_texts.resize(steps.size());
  state.seconds.resize(steps.size() + 1);
}

}  // namespace evclean
