// SPDX-License-Identifier: Apache-2.0
#include "ops.hpp"

namespace evclean {
namespace {

class Settle final : public Op {
 public:
  Settle(std::vector<Settlement> settlements, NullWords nulls, TimeZone zone)
      : settlements_(std::move(settlements)), nulls_(std::move(nulls)), zone_(zone) {}

  void apply(Batch& batch, OpState& state) override {
    for (const Settlement& settlement : settlements_) settle(settlement, batch, state);
  }

 private:
  void settle(const Settlement& settlement, Batch& batch, OpState& state) {
    const int at = batch.find(settlement.column);
    EVCLEAN_CHECK(at >= 0, "column '{}' to settle is not there", settlement.column);
    if (!batch.is_raw(at)) return;  // the decoder gave it typed
    Evidence& evidence = state.evidence[static_cast<std::size_t>(settlement.slot)];
    SpanColumn& raw = batch.raw(at);
    if (!raw.nulls_marked) mark_missing(raw, nulls_, evidence);
    if (!settlement.convert || !settlement.infer) return;
    auto array = convert(raw, settlement.type, PlaceOf{&batch}, evidence,
                         state.misfits[static_cast<std::size_t>(settlement.slot)], zone_);
    if (array) batch.columns[static_cast<std::size_t>(at)] = std::move(array);
  }

  std::vector<Settlement> settlements_;
  NullWords nulls_;
  TimeZone zone_;
};

}  // namespace

std::unique_ptr<Op> make_settle_op(std::vector<Settlement> settlements, NullWords nulls, TimeZone zone) {
  return std::make_unique<Settle>(std::move(settlements), std::move(nulls), zone);
}

}  // namespace evclean
