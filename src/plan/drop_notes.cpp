// SPDX-License-Identifier: Apache-2.0
#include "drop_notes.hpp"

#include "wire.hpp"

namespace evclean {

void DropNotes::note(const Batch& reached, std::int64_t rows, const RowOrigins& origins, SplitRecord& record,
                     RejectStage& rejects) {
  const auto rejected = static_cast<std::int64_t>(record.state.rejects.size());
  record.segments[0].lines += rows;
  record.kept[0] += reached.num_rows;
  record.rejected[0] += rejected;
  record.filtered[0] += rows - reached.num_rows - rejected;
  if (reached.num_rows < rows) {
    std::vector<bool> left(static_cast<std::size_t>(rows), false);
    for (std::int64_t row = 0; row < reached.num_rows; ++row)
      left[static_cast<std::size_t>(RowOrigins::number(reached, row))] = true;
    for (std::int64_t row = 0; row < rows; ++row) {
      if (!left[static_cast<std::size_t>(row)]) ++dropped_[origins.segment(row)].filtered;
    }
  }
  std::map<std::int64_t, std::vector<Reject>> located;
  for (Reject& reject : record.state.rejects) {
    const std::int64_t id = origins.locate(reject, reached.origin.byte_offset);
    --dropped_[id].filtered;
    ++dropped_[id].rejected;
    located[split_of(id)].push_back(std::move(reject));
  }
  for (const auto& [split, found] : located) rejects.put(split, found);
  record.state.rejects.clear();
}

void DropNotes::merge(const Comm& comm, PassResult& result) const {
  Packer out;
  for (const auto& [id, rows] : dropped_) out.put(id).put(rows);
  for (const std::string& packed : comm.all_gather(out.bytes())) {
    for (Unpacker in(packed); !in.empty();) {
      DroppedRows& sum = result.dropped[in.get<std::int64_t>()];
      const auto rows = in.get<DroppedRows>();
      sum.filtered += rows.filtered;
      sum.rejected += rows.rejected;
    }
  }
}

}  // namespace evclean
