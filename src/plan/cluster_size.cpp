// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "evclean/cluster_plan.hpp"
#include "instance_types.hpp"

namespace evclean {
namespace {

std::vector<std::string> fields_of(std::string_view line) {
  std::vector<std::string> fields;
  for (std::size_t at = 0; at <= line.size();) {
    const std::size_t end = std::min(line.find(',', at), line.size());
    fields.emplace_back(line.substr(at, end - at));
    at = end + 1;
  }
  return fields;
}

double number(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  EVCLEAN_CHECK(error == std::errc() && end == text.data() + text.size(), "instance types: '{}' is no number", text);
  return value;
}

NodeType node_of(std::map<std::string, std::string>& row) {
  NodeType node;
  node.name = row["type"];
  node.vcpus = static_cast<int>(number(row["vcpus"]));
  node.cores = static_cast<int>(number(row["cores"]));
  node.memory_mib = static_cast<std::int64_t>(number(row["memory_mib"]));
  node.network_gbps = number(row["network_gbps"]);
  node.usd_per_hour = number(row["usd_per_hour"]);
  if (row["architecture"] != "x86_64") {
    node.refusal = fmt::format("it has an {} processor; the program is for x86_64", row["architecture"]);
  } else if (row["avx2"] != "yes") {
    node.refusal =
        "its processors have no AVX2, which the program is built for (cmake -DEVCLEAN_ARCH=x86-64-v2 builds without)";
  }
  return node;
}

}  // namespace

std::vector<NodeType> read_node_types(std::string_view csv) {
  std::vector<NodeType> nodes;
  std::vector<std::string> header;
  for (std::size_t at = 0; at < csv.size();) {
    const std::size_t end = std::min(csv.find('\n', at), csv.size());
    const std::string_view line = csv.substr(at, end - at);
    at = end + 1;
    if (line.empty() || line[0] == '#') continue;
    std::vector<std::string> fields = fields_of(line);
    if (header.empty()) {
      header = std::move(fields);
      continue;
    }
    EVCLEAN_CHECK(fields.size() == header.size(), "instance types: {} fields in '{}'", fields.size(), line);
    std::map<std::string, std::string> row;
    for (std::size_t i = 0; i < fields.size(); ++i) row[header[i]] = fields[i];
    nodes.push_back(node_of(row));
  }
  return nodes;
}

std::vector<NodeType> known_node_types() { return read_node_types(kInstanceTypes); }

NodeShare share_node(const NodeType& node, bool hadoop, int ranks) {
  NodeShare share;
  share.kept_mib = std::max<std::int64_t>(1024, node.memory_mib / 10) + (hadoop ? kHadoopMib : 0);
  const std::int64_t free_mib = node.memory_mib - share.kept_mib;
  const std::int64_t most = std::max<std::int64_t>(1, free_mib / (kLeastBudgetMib + kProgramMib));
  share.ranks = ranks > 0 ? ranks : static_cast<int>(std::min<std::int64_t>(node.vcpus, most));
  const std::int64_t each = free_mib / share.ranks - kProgramMib;
  share.budget_mib = std::clamp<std::int64_t>(each / 64 * 64, 64, kMostBudgetMib);
  if (share.ranks * (share.budget_mib + kProgramMib) > node.memory_mib) {
    fail_user("{} ranks do not fit the {} MiB of {}: each needs {} MiB at least", share.ranks, node.memory_mib,
              node.name, 64 + kProgramMib);
  }
  return share;
}

ClusterTime plan_time(const JobSample& sample, const NodeType& node, const NodeShare& share, int nodes) {
  ClusterTime time;
  time.nodes = nodes;
  time.ranks = nodes * share.ranks;
  const double threads = static_cast<double>(node.vcpus) / node.cores;
  const double busy_cores = std::min<double>(node.cores, share.ranks);
  // More ranks than cores share them: two threads of a core do 1.25 times what one does.
  const double gain = share.ranks > node.cores && threads > 1 ? kTwoThreadsGain : 1;
  time.rank_share = busy_cores * gain / share.ranks;
  const double rate = static_cast<double>(sample.text_bytes) / sample.seconds * time.rank_share;
  // Splits are dealt one by one: with 10 splits 8 ranks need two turns.
  const double splits = static_cast<double>(std::max<std::int64_t>(1, sample.splits));
  const double turns = std::ceil(splits / time.ranks) / splits;
  time.cleaning = sample.all_text_bytes() / rate * std::max(turns, 1.0 / time.ranks);
  const double wire = (sample.remote_input ? static_cast<double>(sample.stored_bytes) : 0) +
                      (sample.remote_output ? sample.all_output_bytes() : 0);
  if (node.network_gbps > 0) time.transfer = wire / (nodes * node.network_gbps * 1e9 / 8 * kNetworkShare);
  time.longest_file = sample.decode_seconds * static_cast<double>(sample.longest_stored_bytes) /
                      static_cast<double>(sample.sampled_stored_bytes);
  time.total = kStartSeconds + std::max({time.cleaning, time.transfer, time.longest_file});
  time.usd = nodes * node.usd_per_hour * std::max(time.total, 60.0) / 3600;
  return time;
}

}  // namespace evclean
