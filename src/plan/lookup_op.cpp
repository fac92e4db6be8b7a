// SPDX-License-Identifier: Apache-2.0
#include "lookup_op.hpp"

#include <algorithm>

#include "evclean/valueless.hpp"
#include "table_join.hpp"

namespace evclean {
namespace {

/// A table that is larger is better met in an exchange: every rank would build all of it.
constexpr std::int64_t kMostBytes = 128 << 20;

class LookupOp final : public Op {
 public:
  LookupOp(std::shared_ptr<const Lookup> lookup, const JoinSpec& spec, const Fields& left,
           const std::vector<bool>& empty)
      : lookup_(std::move(lookup)), probe_(*lookup_, spec, left, empty) {}

  const LookupProbe& probe() const { return probe_; }
  bool expands() const override { return true; }
  void apply(Batch&, OpState&) override { fail_bug("a join makes several batches"); }
  void expand(Batch& batch, OpState& state, const std::function<void(Batch&)>& emit) override {
    probe_.run(batch, state.key_texts[static_cast<std::size_t>(step)], emit);
  }

 private:
  std::shared_ptr<const Lookup> lookup_;
  LookupProbe probe_;
};

void add(std::vector<int>& columns, int column) {
  if (std::find(columns.begin(), columns.end(), column) == columns.end()) columns.push_back(column);
}

}  // namespace

bool may_look_up(const JoinStep& join_step) {
  const bool keeps_right = join_step.how == "right" || join_step.how == "full";
  return !keeps_right && (join_step.strategy == "auto" || join_step.strategy == "broadcast");
}

std::int64_t lookup_limit(std::int64_t memory_bytes) { return std::min(kMostBytes, memory_bytes / 8); }

std::shared_ptr<const Lookup> gather_lookup(const JoinStep& join_step, const Dataset& right, const Workspace& workspace,
                                            std::int64_t limit_bytes) {
  if (!may_look_up(join_step) || right.rows() == 0) return nullptr;
  if (right.rows() > limit_bytes / Lookup::kBytesPerRow)
    return nullptr;  // without a look at rows that may be in scratch
  std::vector<int> keys, columns = join_payload(join_step, right.fields());
  for (const auto& [left, right_name] : join_step.on) {
    const int key = right.find(right_name.value);
    if (key < 0) return nullptr;  // the join says so
    keys.push_back(key);
    add(columns, key);
  }
  if (keys.empty()) return nullptr;
  const std::int64_t bytes = Lookup::bytes_of(right, columns, workspace);
  if (bytes > limit_bytes) return nullptr;
  const std::vector<bool> none = columns_without_values(right);
  const bool fits_any =
      std::any_of(keys.begin(), keys.end(), [&](int key) { return none[static_cast<std::size_t>(key)]; });
  if (fits_any) return nullptr;  // the join gives such a key the other side's type
  return std::make_shared<Lookup>(right, columns, keys, bytes, workspace);
}

JoinedColumns compile_lookup(const std::shared_ptr<const Lookup>& lookup, const StepSpec& step, const Fields& left,
                             const std::vector<bool>& empty, const std::string& job_path) {
  const auto& join_step = std::get<JoinStep>(step.body);
  const JoinSpec spec = join_spec(join_step, step, left, lookup->fields(), job_path);
  try {
    auto op = std::make_unique<LookupOp>(lookup, spec, left, empty);
    const Fields& result = op->probe().result();
    JoinedColumns joined;
    joined.added.assign(result.begin() + static_cast<std::ptrdiff_t>(left.size()), result.end());
    for (std::size_t k = 0; k < spec.left_keys.size(); ++k) {
      const std::vector<int>& empties = op->probe().empties();
      if (std::find(empties.begin(), empties.end(), spec.left_keys[k]) == empties.end()) continue;
      const ValueType type = lookup->fields()[static_cast<std::size_t>(spec.right_keys[k])].type;
      joined.empties.emplace_back(spec.left_keys[k], type);
    }
    for (std::size_t c = 0; c < joined.added.size(); ++c)
      joined.added_empty.push_back(lookup->empty()[static_cast<std::size_t>(spec.payload[c])]);
    joined.op = std::move(op);
    return joined;
  } catch (const Error& error) {
    if (error.code() != ExitCode::kUser) throw;
    throw join_error(job_path, step.place, error.what());
  }
}

std::vector<std::string> lookup_notes(const Op& op, const std::vector<std::int64_t>& key_texts) {
  const auto* lookup = dynamic_cast<const LookupOp*>(&op);
  return lookup == nullptr ? std::vector<std::string>() : lookup->probe().notes(key_texts);
}

}  // namespace evclean
