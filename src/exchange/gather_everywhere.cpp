// SPDX-License-Identifier: Apache-2.0
#include <map>

#include "evclean/exchange.hpp"

namespace evclean {

std::vector<Batch> gather_everywhere(const Dataset& data, const Workspace& workspace) {
  const std::vector<std::int64_t> mine = data.mine();
  std::map<std::int64_t, std::vector<Batch>> parts;
  std::size_t next = 0;
  const auto produce = [&](Shipper& ship) {
    if (next == mine.size()) return false;
    const std::int64_t part = mine[next++];
    data.visit(part, [&](Batch batch) {
      for (int rank = 0; rank < workspace.comm.size(); ++rank) ship.put(rank, part, batch);
    });
    return next < mine.size();
  };
  exchange(workspace, data.fields(), produce,
           [&](int, std::int64_t part, Batch rows) { parts[part].push_back(std::move(rows)); });
  std::vector<Batch> all;
  for (auto& [part, batches] : parts) {
    for (Batch& batch : batches) all.push_back(std::move(batch));
  }
  return all;
}

}  // namespace evclean
