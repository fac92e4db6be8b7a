// SPDX-License-Identifier: Apache-2.0
// New datasets whose rows stay on their ranks: one behind the other, a run of rows, changed batch by batch.
#include <algorithm>

#include "evclean/record_batch.hpp"
#include "evclean/relational.hpp"
#include "row_cursor.hpp"

namespace evclean {

DatasetPtr concatenate(const std::vector<DatasetPtr>& data, const Workspace& workspace) {
  EVCLEAN_CHECK(!data.empty(), "nothing to put together");
  auto result = std::make_shared<Dataset>(data[0]->fields(), workspace);
  workspace.comm.agree([&] {
    std::int64_t before = 0;
    for (const DatasetPtr& next : data) {
      for (RowCursor cursor(*next); !cursor.done();) {
        workspace.pause();
        const std::int64_t part = cursor.part();
        result->append(before + part, cursor.take());
      }
      before += static_cast<std::int64_t>(next->parts().size());
    }
  });
  result->finish();
  return result;
}

DatasetPtr slice_rows(const Dataset& data, std::int64_t first, std::int64_t count, const Workspace& workspace) {
  const std::int64_t left = std::max<std::int64_t>(0, data.rows() - first);
  const std::int64_t last = count < 0 || count > left ? data.rows() : first + count;
  auto result = std::make_shared<Dataset>(data.fields(), workspace);
  workspace.comm.agree([&] {
    for (const std::int64_t part : data.mine()) {
      std::int64_t begin = data.parts()[static_cast<std::size_t>(part)].first_row;
      const std::int64_t end = begin + data.parts()[static_cast<std::size_t>(part)].rows;
      if (end <= first || begin >= last) continue;
      for (std::int64_t i = 0; i < data.batches(part) && begin < last; ++i) {
        workspace.pause();
        const Batch batch = data.batch(part, i);
        const std::int64_t from = std::max(first, begin), to = std::min(last, begin + batch.num_rows);
        if (from < to) result->append(part, slice_batch(batch, from - begin, to - from));
        begin += batch.num_rows;
      }
    }
  });
  result->finish();
  return result;
}

DatasetPtr transform(const Dataset& data, const Fields& fields, const Workspace& workspace,
                     const std::function<Batch(Batch)>& change) {
  auto result = std::make_shared<Dataset>(fields, workspace);
  workspace.comm.agree([&] {
    for (RowCursor cursor(data); !cursor.done();) {
      workspace.pause();
      const std::int64_t part = cursor.part();
      result->append(part, change(cursor.take()));
    }
  });
  result->finish();
  return result;
}

}  // namespace evclean
